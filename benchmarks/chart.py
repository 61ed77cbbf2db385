"""Charts: what an orchestration costs in hubs of different sizes, and what moving these takes of memory."""

from collections.abc import Sequence
from pathlib import Path

import pygal
from pygal.style import Style

from benchmarks.large import HubSize
from benchmarks.move import MovedHub

PLAIN = Style(background="white", plot_background="white", font_family="sans-serif")


def draw(sizes: Sequence[HubSize], contestant: str, file: Path) -> None:
    """Write an SVG: requests and CPU of five cities against the number of ended instances."""
    own = sorted(
        (run for run in sizes if run.contestant == contestant), key=lambda run: run.finished
    )
    chart = pygal.Line(
        title=f"Five cities on {contestant}: the cost of one",
        x_title="ended instances in the hub",
        x_labels=[f"{run.finished:,}" for run in own],
        range=(0, max(_highest(run) for run in own) * 1.1),
        legend_at_bottom=True,
        style=PLAIN,
        js=(),  # it would name a server on the internet
        width=800,
        height=450,
    )
    if any(run.requests for run in own):
        chart.add("requests", [round(run.requests, 2) for run in own])
    for role in ("server", "worker"):
        chart.add(f"CPU of the {role}, ms", [round(run.cpu.get(role, 0), 2) for run in own])
    if any(run.storage_ms for run in own):
        chart.add(
            "Azurite's CPU for each request, ms (right)",
            [round(run.storage_ms, 2) for run in own],
            secondary=True,
        )
    file.write_bytes(chart.render())


def _highest(run: HubSize) -> float:
    return max(run.requests, run.cpu.get("server", 0), run.cpu.get("worker", 0))


def draw_memory(moved: Sequence[MovedHub], contestant: str, file: Path) -> None:
    """Write an SVG: the memory of each command against the size of the hub."""
    own = sorted(moved, key=lambda run: run.instances)
    chart = pygal.Line(
        title=f"Moving a hub to {contestant}: peak memory of each command, MiB",
        x_title="instances in the hub",
        x_labels=[f"{run.instances:,}" for run in own],
        range=(0, max(cost["peak"] for run in own for cost in run.commands.values()) * 1.1),
        legend_at_bottom=True,
        style=PLAIN,
        js=(),
        width=800,
        height=450,
    )
    for command in own[0].commands:
        chart.add(command, [round(run.commands[command]["peak"], 1) for run in own])
    file.write_bytes(chart.render())

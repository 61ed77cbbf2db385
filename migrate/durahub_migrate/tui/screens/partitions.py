"""Queues and leases of a hub: how deep, how old, who holds what."""

from collections.abc import Iterable, Sequence

from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.partitions import Holding, PartitionsView, PartitionView, QueueView
from durahub_migrate.tui import wording
from durahub_migrate.tui.plain import line, visible
from durahub_migrate.tui.screens.page import Page, fill

COLUMNS = ("queue", "lease", "owner", "renewed", "depth", "oldest", "hidden", "notes")
_SIGNS = {
    Holding.HELD: "● held",
    Holding.EXPIRED: "! expired",
    Holding.FREE: "○ free",
    Holding.DRAINING: "↻ draining",
    Holding.FROZEN: "‖ frozen",
}


class Partitions(Page):
    """A look at queues and leases; it is as old as the watch allows, a few seconds."""

    EVERY = 5.0
    CSS = """
    Partitions > #workers { height: auto; max-height: 6; color: $text-muted; }
    """

    def where(self) -> Sequence[str]:
        """Return the title."""
        return (self.key, "partitions")

    def body(self) -> Iterable[Widget]:
        """Return the table, and who works."""
        return (*super().body(), Static(id="workers", markup=False))

    async def load(self) -> str | None:
        """Look, and show it."""
        found, now = await self.hub.partitions(), self.desk.now()
        rows = [_cells(one, now) for one in found.partitions]
        if found.work_items is not None:
            queue = found.work_items
            blank = Text("-", style="dim", end="")
            rows.append((line(queue.name, 40, "bold"), blank, blank, blank, *_queue(queue, now)))
        fill(self.table, rows, COLUMNS)
        self.show_place(f"leases by {visible(found.manager or 'nobody')}, looked at {_at(found)}")
        self.query_one("#workers", Static).update(_below(found, now))
        return None


def _at(found: PartitionsView) -> str:
    return wording.time(found.at)[11:]


def _cells(one: PartitionView, now: Ticks) -> tuple[Text, ...]:
    style = "bold red" if one.holding is Holding.EXPIRED else ""
    notes = [one.why_hot or "hot"] if one.hot else []
    if one.flapping:
        notes.append(f"flapping: {one.changes} changes of owner in an hour")
    if one.next_owner:
        notes.append(f"{one.next_owner} asks for it")
    cells = _queue(one.queue, now, notes)
    return (
        line(one.queue.name, 40, "bold"),
        Text(_SIGNS[one.holding], style=style, end=""),
        line(one.owner, 24),
        Text(wording.age(one.renewed, now), end=""),
        *cells,
    )


def _queue(queue: QueueView, now: Ticks, notes: Sequence[str] = ()) -> tuple[Text, ...]:
    poison = [f"{queue.poison} poison messages"] if queue.poison else []
    return (
        Text(f"{queue.depth:,}", end=""),
        Text(wording.age(queue.oldest, now), end=""),
        Text(f"{queue.hidden:,}", end=""),
        line("; ".join((*poison, *notes)), 120, "yellow"),
    )


def _below(found: PartitionsView, now: Ticks) -> Text:
    told = Text()
    for problem in found.problems:
        told.append(f"! {visible(problem)}\n", style="yellow")
    for worker in found.workers:
        told.append(f"{visible(worker.name)}: {len(worker.partitions)} partitions")
        told.append(", has the app lease" if worker.has_app_lease else "")
        told.append(f", seen {wording.age(worker.seen, now)} ago\n" if worker.seen else "\n")
    if not found.workers:
        told.append("No worker was seen.")
    return told

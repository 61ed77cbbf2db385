"""Results as tables: for a terminal, and as Markdown for RESULTS.md."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import StringIO
from pathlib import Path
from typing import TypeVar

from rich.console import Console

from benchmarks import chart
from benchmarks.contestants import FLOOR
from benchmarks.figures import (
    HEADLINE,
    Spread,
    figures,
    headline_n,
    percentiles,
    ratios,
    spread,
    total,
)
from benchmarks.measuring import Timed
from benchmarks.report_monitor import monitor_sections
from benchmarks.report_monitor_requests import request_sections
from benchmarks.report_monitor_served import served_sections
from benchmarks.report_moves import MOVES, move_sections
from benchmarks.results import Results
from benchmarks.section import Section, number

Key = TypeVar("Key")

WIDE = 500  # characters: no line of a Markdown table may be wrapped
ROLES = ("server", "worker", "storage", "client")


def show(results: Results) -> None:
    """Print everything on stdout; of the figures to reach those that were measured."""
    console = Console()
    if not console.is_terminal:
        console.width = WIDE
    for section in sections(results, measured=True):
        console.print(f"\n[bold]{section.title}[/bold]")
        console.print(section.table(markdown=False))


def write(results: Results, file: Path) -> None:
    """Write *file* in Markdown, and its charts beside it."""
    parts = ["# Results\n", "\n".join(_about(results)), ""]
    for section in sections(results, measured=not results.timed):
        parts += [f"## {section.title}\n", f"{section.text}\n"]
        parts += [_markdown(section)]
        if section.title == LARGE_HUBS:
            parts += list(_charts(results, file))
        if section.title == MOVES:
            parts += list(_move_charts(results, file))
    parts += ["## What went wrong\n", *_list(results.problems())]
    parts += ["## What was left out for want of time\n", *_list(results.left_out)]
    file.write_text("\n".join(parts), "utf-8")


def _about(results: Results) -> Iterator[str]:
    yield "Written by the tool. How to read and repeat it: `docs/performance.md`.\n"
    yield "| | |\n| --- | --- |"
    others = spread(run.others for run in results.timed)
    other_work = (
        {"other work during timed runs": f"median {others.median:.0%}, at most {others.high:.0%}"}
        if others
        else {}
    )
    for name, value in (results.about | other_work).items():
        yield f"| {name} | {value} |"


def _markdown(section: Section) -> str:
    page = StringIO()
    Console(file=page, width=WIDE, color_system=None).print(section.table(markdown=True))
    return "\n".join(line.strip() for line in page.getvalue().strip().splitlines()) + "\n"


def _list(sentences: Sequence[str]) -> list[str]:
    return [*(f"- {sentence}" for sentence in sentences or ["Nothing."]), ""]


def sections(results: Results, *, measured: bool = False) -> Iterator[Section]:
    """Yield what there is to tell; with *measured* only figures that were."""
    reach = _reach(results, measured)
    if reach.rows:
        yield reach
    if [run for run in results.timed if run.scenario == HEADLINE]:
        yield _cities(results)
    if [run for run in results.timed if run.scenario != HEADLINE]:
        yield _others(results)
    if results.counted:
        yield _requests(results)
    if results.sizes:
        yield _large(results)
    if results.scales:
        yield _asleep(results)
    if results.linted:
        yield _lint(results)
    yield from move_sections(results.moved)
    yield from monitor_sections(results.indexes)
    yield from request_sections(results.watched)
    yield from served_sections(results.served)


def _reach(results: Results, measured: bool) -> Section:
    verdict = {True: "yes", False: "**no**", None: "not measured"}
    return Section(
        "Figures to reach",
        "Ratios are of throughput within one turn. "
        "The floor is a real worker behind a backend that does nothing.",
        ("figure", "target", "measured", "spread", "met"),
        [
            (
                figure.what,
                f"{'≥' if figure.at_least else '≤'} {figure.target:g} {figure.unit}",
                number(figure.measured.median) if figure.measured else "",
                _spread(figure.measured),
                verdict[figure.met],
            )
            for figure in figures(results)
            if figure.measured or not measured
        ],
    )


def _cities(results: Results) -> Section:
    timed = [run for run in results.timed if run.scenario == HEADLINE]
    rows = []
    for (n, contestant), runs in _groups(timed, lambda run: (run.n, run.contestant)):
        of_floor = spread(ratios(results.timed, contestant, FLOOR, n))
        rows.append(
            (contestant, str(n), number(of_floor.median) if of_floor else "", *_figures_of(runs))
        )
    return Section(
        "Five cities",
        f"The headline is n = {headline_n(timed)}. Each run begins with empty storage and an empty hub.",
        ("", "n", "× floor", *COLUMNS),
        rows,
    )


COLUMNS = (
    "per second (spread)",
    "idle ms p50 / p90 / p99",
    "loaded ms p50 / p90 / p99",
    "CPU ms server / worker / storage / client",
    "peak MiB server / worker / storage",
)


def _others(results: Results) -> Section:
    timed = [run for run in results.timed if run.scenario != HEADLINE]
    return Section(
        "Other scenarios",
        "Figures are per unit: an activity of a fan-out, an orchestration of a tree, a call, a start, "
        "an instance.",
        ("", "n", "on", *COLUMNS),
        [
            (scenario, str(n), contestant, *_figures_of(runs))
            for (scenario, n, contestant), runs in _groups(
                timed, lambda run: (run.scenario, run.n, run.contestant)
            )
        ],
    )


def _groups(
    runs: Sequence[Timed], key: Callable[[Timed], Key]
) -> Iterable[tuple[Key, Sequence[Timed]]]:
    groups: dict[Key, list[Timed]] = {}
    for run in runs:
        groups.setdefault(key(run), []).append(run)
    return groups.items()


def _figures_of(runs: Sequence[Timed]) -> tuple[str, ...]:
    speed = spread(run.per_second for run in runs)

    def each(of: str) -> list[str]:
        found = []
        for role in ROLES:
            middle = spread(getattr(run, of)[role] for run in runs if role in getattr(run, of))
            found.append(number(middle.median) if middle else "–")
        return found

    return (
        f"{number(speed.median)} ({_spread(speed)})" if speed else "",
        _percentiles([ms for run in runs for ms in run.idle]),
        _percentiles([ms for run in runs for ms in run.loaded]),
        " / ".join(each("cpu")),
        " / ".join(each("peak")[:3]),
    )


def _requests(results: Results) -> Section:
    return Section(
        "Storage requests",
        "Counted at a proxy in front of Azurite, per unit, less what an idle server sends in that time. "
        "Our own counter must say the same.",
        ("", "n", "on", "requests", "by kind", "idle, a second", "own counter agrees"),
        [
            (
                run.scenario,
                str(run.n),
                run.contestant,
                number(total(run)),
                ", ".join(f"{kind} {number(each)}" for kind, each in run.requests.items()),
                ", ".join(f"{kind} {number(each)}" for kind, each in run.idle.items()),
                "yes" if run.agrees else "**no**",
            )
            for run in results.counted
        ],
    )


LARGE_HUBS = "The cost of an orchestration against the size of the hub"


def _large(results: Results) -> Section:
    return Section(
        LARGE_HUBS,
        "Five cities in a hub of ended instances. CPU and requests are less what is used in that time "
        "anyway; Azurite's time for each request is its own matter.",
        (
            "",
            "ended instances",
            "n",
            "requests",
            "CPU ms server",
            "worker",
            "Azurite's CPU ms a request",
        ),
        [
            (
                run.contestant,
                f"{run.finished:,}",
                str(run.n),
                number(run.requests) if run.requests else "–",
                number(run.cpu.get("server", 0)),
                number(run.cpu.get("worker", 0)),
                number(run.storage_ms) if run.storage_ms else "–",
            )
            for run in results.sizes
        ],
    )


def _charts(results: Results, file: Path) -> Iterator[str]:
    for contestant in dict.fromkeys(run.contestant for run in results.sizes):
        if len([run for run in results.sizes if run.contestant == contestant]) > 1:
            name = f"hub-size-{contestant.replace(' ', '-')}.svg"
            chart.draw(results.sizes, contestant, file.with_name(name))
            yield f"![Five cities on {contestant} in hubs of different sizes]({name})\n"


def _move_charts(results: Results, file: Path) -> Iterator[str]:
    for contestant in dict.fromkeys(run.contestant for run in results.moved):
        own = [run for run in results.moved if run.contestant == contestant]
        if len(own) > 2:
            name = f"move-memory-{contestant.replace(' ', '-')}.svg"
            chart.draw_memory(own, contestant, file.with_name(name))
            yield f"![Memory of the commands that move hubs of different sizes to {contestant}]({name})\n"


def _asleep(results: Results) -> Section:
    return Section(
        "A hub with sleeping instances",
        "A server starts on it; then a new orchestration runs, and 100 of those that sleep are woken "
        "by an event.",
        (
            "",
            "ended",
            "asleep",
            "ready after s",
            "first end after s",
            "requests until then",
            "server MiB",
            "peak MiB",
            "woken a second",
        ),
        [
            (
                run.contestant,
                f"{run.finished:,}",
                f"{run.sleeping:,}",
                number(run.ready),
                number(run.first_end),
                str(run.requests or "–"),
                number(run.memory),
                number(run.peak),
                number(run.woken_per_second),
            )
            for run in results.scales
        ],
    )


def _lint(results: Results) -> Section:
    return Section(
        "Linting a hub",
        "All rules, in a process of its own. All instances but one have ended; one in a hundred has an ID "
        "that is too long, three have payloads that are too large: as many as there are were found, or it "
        "is told below. "
        "CPU is that of the process that lints; Azurite has another. Requests are counted at a proxy.",
        (
            "",
            "instances",
            "rows",
            "instances a second",
            "rows a second",
            "CPU s for 1,000 instances",
            "requests",
            "requests for 1,000 rows",
            "findings",
            "peak MiB",
        ),
        [
            (
                run.contestant,
                f"{run.instances:,}",
                f"{run.rows:,}",
                number(run.instances / run.seconds),
                number(run.rows / run.seconds),
                number(run.cpu / run.instances * 1000),
                str(run.requests or "–"),
                number(run.requests_per_1000_rows) if run.requests else "–",
                f"{run.findings:,}",
                number(run.peak),
            )
            for run in results.linted
        ],
    )


def _spread(of: Spread | None) -> str:
    if of is None:
        return ""
    return f"{number(of.low)}–{number(of.high)}, {of.times}×" if of.times > 1 else "once"


def _percentiles(ms: Sequence[float]) -> str:
    found = percentiles(ms)
    return " / ".join(number(each) for each in found) if found else "–"

"""What ``durahub monitor`` costs as a whole, as tables."""

from collections.abc import Iterator, Sequence
from statistics import quantiles

from benchmarks.monitor_served import PAGE, MonitorServed
from benchmarks.section import Section, number

KB = 1000


def served_sections(found: Sequence[MonitorServed]) -> Iterator[Section]:
    """Yield what there is to tell."""
    if not found:
        return
    yield Section(
        "The monitor's process",
        "A hub in a SQLite file is watched by `durahub monitor`: seconds of CPU until every row is in its "
        "index, memory after all of the following. Reading a file takes no request to storage.",
        ("instances", "s of CPU to sweep", "MiB", "MiB at most"),
        [
            (f"{one.instances:,}", number(one.swept), number(one.memory), number(one.peak))
            for one in found
        ],
    )
    yield Section(
        f"Pages of {PAGE} rows over HTTP",
        "From the request to the last byte, by ID, on this machine beside whatever else it did.",
        ("instances", "page", "p50 ms", "p95 ms"),
        [
            (f"{one.instances:,}", place, *_cuts(times))
            for one in found
            for place, times in one.pages.items()
        ],
    )
    yield Section(
        "Screens in Chromium",
        "Requests to the API until a page is whole, their bytes as sent, seconds of the server's CPU, and "
        "elements of the document.",
        ("screen", "instances", "requests", "kB", "s of CPU", "elements"),
        [
            (
                screen["name"],
                f"{one.instances:,}",
                f"{screen['requests']}",
                number(screen["size"] / KB),
                number(screen["cpu"]),
                f"{screen['elements']:,}",
            )
            for one in found
            for screen in one.screens
        ],
    )
    yield Section(
        "Scrolling through the list in Chromium",
        "So many steps of the wheel, each of 600 pixels. Frames are those that `requestAnimationFrame` told "
        "of; a long task holds the page for more than 100 ms.",
        (
            "instances",
            "steps",
            "frames",
            "p50 ms",
            "p95 ms",
            "longest ms",
            "long tasks",
            "elements",
        ),
        [
            (
                f"{one.instances:,}",
                f"{one.scroll['steps']:.0f}",
                f"{one.scroll['frames']:.0f}",
                number(one.scroll["p50"]),
                number(one.scroll["p95"]),
                number(one.scroll["longest"]),
                f"{one.scroll['long tasks']:.0f}",
                f"{one.scroll['elements']:.0f}",
            )
            for one in found
            if one.scroll
        ],
    )
    yield Section(
        "The front end",
        "Gzipped: what `index.html` names, which every page needs, and all scripts and styles.",
        ("part", "kB"),
        [(part, number(size / KB)) for part, size in found[-1].bundle.items()],
    )


def _cuts(times: Sequence[float]) -> tuple[str, str]:
    cuts = quantiles(times, n=100, method="inclusive")
    return number(cuts[49]), number(cuts[94])

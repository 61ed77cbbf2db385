"""What moving hubs costs, as tables."""

from collections.abc import Iterator, Sequence

from benchmarks.move import MovedHub
from benchmarks.section import Section, number

MOVES = "Moving a hub"
MIB = 1_048_576


def move_sections(moved: Sequence[MovedHub]) -> Iterator[Section]:
    """Yield what there is to tell."""
    if not moved:
        return
    yield _commands(moved)
    yield _bundles(moved)
    stored = [run for run in moved if run.requests]
    if stored:
        yield _requests(stored)
    replayed = [run for run in moved if run.calls]
    if replayed:
        yield _replays(replayed)


def _commands(moved: Sequence[MovedHub]) -> Section:
    return Section(
        MOVES,
        "From a SQLite file, each command in a process of its own, its start included, which alone takes "
        "about a second. Half of the instances have ended; what is moved to `sdk-memory`, an endpoint, has "
        "not. *Peak* is the most memory that the process has had, *written* what it gave to the system to "
        "be written. Requests are counted at a proxy in front of Azurite. Every command had to tell as many "
        "instances, events and messages as the hub was filled with.",
        (
            "to",
            "instances",
            "events",
            "command",
            "seconds",
            "instances a second",
            "events a second",
            "CPU s for 1,000 instances",
            "peak MiB",
            "KiB written for each instance",
            "requests",
            "requests for 1,000 instances",
        ),
        [
            (
                run.contestant,
                f"{run.instances:,}",
                f"{run.events:,}",
                command,
                number(cost["seconds"]),
                number(run.instances / cost["seconds"]),
                number(run.events / cost["seconds"]),
                number(cost["cpu"] / run.instances * 1000),
                number(cost["peak"]),
                number(cost["written"] / run.instances / 1024),
                f"{cost['requests']:,.0f}" if cost["requests"] else "–",
                number(cost["requests"] / run.instances * 1000) if cost["requests"] else "–",
            )
            for run in moved
            for command, cost in run.commands.items()
        ],
    )


def _bundles(moved: Sequence[MovedHub]) -> Section:
    return Section(
        "Bundles",
        "Bytes of all files of a bundle, without its index, which can be made again. One in 2,000 instances "
        "of those that are moved to a store has an input of 1.2 MB, half of which is left when compressed.",
        (
            "instances",
            "events",
            "MiB",
            "bytes for each instance",
            "bytes for each event",
            "index, bytes for each instance",
        ),
        [
            (
                f"{run.instances:,}",
                f"{run.events:,}",
                number(run.bundle / MIB),
                number(run.bundle / run.instances),
                number(run.bundle / run.events),
                number(run.index / run.instances),
            )
            for run in moved
        ],
    )


def _requests(moved: Sequence[MovedHub]) -> Section:
    return Section(
        "Storage requests of a move to Azure Storage",
        "Counted at the proxy, by kind.",
        ("instances", "command", "requests for each instance", "by kind"),
        [
            (
                f"{run.instances:,}",
                command,
                number(sum(kinds.values()) / run.instances),
                _listed(kinds),
            )
            for run in moved
            for command, kinds in run.requests.items()
        ],
    )


def _replays(moved: Sequence[MovedHub]) -> Section:
    return Section(
        "Ghost replay",
        "Calls and actions as the endpoint has counted them, from the beginning of `durahub apply` to its "
        "end. What the plan says that it costs in actions has to be what was seen, or it is told below.",
        (
            "instances",
            "calls for each instance",
            "calls",
            "actions planned",
            "actions seen",
            "of which",
        ),
        [
            (
                f"{run.instances:,}",
                number(sum(run.calls.values()) / run.instances),
                _listed(run.calls),
                f"{run.planned:,}",
                f"{sum(run.actions.values()):,}",
                _listed(run.actions),
            )
            for run in moved
        ],
    )


def _listed(counts: dict[str, int]) -> str:
    by_count = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count:,}" for name, count in by_count)

"""What watching costs storage, as tables."""

from collections.abc import Iterator, Sequence

from benchmarks.monitor_requests import DETAIL, SWEEP, Look, MonitorRequests
from benchmarks.section import Section, number

KB = 1000


def request_sections(found: Sequence[MonitorRequests]) -> Iterator[Section]:
    """Yield what there is to tell."""
    for one in found:
        looks = [Look(**each) for each in one.looks]
        if one.figure == SWEEP:
            yield _sweep(one.size, looks)
        elif one.figure == DETAIL:
            yield _detail(one.size, looks)
        else:
            yield _screens(one.size, looks)


def _sweep(size: int, looks: Sequence[Look]) -> Section:
    return Section(
        f"Requests to sweep a hub of {size:,} instances",
        "A hub in Azurite, counted by the hub's budget and at a proxy before Azurite; were the two not the "
        "same, it would be told below. Storage answers with 1,000 rows at most, hence *at least*. A look for "
        "changes is one question; where storage looks through a large table for it, the service may answer "
        "in several pages, which Azurite does not.",
        ("look", "requests", "at least"),
        [
            (one.what, f"{one.requests}", "" if one.least is None else f"{one.least}")
            for one in looks
        ],
    )


def _detail(size: int, looks: Sequence[Look]) -> Section:
    return Section(
        f"The page of an instance whose history has {size:,} events",
        "The instance, the first 200 events of its history, and its timeline: requests to Azurite, what it "
        "answered with headers, and the JSON for the browser before it is packed. Storage has no answer with "
        "more than 1,000 rows of a history.",
        ("look", "requests", "kB from storage", "kB of JSON"),
        [
            (one.what, f"{one.requests}", number(one.received / KB), number(one.answered / KB))
            for one in looks
        ],
    )


def _screens(size: int, looks: Sequence[Look]) -> Section:
    return Section(
        "Requests to storage for each screen",
        f"Of a hub of four partitions in Azurite with {size} instances that run, each with a history of 12 "
        "events, and as many that have ended; nobody serves it. What a screen asks the API for first, after "
        "the hub was swept; with the first instance what acting needs is opened once. Screens that "
        "show queues and leases share a look at them for 5 seconds; here each has its own. For its size "
        "up to 200 instances of a hub are read once an hour.",
        ("screen", "requests", "kB from storage", "kB of JSON"),
        [
            (one.what, f"{one.requests}", number(one.received / KB), number(one.answered / KB))
            for one in looks
        ],
    )

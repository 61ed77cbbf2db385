"""What the index knows, as looks need it: every answer is from it alone and costs no request."""

from collections.abc import Iterator

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.health.look import Sums
from durahub_migrate.monitor.health.measures import GROWTH_DAYS, Known
from durahub_migrate.monitor.querying import parse
from durahub_migrate.monitor.row import Row, Sort
from durahub_migrate.monitor.seam import Index
from durahub_migrate.watching.keeping import HubIndex, PartitionSum

PAGE = 500


def active(index: Index, now: Ticks, *, most: int | None = None) -> Iterator[Row]:
    """Yield the rows of what has not ended, those that changed longest ago first; *most* of them."""
    return _rows(index, "is:active", now, Sort("updated", descending=False), most)


def everything(index: Index, now: Ticks, *, most: int | None = None) -> Iterator[Row]:
    """Yield rows in the order of their IDs, which says nothing of their age or size."""
    return _rows(index, "", now, Sort("id", descending=False), most)


def sums(index: HubIndex, partitions: int) -> dict[int, Sums]:
    """Return how many instances and bytes each partition has, and how many of them have not ended."""
    found = index.partitions()
    return {
        number: Sums(instances=one.instances, running=one.running, bytes=one.bytes)
        for number in range(partitions)
        for one in [found.get(number, PartitionSum(instances=0, running=0, bytes=0))]
    }


def known(index: Index, now: Ticks) -> Known:
    """Return what is known of all instances together."""
    names = index.names(parse("", now))
    return Known(
        names={name or "": sum(counts.values()) for name, counts in names.items()},
        entities=sum(index.counts(parse("kind:entity", now)).values()),
        recent=sum(index.counts(parse(f"age<{GROWTH_DAYS}d", now)).values()),
    )


def _rows(index: Index, text: str, now: Ticks, sort: Sort, most: int | None) -> Iterator[Row]:
    query = parse(text, now)
    after: str | None = None
    left = most
    while left is None or left > 0:
        count = PAGE if left is None else min(PAGE, left)
        page = index.page(query, sort, count=count, after=after)
        yield from page.rows
        after = page.after
        if after is None:
            return
        if left is not None:
            left -= len(page.rows)

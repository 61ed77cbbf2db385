"""Counts a job: which instances it is about, from now on, and what it would do to them."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

from durahub.errors import DurahubError, InstanceNotFound, Refused
from durahub_migrate.acting.actor import JobActor
from durahub_migrate.acting.jobs.book import JobBook
from durahub_migrate.acting.jobs.items import Item, State, item_of
from durahub_migrate.acting.jobs.job_rows import Job
from durahub_migrate.monitor.actions import Command, Cost, JobRequest
from durahub_migrate.monitor.query import Query
from durahub_migrate.monitor.querying import matches
from durahub_migrate.monitor.row import Row, Sort
from durahub_migrate.monitor.seam import Index

PAGE = 1000  # rows of the index that are read at a time, and items that are written at a time
MEASURED = 100
"""Instances of which it is measured what the action takes; of more that is an estimate."""
EXAMPLES = 5

Found = Callable[[Query], AsyncIterator[Row]]
"""Yields the instances that a query finds."""


async def of_index(index: Index, query: Query) -> AsyncIterator[Row]:
    """Yield what a query finds in the index, by ID; it costs no request."""
    after: str | None = None
    while True:
        page = index.page(query, Sort("id", descending=False), count=PAGE, after=after)
        for row in page.rows:
            yield row
        after = page.after
        if after is None:
            return
        await asyncio.sleep(0)  # others have their turn between two pages


async def of_scan(actor: JobActor, query: Query) -> AsyncIterator[Row]:
    """Yield what a query finds in the hub itself, where there is no index: all of it is read."""
    async for row in actor.scan():
        if matches(query, row):
            yield row


class TooMany(Exception):
    """A job finds more instances than it may act on."""

    def __init__(self, most: int) -> None:
        super().__init__(f"it finds more than {most:,} instances, and no more were allowed")


async def count(book: JobBook, job: Job, actor: JobActor, found: Found, query: Query) -> Cost:
    """Write the instances of a job into the book, and return what it would do. Raises `TooMany`.

    Those with which the action would do nothing are written as skipped, with the reason.
    """
    request = job.request
    items: list[Item] = []
    seq = wanted = 0
    book.put_items(job.number, (), anew=True)
    async for row in found(query):
        item = item_of(seq, row, request.command, actor.offers)
        seq += 1
        wanted += item.state is State.WAITING
        if request.most is not None and wanted > request.most:
            raise TooMany(request.most)
        items.append(item)
        if len(items) >= PAGE:
            book.put_items(job.number, items)
            items = []
    book.put_items(job.number, items)
    return await measure(book, job.number, request, actor)


async def measure(book: JobBook, number: int, request: JobRequest, actor: JobActor) -> Cost:
    """Return what a job would do, of `MEASURED` instances at most by looking at each."""
    waiting = book.counts(number).get(State.WAITING, 0)
    sample = book.items(number, State.WAITING, count=MEASURED)
    costs: list[Cost] = []
    for item in sample:
        with contextlib.suppress(Refused, InstanceNotFound):  # it has changed, and will be skipped
            costs.append(await actor.cost(of_item(request.command, item)))
    total = summed(costs)
    if len(sample) < waiting:
        total = scaled(total, waiting / max(1, len(sample)))
    examples = tuple(item.instance_id for item in sample[:EXAMPLES])
    return replace(total, skipped=book.reasons(number), examples=examples)


def of_item(command: Command, item: Item) -> Command:
    """Return a job's command for one of its instances."""
    return replace(command, target=item.instance_id)


def summed(costs: list[Cost]) -> Cost:
    """Return what several actions would do together."""
    reruns = [one for cost in costs for one in cost.reruns]
    children = dict.fromkeys(one for cost in costs for one in cost.children)
    return Cost(
        instances=sum(one.instances for one in costs),
        rows=sum(one.rows for one in costs),
        blobs=sum(one.blobs for one in costs),
        bytes=sum(one.bytes for one in costs),
        requests=sum(one.requests for one in costs),
        exact=all(one.exact for one in costs),
        reruns=tuple(dict.fromkeys(reruns))[:MEASURED],
        children=tuple(children)[:MEASURED],
    )


def scaled(cost: Cost, factor: float) -> Cost:
    """Return what so many times as many instances would take, about."""
    return replace(
        cost,
        instances=round(cost.instances * factor),
        rows=round(cost.rows * factor),
        blobs=round(cost.blobs * factor),
        bytes=round(cost.bytes * factor),
        requests=round(cost.requests * factor),
        exact=False,
    )


def told(error: BaseException) -> str:
    """Return an error as a book keeps it: no payload is in it."""
    return str(error) if isinstance(error, DurahubError | TooMany) else type(error).__name__

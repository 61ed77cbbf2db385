"""``durahub instance list`` and ``durahub entity list``: what a query finds, printed as it is found."""

from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from contextlib import aclosing
from datetime import datetime

import click

from durahub.cli.access import access_of_environment
from durahub.cli.opening import run
from durahub.cli.output import print_json, print_rows, say
from durahub.dispatch.clock import system_clock
from durahub.errors import BadRequest
from durahub.model.history import Status
from durahub.model.ticks import Ticks, from_datetime, to_text
from durahub_migrate.cli.hub_opening import keyed, place_of
from durahub_migrate.cli.instance_json import listed_json, row_json
from durahub_migrate.cli.listing import Listed, Wanted, found, kinds_of
from durahub_migrate.monitor.exporting.columns import Column, chosen
from durahub_migrate.monitor.exporting.columns import Kind as Values
from durahub_migrate.monitor.exporting.comma_separated import comma_separated
from durahub_migrate.monitor.exporting.json_lines import json_lines
from durahub_migrate.monitor.querying import parse
from durahub_migrate.monitor.querying.fields import field_of
from durahub_migrate.monitor.querying.ordering import in_order, told
from durahub_migrate.monitor.row import Kind, Row, Sort

SHORT = 60  # characters of a custom status in a table
BATCH = 1_000  # instances that are printed together; a long list is not held in memory
SHOWN = ("instanceId", "name", "status", "created", "updated", "customStatus")
EXPORTED = (
    *("hub", "instanceId", "kind", "name", "version", "status", "created", "updated"),
    *("completed", "scheduledStart", "executionId", "generation", "tags", "customStatus"),
)
"""Columns of a file unless others are chosen: what rows tell without their payloads."""
_TITLES = {
    "instanceId": "instance",
    "updated": "last updated",
    "customStatus": "custom status",
    "scheduledStart": "scheduled start",
    "executionId": "execution",
    "parentId": "parent",
    "lockedBy": "locked by",
}
_FIELDS = {"parentId": "parent", "bytes": "size", "partition": "partition"}
_IN_PAYLOADS = frozenset({"input", "output"})


class Listing:
    """How a list is shown."""

    def __init__(
        self, form: str, columns: str | None, sort: str | None, limit: int, *, counts: bool
    ) -> None:
        self.form = "text" if form == "table" else form
        self.counts = counts
        self.limit = limit
        self.sort = sort_of(sort) if sort else None
        self.named = columns is not None
        names = [one.strip() for one in columns.split(",")] if columns is not None else None
        default = EXPORTED if self.form in ("csv", "jsonl") else SHOWN
        self.columns = chosen(names if names is not None else default)
        self._printed = 0

    @property
    def whole(self) -> bool:
        """Whether texts are shown whole."""
        return self.form == "json" and not self.named and not self.counts

    @property
    def fields(self) -> frozenset[str]:
        """The fields of the query language that are shown or sorted by."""
        if self.counts:
            return frozenset()
        shown = {_FIELDS.get(one.name, one.name) for one in self.columns if self.named}
        return frozenset(shown | ({self.sort.field} if self.sort is not None else set()))

    def page(self, text: str) -> int:
        """Return how many rows are read at a time for a query: no more than are shown, if all are."""
        is_all = not text.strip() and self.sort is None and not self.counts
        return min(self.limit, BATCH) if is_all else BATCH

    def print(self, batch: Sequence[Listed]) -> None:
        """Print some instances."""
        rows = [one.row for one in batch]
        match self.form:
            case "json" if not self.named:
                for one in batch:
                    print_json(listed_json(one))
            case "json":
                names = [column.name for column in self.columns]
                for row in rows:
                    found = row_json(row)
                    print_json({name: found[name] for name in names})
            case "csv":
                self._write(comma_separated(rows, self.columns, header=not self._printed))
            case "jsonl":
                self._write(json_lines(rows, self.columns))
            case _ if rows:
                print_rows(
                    [_TITLES.get(one.name, one.name) for one in self.columns],
                    [[_cell(row, column) for column in self.columns] for row in rows],
                )
        self._printed += len(batch)

    def _write(self, pieces: Iterable[bytes]) -> None:
        for piece in pieces:
            click.echo(piece.decode("utf-8", "replace"), nl=False)

    def print_counts(self, counts: Counter[str]) -> None:
        """Print how many there are, by status."""
        total = sum(counts.values())
        if self.form in ("json", "jsonl"):
            print_json({"total": total, "statuses": dict(sorted(counts.items()))})
            return
        if self.form == "csv":
            click.echo("status,count")
            for status, number in sorted(counts.items()):
                click.echo(f"{status},{number}")
            return
        print_rows(("status", "instances"), [*sorted(counts.items()), ("total", total)])


def sort_of(text: str) -> Sort:
    """Return the order that ``-created`` names. Raises `BadRequest`."""
    name = text.removeprefix("-")
    if field_of(name) is None:
        raise BadRequest(f"there is no field {name[:40]!r} to sort by")
    sort = Sort(name, text.startswith("-"))
    told(sort)
    return sort


def list_instances(
    addresses: tuple[str | None, ...],
    text: str,
    listing: Listing,
    *,
    statuses: tuple[str, ...] = (),
    prefix: str = "",
    created_from: datetime | None = None,
    created_to: datetime | None = None,
    entities: bool = False,
) -> int:
    """List what is wanted of the hubs at these addresses; return how many were shown or counted."""
    query = parse(text, system_clock())
    wanted = Wanted(
        query=query,
        statuses=frozenset(Status[name].name for name in statuses),
        prefix=prefix,
        created_from=from_datetime(created_from) if created_from is not None else None,
        created_to=from_datetime(created_to) if created_to is not None else None,
        kinds=frozenset({Kind.ENTITY}) if entities else kinds_of(query),
        whole=listing.whole,
        fields=listing.fields,
        page=listing.page(text),
    )

    async def working() -> int:
        async with aclosing(_of_all(addresses, wanted)) as all_of_them:
            if listing.counts:
                return await _counted(all_of_them, listing)
            if listing.sort is not None:
                return await _sorted(all_of_them, listing, listing.sort, query.now)
            return await streamed(all_of_them, listing)

    return run(working())


async def _of_all(
    addresses: tuple[str | None, ...], wanted: Wanted
) -> AsyncGenerator[Listed, None]:
    for address in addresses or (None,):
        place = place_of(address)
        async with aclosing(found(place, keyed(place, access_of_environment()), wanted)) as some:
            async for one in some:
                yield one


async def _counted(some: AsyncIterator[Listed], listing: Listing) -> int:
    counts: Counter[str] = Counter()
    async for one in some:
        counts[one.row.status] += 1
    listing.print_counts(counts)
    return sum(counts.values())


async def streamed(some: AsyncIterator[Listed], listing: Listing) -> int:
    """Print instances as they are found, up to the limit."""
    batch: list[Listed] = []
    shown, more = 0, False
    async for one in some:
        if shown + len(batch) == listing.limit:
            more = True
            break
        batch.append(one)
        if len(batch) == BATCH:
            listing.print(batch)
            shown, batch = shown + len(batch), []
    if batch or not shown:
        listing.print(batch)
    shown += len(batch)
    _say_bounds(shown, more, listing)
    return shown


async def _sorted(some: AsyncIterator[Listed], listing: Listing, sort: Sort, now: Ticks) -> int:
    """Print the first instances in an order; no more than twice as many are held in memory."""
    kept: list[Listed] = []
    more = False
    async for one in some:
        kept.append(one)
        if len(kept) >= 2 * listing.limit + BATCH:
            kept, more = _first(kept, listing.limit, sort, now), True
    more = more or len(kept) > listing.limit
    kept = _first(kept, listing.limit, sort, now)
    for start in range(0, len(kept), BATCH) or (0,):
        listing.print(kept[start : start + BATCH])
    _say_bounds(len(kept), more, listing)
    return len(kept)


def _first(some: list[Listed], limit: int, sort: Sort, now: Ticks) -> list[Listed]:
    by_row = {id(one.row): one for one in some}
    return [by_row[id(row)] for row in in_order([one.row for one in some], sort, now)[:limit]]


def _say_bounds(shown: int, more: bool, listing: Listing) -> None:
    if not shown:
        say("no instances")
    elif more:
        say(f"the first {listing.limit}; more with --limit")


def _cell(row: Row, column: Column) -> str | int | None:
    value = column.value(row)
    if value is None or value == "":
        return "" if column.name == "customStatus" else None
    if column.kind is Values.TIME:
        return to_text(Ticks(int(value)))
    is_long = column.name in ("customStatus", *_IN_PAYLOADS)
    return str(value)[:SHORT] if is_long else value

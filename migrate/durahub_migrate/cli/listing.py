"""Finds instances without an index: storage filters what it can, the rest is judged row by row."""

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from durahub.address import HubAddress
from durahub.classic.routing import control_index
from durahub.cli.output import warn
from durahub.errors import NotInRows
from durahub.model.history import Status
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks
from durahub.store import HubStore, InstanceQuery
from durahub_migrate.acting.rows import row_of
from durahub_migrate.cli.hub_opening import operations_of, watched
from durahub_migrate.monitor.hub import StoreKind
from durahub_migrate.monitor.query import AllOf, Condition, Node, Not, OneOf, Query
from durahub_migrate.monitor.querying import matches, narrow
from durahub_migrate.monitor.querying.narrowing import Narrowed
from durahub_migrate.monitor.row import HEAD, Kind, Row
from durahub_migrate.moving.place import Place
from durahub_migrate.watching.addressing import hub_kind
from durahub_migrate.watching.watched_hub import WatchedHub

PAGE = 1_000
_IN_PAYLOADS = frozenset({"input", "output", "error", "text"})
_OF_ENTITIES = frozenset({"entity", "locked"})
_NAMES = {
    StoreKind.CLASSIC: "a hub in Azure Storage",
    StoreKind.SCHEDULER: "a hub in a file",
    StoreKind.ENDPOINT: "a hub behind an endpoint",
    StoreKind.BUNDLE: "a hub bundle",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which instances are looked for: those of a query, and what options say besides.

    *created_from* and *created_to* are inclusive. *kinds* are those that may be meant. With *whole* the
    texts of each are read whole; *fields* are those that somebody shows or sorts by.
    """

    query: Query
    statuses: frozenset[str] = frozenset()
    prefix: str = ""
    created_from: Ticks | None = None
    created_to: Ticks | None = None
    kinds: frozenset[Kind] = frozenset({Kind.ORCHESTRATION})
    whole: bool = False
    fields: frozenset[str] = frozenset()
    page: int = PAGE  # rows of a request

    def wants(self, row: Row) -> bool:
        """Tell whether *row* is one of them."""
        return (
            row.kind in self.kinds
            and (not self.statuses or row.status in self.statuses)
            and row.instance_id.startswith(self.prefix)
            and (self.created_from is None or (row.created or 0) >= self.created_from)
            and (self.created_to is None or (row.created or 0) <= self.created_to)
            and matches(self.query, row)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An instance that was found; its texts are whole where that was asked for."""

    row: Row
    input: str | None = None
    output: str | None = None
    custom_status: str | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """The fields that a query has conditions on, and the words of ``is``."""

    fields: frozenset[str] = field(default_factory=frozenset)
    words: frozenset[str] = field(default_factory=frozenset)


def kinds_of(query: Query) -> frozenset[Kind]:
    """Return what a list of instances shows: entities only where the query itself speaks of them."""
    asked = _asked(query.node)
    if "kind" in asked.fields or asked.words & _OF_ENTITIES:
        return frozenset(Kind)
    return frozenset({Kind.ORCHESTRATION})


def check_rows_tell(wanted: Wanted, kind: StoreKind) -> None:
    """Raise `NotInRows` if rows in such a store do not tell what is asked for."""
    asked = _asked(wanted.query.node)
    fields = asked.fields | wanted.fields
    store = _NAMES[kind]
    if kind is StoreKind.CLASSIC:
        words = sorted(asked.words & {"child", "root"})
        if "parent" in fields or words:
            raise NotInRows(
                "parent" if "parent" in fields else f"is:{words[0]}",
                store,
                "whose child an instance is stands in histories, and only rows are read",
            )
    elif "partition" in fields:
        raise NotInRows("partition", store, "it has no partitions")
    if "size" in fields and kind is not StoreKind.BUNDLE:
        raise NotInRows("size", store, "what an instance takes has not been measured")


def _asked(node: Node) -> _Asked:
    conditions = tuple(_conditions(node))
    return _Asked(
        frozenset(one.field for one in conditions),
        frozenset(str(word) for one in conditions if one.field == "is" for word in one.operands),
    )


def _conditions(node: Node) -> Iterator[Condition]:
    match node:
        case Condition():
            yield node
        case Not(part):
            yield from _conditions(part)
        case AllOf(parts) | OneOf(parts):
            for part in parts:
                yield from _conditions(part)


async def found(place: Place, key: str, wanted: Wanted) -> AsyncGenerator[Listed, None]:
    """Yield the instances of a hub called *key*, in storage's order. Raises `NotInRows`, `HubNotFound`."""
    kind = hub_kind(place)
    check_rows_tell(wanted, kind)
    way = (
        _stored(place, key, wanted)
        if kind is StoreKind.CLASSIC and isinstance(place, HubAddress)
        else _looked_at(place, wanted)
    )
    async with aclosing(way) as some:  # who stops early leaves nothing open
        async for one in some:
            yield one


async def _stored(place: HubAddress, key: str, wanted: Wanted) -> AsyncGenerator[Listed, None]:
    """Yield those of a hub in Azure Storage, which filters by status, creation and how IDs begin."""
    asked = _asked(wanted.query.node)
    fields = asked.fields | wanted.fields
    payloads = wanted.whole or bool(fields & _IN_PAYLOADS)
    narrowed = narrow(wanted.query)
    async with operations_of(place) as operations:
        partition_of = await _partitions(operations.store) if "partition" in fields else _unknown
        for kind in sorted(wanted.kinds, key=lambda one: one is Kind.ENTITY):
            query = store_query(wanted, narrowed, entities=kind is Kind.ENTITY, payloads=payloads)
            while query is not None:
                page = await operations.store.query(query)
                for instance in page.instances:
                    row = _row(key, instance, partition_of(instance.instance_id))
                    if wanted.wants(row):
                        yield Listed(
                            row=row,
                            input=instance.input,
                            output=instance.output,
                            custom_status=instance.custom_status,
                        )
                query = replace(query, token=page.token) if page.token is not None else None


def _unknown(_: str) -> int | None:
    return None


async def _partitions(store: HubStore) -> Callable[[str], int | None]:
    info = await store.info()
    return lambda instance_id: control_index(instance_id, info.partitions)


def _row(key: str, instance: Instance, partition: int | None) -> Row:
    row = row_of(key, instance)
    output, input_ = instance.output, instance.input
    return replace(
        row,
        output=output[:HEAD] if output is not None else None,
        input=input_[:HEAD] if input_ is not None and row.kind is not Kind.ENTITY else None,
        partition=partition,
    )


def store_query(
    wanted: Wanted, narrowed: Narrowed, *, entities: bool, payloads: bool
) -> InstanceQuery | None:
    """Return what storage itself can filter; ``None`` if nothing there can be meant."""
    statuses = narrowed.statuses
    if wanted.statuses:
        statuses = wanted.statuses if statuses is None else statuses & wanted.statuses
    if statuses is not None and not statuses:
        return None
    prefix, other = sorted((wanted.prefix, narrowed.id_prefix), key=len, reverse=True)
    if not prefix.startswith(other):
        return None
    starts = [one for one in (wanted.created_from, narrowed.created_from) if one is not None]
    ends = [wanted.created_to] if wanted.created_to is not None else []
    if narrowed.created_before is not None:
        ends.append(Ticks(narrowed.created_before - 1))
    return InstanceQuery(
        statuses=frozenset(Status[one] for one in statuses or ()),
        created_from=max(starts, default=None),
        created_to=min(ends, default=None),
        prefix=prefix,
        entities=entities,
        payloads=payloads,
        page_size=wanted.page,
    )


async def _looked_at(place: Place, wanted: Wanted) -> AsyncGenerator[Listed, None]:
    """Yield those of any other hub, all rows of which are read; whole texts one by one."""
    async with watched(place, inputs=True) as hub:
        position: str | None = None
        while True:
            read = await hub.rows.page(position)
            warn(read.unread)
            for row in read.rows:
                if wanted.wants(row):
                    yield await _whole(hub, row) if wanted.whole else Listed(row=row)
            position = read.position
            if position is None:
                return


async def _whole(hub: WatchedHub, row: Row) -> Listed:
    detail = await hub.detail(row.instance_id)
    if detail is None:  # it was deleted meanwhile
        return Listed(row=row)
    return Listed(
        row=row,
        input=detail.input,
        output=detail.output,
        custom_status=detail.custom_status,
    )

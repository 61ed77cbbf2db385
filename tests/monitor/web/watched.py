"""Hubs in memory, for tests of what stands before them: every question is answered from given values."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from durahub.errors import HubNotFound, InstanceNotFound
from durahub.model.ticks import Ticks, from_unix
from durahub_migrate.monitor.actions import Command, Cost, Done, Possible, Verb
from durahub_migrate.monitor.histories import FamilyNode
from durahub_migrate.monitor.hub import (
    BudgetStanding,
    Freshness,
    Health,
    HubRef,
    HubStanding,
    StoreKind,
)
from durahub_migrate.monitor.partitions import (
    BlobView,
    MessageView,
    PartitionsView,
    StorageView,
)
from durahub_migrate.monitor.query import Query
from durahub_migrate.monitor.querying import matches
from durahub_migrate.monitor.row import Row, RowPage, Sort
from durahub_migrate.monitor.seam import Bucket, Detail, HubWatch, Index, LiveHistory
from durahub_migrate.monitor.waiting import Explanation, Reason, Stuck

NOW = from_unix(1_795_000_000)
SECRET = "4711-card-number"
"""Stands in every payload of the hubs below, and nowhere else."""


def row(hub: str, instance_id: str, **more: Any) -> Row:
    """Return a row with a payload."""
    given = {
        "name": "Order",
        "status": "Running",
        "created": NOW,
        "custom_status": f'"{SECRET}"',
        "output": f'"{SECRET}"',
        "input": f'"{SECRET}"',
    }
    return Row(hub=hub, instance_id=instance_id, **{**given, **more})


class RowsIndex:
    """An index over a list."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = list(rows)

    def _found(self, query: Query) -> list[Row]:
        return [one for one in self.rows if matches(query, one)]

    def page(
        self, query: Query, sort: Sort, *, count: int, after: str | None = None, total: bool = False
    ) -> RowPage:
        found = self._found(query)
        start = int(after or 0)
        end = start + count
        rows = tuple(found[start:end])
        return RowPage(rows, str(end) if end < len(found) else None, len(found) if total else None)

    def counts(self, query: Query) -> dict[str, int]:
        return dict(Counter(one.status for one in self._found(query)))

    def names(self, query: Query) -> dict[str, dict[str, int]]:
        names: dict[str, dict[str, int]] = {}
        for one in self._found(query):
            by_status = names.setdefault(one.name or "", {})
            by_status[one.status] = by_status.get(one.status, 0) + 1
        return names

    def histogram(self, query: Query, buckets: int) -> tuple[Bucket, ...]:
        return (Bucket(start=NOW, counts=self.counts(query)),)

    def ids(self, prefix: str, count: int = 20) -> tuple[str, ...]:
        return tuple(one.instance_id for one in self.rows if one.instance_id.startswith(prefix))


@dataclass
class MemoryHub:
    """A hub of given rows."""

    ref: HubRef
    index: RowsIndex
    detail_of: dict[str, Detail] = field(default_factory=dict)
    histories: dict[str, LiveHistory] = field(default_factory=dict)
    whole: dict[tuple[str, int, str], str] = field(default_factory=dict)
    done: list[Command] = field(default_factory=list)
    refreshed: int = 0
    problem: Exception | None = None
    changed: asyncio.Queue[frozenset[str]] = field(default_factory=asyncio.Queue)
    listeners: int = 0
    health: Health = Health.WATCHED
    complete: Ticks | None = NOW

    def standing(self) -> HubStanding:
        return HubStanding(
            ref=self.ref,
            health=self.health,
            freshness=Freshness(complete=self.complete, rows=len(self.index.rows)),
            budget=BudgetStanding(allowed=20.0),
            counts=Counter(one.status for one in self.index.rows),
            can=frozenset({"act", "history"}),
        )

    async def refresh(self) -> None:
        if self.problem is not None:
            raise self.problem
        self.refreshed += 1

    async def changes(self) -> AsyncIterator[frozenset[str]]:
        self.listeners += 1
        try:
            while True:
                yield await self.changed.get()
        finally:
            self.listeners -= 1

    def _row(self, instance_id: str) -> Row:
        for one in self.index.rows:
            if one.instance_id == instance_id:
                return one
        raise InstanceNotFound(instance_id)

    async def detail(self, instance_id: str) -> Detail | None:
        if self.problem is not None:
            raise self.problem
        if instance_id in self.detail_of:
            return self.detail_of[instance_id]
        found = [one for one in self.index.rows if one.instance_id == instance_id]
        if not found:
            return None
        one = found[0]
        return Detail(
            row=one,
            input=one.input,
            output=one.output,
            custom_status=one.custom_status,
            failure=f"Charge failed: {SECRET}",
            state=f'{{"card": "{SECRET}"}}',
        )

    async def history(self, instance_id: str) -> LiveHistory:
        self._row(instance_id)
        return self.histories.get(instance_id, LiveHistory(execution_id="e1", events=()))

    async def payload(self, instance_id: str, number: int, member: str) -> str | None:
        self._row(instance_id)
        return self.whole.get((instance_id, number, member))

    async def why(self, instance_id: str) -> Explanation:
        self._row(instance_id)
        return Explanation(
            instance_id=instance_id,
            reason=Reason.WORKING,
            sentence="It moves.",
            is_stuck=False,
            at=NOW,
        )

    async def family(self, instance_id: str, *, depth: int = 3) -> FamilyNode:
        one = self._row(instance_id)
        return FamilyNode(
            instance_id=one.instance_id, name=one.name, status=one.status, relation="self"
        )

    async def stuck(self, *, older_than: float) -> tuple[Stuck, ...]:
        return tuple(
            Stuck(
                hub=self.ref.key,
                instance_id=one.instance_id,
                name=one.name,
                status=one.status,
                reason=Reason.UNKNOWN,
                sentence="It stands.",
                since=one.created,
                seconds=older_than,
            )
            for one in self.index.rows
            if one.status == "Running"
        )

    async def partitions(self) -> PartitionsView:
        return PartitionsView(at=NOW, manager="table", partitions=(), work_items=None)

    async def messages(self, queue: str) -> tuple[MessageView, ...]:
        return (MessageView(queue=queue, message_id="m1", verdict="ok"),)

    async def storage(self) -> StorageView:
        return StorageView(
            at=NOW,
            instances=len(self.index.rows),
            entities=0,
            rows=0,
            bytes_rows=0,
            bytes_blobs=0,
            blobs=0,
            messages=0,
            sampled=1.0,
        )

    async def orphaned_blobs(self) -> tuple[BlobView, ...]:
        return (BlobView(name="x/history-1.json.gz", bytes=7, changed=NOW),)

    async def possible(self, instance_id: str) -> tuple[Possible, ...]:
        self._row(instance_id)
        return (Possible(verb=Verb.SUSPEND, allowed=True),)

    async def cost(self, command: Command) -> Cost:
        self._row(command.target)
        return Cost(instances=1, rows=3)

    async def do(self, command: Command) -> Done:
        if self.problem is not None:
            raise self.problem
        self._row(command.target)
        self.done.append(command)
        return Done(verb=command.verb, target=command.target, instances=1, sentence="done")


class MemoryMonitor:
    """Several hubs."""

    def __init__(self, *hubs: MemoryHub) -> None:
        self._hubs = {hub.ref.key: hub for hub in hubs}

    def add(self, hub: MemoryHub) -> None:
        self._hubs[hub.ref.key] = hub

    def hubs(self) -> tuple[HubWatch, ...]:
        return tuple(self._hubs[key] for key in sorted(self._hubs))

    def hub(self, key: str) -> HubWatch:
        try:
            return self._hubs[key]
        except KeyError:
            raise HubNotFound(key) from None

    @property
    def index(self) -> Index:
        return RowsIndex([one for hub in self._hubs.values() for one in hub.index.rows])


def memory_hub(name: str, rows: Mapping[str, Mapping[str, Any]] | None = None) -> MemoryHub:
    """Return the hub ``NAME@local`` with these instances."""
    key = f"{name}@local"
    made = [row(key, one, **more) for one, more in (rows or {}).items()]
    ref = HubRef(key, name, f"azurite:{name}", StoreKind.CLASSIC)
    return MemoryHub(ref, RowsIndex(made))


def two_hubs() -> tuple[MemoryHub, MemoryHub, MemoryMonitor]:
    """Return the hubs ``orders`` and ``payments``, and a monitor of both."""
    orders = memory_hub(
        "orders",
        {"order/1": {}, "order/2": {"status": "Failed"}, "order/3": {"name": "Refund"}},
    )
    payments = memory_hub("payments", {"pay-1": {"name": "Payment"}, "pay-2": {"name": "Payment"}})
    return orders, payments, MemoryMonitor(orders, payments)

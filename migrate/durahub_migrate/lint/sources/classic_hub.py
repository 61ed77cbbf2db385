"""A hub in Azure Storage but for its instances: what there is of the layout, its queues, who holds what.

The three services are asked one by one, for an account may refuse some of them and not the others.
"""

import re
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from durahub.classic.doctor.reading import Reading
from durahub.classic.doctor.snapshot import HubFacts as ClassicHub
from durahub.classic.doctor.snapshot import QueueFacts, SeenMessage
from durahub.classic.functions import is_of_functions
from durahub.classic.names import HubNames
from durahub.classic.parts import Parts
from durahub.errors import DurahubError, HubNotFound, StorageDenied
from durahub.model.ticks import Ticks
from durahub_migrate.lint.facts.hubs import HubFacts, HubKind, MessageFacts
from durahub_migrate.lint.facts.measuring import message_payloads
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.payloads import Payload
from durahub_migrate.lint.facts.unread import Unread
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.sources.large_texts import without_large_texts

T = TypeVar("T")

OF_TABLES = (Need.INSTANCES, Need.HISTORY)
OF_QUEUES = (Need.QUEUES,)
OF_BLOBS = (Need.BLOBS, Need.LEASES)
_CONTROL = re.compile(r"-control-(\d\d)")


@dataclass(frozen=True, slots=True)
class ReadHub:
    """A hub as it was read. Without *classic* its parts could not all be read, and nothing is diagnosed."""

    facts: HubFacts
    classic: ClassicHub | None
    queues: tuple[QueueFacts, ...] = ()
    unread: tuple[Unread, ...] = ()

    def cannot(self, need: Need) -> bool:
        """Tell whether evidence is missing."""
        return any(one.need is need for one in self.unread)


@dataclass(slots=True)
class _Asking:
    """Asks services, and takes note of what they refuse."""

    place: Place
    unread: list[Unread] = field(default_factory=list)

    async def try_(self, needs: Sequence[Need], asked: Awaitable[T]) -> T | None:
        try:
            return await asked
        except (StorageDenied, HubNotFound) as error:
            self.miss(needs, error)
            return None

    def miss(self, needs: Sequence[Need], error: DurahubError) -> None:
        known = {one.need for one in self.unread}
        self.unread += [Unread(need, self.place, error) for need in needs if need not in known]


async def read_hub(
    parts: Parts, reading: Reading, clock: Callable[[], Ticks], address: str
) -> ReadHub:
    """Return a hub but for its instances. Raises `HubNotFound` if there is nothing of it.

    Raises `StorageDenied` if all services refuse, and whatever else keeps the first of them from answering.
    """
    names, resources = parts.names, parts.resources
    place = Place(source=address, kind=PlaceKind.HUB)
    asking = _Asking(place)
    # one manager's leases are in a table, so without tables nobody knows who works on the hub
    tables = await asking.try_((*OF_TABLES, Need.LEASES), resources.tables())
    queues = await asking.try_(OF_QUEUES, resources.queues())
    containers = await asking.try_(OF_BLOBS, resources.containers())
    if tables is None and queues is None and containers is None:
        raise asking.unread[0].error
    there = _parts_of(names, tables, queues, containers)
    if not any(there.values()):
        raise HubNotFound(names.hub, store=resources.store)
    if tables is not None and not (there[_table(names)] and there[_history(names)]):
        gone = " and ".join(part for part in (_table(names), _history(names)) if not there[part])
        asking.miss(OF_TABLES, HubNotFound(names.hub, f"there is no {gone}", store=resources.store))
    seen: Sequence[QueueFacts] = ()
    if queues is not None:
        wanted = [one for one in queues if one == names.workitem_queue or _CONTROL.search(one)]
        wanted.sort(key=lambda name: name != names.workitem_queue)
        seen = await asking.try_(OF_QUEUES, reading.queues(wanted)) or ()
    classic = None
    if not {one.need for one in asking.unread} - set(OF_TABLES):
        classic = await asking.try_(OF_BLOBS, _classic(parts, reading, seen))
    facts = HubFacts(
        place=place,
        name=names.hub,
        kind=HubKind.CLASSIC,
        now=clock() if classic is None else classic.now,
        partitions=_partitions(seen) if classic is None else classic.partitions,
        parts=there,
        queues={queue.name: queue.depth for queue in seen},
        classic=classic,
    )
    if classic is not None:
        lease = classic.app_lease
        apps = (lease.owner_id, lease.desired_swap_id)
        facts = replace(
            facts,
            task_hub_json=classic.task_hub_partitions,
            apps=tuple(dict.fromkeys(app for app in apps if app is not None)),
        )
    if not {one.need for one in asking.unread} & set(OF_TABLES):
        told = await asking.try_(OF_TABLES, is_of_functions(parts.tables, names))
        facts = replace(facts, is_of_functions=told)
    return ReadHub(facts, classic, tuple(seen), tuple(asking.unread))


async def _classic(parts: Parts, reading: Reading, seen: Sequence[QueueFacts]) -> ClassicHub:
    control = [queue.name for queue in seen if _CONTROL.search(queue.name)]
    return await reading.hub_with(seen, await parts.resources.evidence_with(control))


def messages_of(queues: Sequence[QueueFacts], address: str) -> Iterator[MessageFacts]:
    """Yield the messages that could be peeked at, of queues that were read with all their texts."""
    return MeasuredMessages().facts(queues, address)


class MeasuredMessages:
    """Measures messages while they are read, and keeps them without their large texts.

    There are 32 of each queue at most, but nobody knows how large they are.
    """

    def __init__(self) -> None:
        self._payloads: dict[str, tuple[Payload, ...]] | None = {}

    def see(self, message: SeenMessage) -> SeenMessage:
        """Measure a message that stands in a blob, and return it without what is large of it."""
        event, envelope = message.event, message.envelope
        if message.blob is None or event is None or envelope is None:
            return message
        if self._payloads is not None:
            measured = message_payloads(event, message.target)
            self._payloads[message.place] = tuple(
                replace(one, blob=message.blob) for one in measured
            )
        small = replace(envelope.message, event=without_large_texts(event))
        return replace(message, envelope=replace(envelope, message=small))

    def facts(self, queues: Sequence[QueueFacts], address: str) -> Iterator[MessageFacts]:
        """Yield the messages as facts. From then on nothing is measured: queues are read for the doctor."""
        known, self._payloads = self._payloads or {}, None
        for queue in queues:
            for message in queue.seen:
                payloads = known.get(message.place)
                if payloads is None and message.event is not None:
                    payloads = tuple(message_payloads(message.event, message.target))
                yield _message(message, payloads or (), address)


def _message(seen: SeenMessage, payloads: tuple[Payload, ...], address: str) -> MessageFacts:
    key = f"{seen.queue}/{seen.message_id}"
    envelope = seen.envelope
    return MessageFacts(
        place=Place(source=address, kind=PlaceKind.MESSAGE, key=key),
        queue=seen.queue,
        deliveries=seen.deliveries,
        event=seen.event,
        target=seen.target,
        execution_id=envelope.message.target.execution_id if envelope is not None else None,
        inserted=seen.inserted,
        payloads=payloads,
        blob=seen.blob,
        problem=seen.problem,
        head=seen.head,
        is_plain=seen.is_plain,
    )


def _table(names: HubNames) -> str:
    return f"table {names.instances_table}"


def _history(names: HubNames) -> str:
    return f"table {names.history_table}"


def _parts_of(
    names: HubNames,
    tables: Sequence[str] | None,
    queues: Sequence[str] | None,
    containers: Sequence[str] | None,
) -> dict[str, bool]:
    """Return which parts are there, of the services that answered."""
    found: dict[str, bool] = {}
    if tables is not None:
        spelled = {name.lower() for name in tables}
        for table in (names.instances_table, names.history_table, names.partitions_table):
            found[f"table {table}"] = table.lower() in spelled
    if queues is not None:
        numbers = [int(match[1]) for one in queues if (match := _CONTROL.search(one))]
        expected = names.control_queues(max(numbers, default=-1) + 1)
        for queue in (names.workitem_queue, *expected):
            found[f"queue {queue}"] = queue in queues
    if containers is not None:
        for container in (
            names.app_lease_container,
            names.leases_container,
            names.large_messages_container,
        ):
            found[f"container {container}"] = container in containers
    return found


def _partitions(queues: Sequence[QueueFacts]) -> int:
    return max(1, sum(bool(_CONTROL.search(queue.name)) for queue in queues))

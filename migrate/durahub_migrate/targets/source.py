"""A bundle as an import asks it: what was seen, what may have been hidden, and to whom a message belongs."""

from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from durahub.classic.doctor.rules.messages import POISON
from durahub.classic.due import due_of
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.scheduler_state import SchedulerState, scheduler_state_of
from durahub.errors import Malformed
from durahub.model.history import EventRaised, ExecutionStarted
from durahub.model.ticks import Ticks
from durahub.stored import StoredMessage
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.inflight import message_of
from durahub_migrate.bundle.manifest import Manifest
from durahub_migrate.bundle.records import started_of
from durahub_migrate.moving.content import Content, Held

MOST = 64  # instances that are kept: senders mostly write to few
SCHEDULER = "scheduler"


@dataclass(frozen=True, slots=True)
class Sight:
    """How much of what was on its way could be seen. *moment* is when the snapshot ended."""

    sees_all: bool  # a store of ours hides nothing
    may_hide: bool  # queues held more than was seen, or nobody could count them
    has_inputs: bool  # events of actions have their inputs, ``None`` is none
    moment: Ticks


def sight_of(manifest: Manifest) -> Sight:
    """Return what a bundle's source could show."""
    source, counts = manifest.source, manifest.counts
    if source.kind == SCHEDULER:
        return Sight(sees_all=True, may_hide=False, has_inputs=False, moment=manifest.ended)
    return Sight(
        sees_all=False,
        may_hide=not source.queues or sum(source.queues.values()) > counts.messages_read,
        has_inputs=source.kind == "endpoint",
        moment=manifest.ended,
    )


@dataclass(slots=True)
class Seen:
    """The messages to one instance that were seen in queues, and how many cannot be read."""

    messages: tuple[StoredMessage, ...] = ()
    unreadable: int = 0


@dataclass(eq=False)
class Source:
    """What an import asks of *content*. Answers are kept, a few: what is asked about often is."""

    content: Content
    _known: "OrderedDict[str, Held | None]" = field(default_factory=OrderedDict)

    @cached_property
    def sight(self) -> Sight:
        """How much could be seen."""
        return sight_of(self.content.manifest)

    def member(self, instance_id: str) -> Held | None:
        """Return an instance, ``None`` if the bundle has none of that ID."""
        if instance_id in self._known:
            self._known.move_to_end(instance_id)
            return self._known[instance_id]
        found = self._known[instance_id] = self.content.member(instance_id)
        if len(self._known) > MOST:
            self._known.popitem(last=False)
        return found

    def has(self, instance_id: str) -> bool:
        """Tell whether the bundle has an instance."""
        return self.member(instance_id) is not None

    def seen_to(self, instance_id: str) -> Seen:
        """Return what was seen in queues on its way to an instance, in its order."""
        found: list[StoredMessage] = []
        unreadable = 0
        for record in self.content.messages_to(instance_id):
            if record.evidence != hb.InFlight.QUEUE:
                continue
            try:
                found.append(self._seen(record))
            except Malformed:
                unreadable += 1
        return Seen(self._in_order(found), unreadable)

    def _in_order(self, messages: Sequence[StoredMessage]) -> tuple[StoredMessage, ...]:
        """Return messages as they were sent: a bundle's order is another.

        A store of ours numbers them. A queue promises no order; its messages tell when they were sent.
        """
        if self.sight.sees_all and all(one.message_id.isdecimal() for one in messages):
            return tuple(sorted(messages, key=lambda one: int(one.message_id)))
        return tuple(sorted(messages, key=_sending))

    def _seen(self, record: hb.InFlight) -> StoredMessage:
        """Return the message of a record, due when it says itself: queues show some of them early."""
        found = message_of(record)
        due = due_of(found.message)
        if found.due is None and due is not None and due > self.sight.moment:
            return replace(found, due=due)
        return found

    def entity(self, instance_id: str) -> SchedulerState | None:
        """Return what an entity holds, ``None`` if there is none, or if that cannot be read."""
        held = self.member(instance_id)
        if held is None:
            return None
        started = started_of(held.instance)
        try:
            return scheduler_state_of(started.input if started is not None else held.instance.input)
        except Malformed:
            return None

    # -- messages to instances that are not there yet ------------------------------------------

    @cached_property
    def strays(self) -> "Strays":
        """The messages to instances that the bundle does not have."""
        by_target: dict[str, list[StoredMessage]] = defaultdict(list)
        for_nobody = 0
        for record in self.content.strays():
            if record.evidence != hb.InFlight.QUEUE:
                continue
            try:
                message = self._seen(record)
            except Malformed:
                for_nobody += 1
                continue
            by_target[message.message.target.instance_id].append(message)
        owned: dict[str, list[StoredMessage]] = defaultdict(list)
        of_clients: list[StoredMessage] = []
        for target, found in by_target.items():
            messages = self._in_order(found)
            start = next((one for one in messages if begins_orchestration(one)), None)
            for one in messages:
                begins = start is not None or _begins_entity(target, one)
                owner = _starter(start) if start is not None else _sender(one)
                if begins and owner is not None and self.has(owner):
                    owned[owner].append(one)
                elif begins and not _has_parent(start) and one.deliveries < POISON:
                    of_clients.append(one)
                else:
                    for_nobody += 1
        return Strays(owned, tuple(of_clients), for_nobody)


@dataclass(frozen=True, slots=True)
class Strays:
    """Messages to instances that are not there. Some begin one, which goes with whoever has sent them.

    *of_clients* begin entities and orchestrations: a start comes before its row, and whoever has sent it may
    have died in between. *for_nobody* counts what begins nothing, and starts whose parent is not there.
    """

    owned: Mapping[str, Sequence[StoredMessage]]
    of_clients: tuple[StoredMessage, ...]
    for_nobody: int


def _sending(message: StoredMessage) -> tuple[Ticks, bool]:
    event = message.message.event
    return event.timestamp, not isinstance(event, ExecutionStarted)


def begins_orchestration(message: StoredMessage) -> bool:
    """Tell whether a worker begins an orchestration with it, whether that has a row or not."""
    event = message.message.event
    if not isinstance(event, ExecutionStarted):
        return False
    return event.parent is not None or message.deliveries < POISON  # a parent is told of its poison


def _starter(start: StoredMessage) -> str | None:
    """Return the parent of what is started, or whoever else has sent its start: an entity."""
    event = start.message.event
    if isinstance(event, ExecutionStarted) and event.parent is not None:
        return event.parent.execution.instance_id
    return _sender(start)


def _has_parent(start: StoredMessage | None) -> bool:
    event = start.message.event if start is not None else None
    return isinstance(event, ExecutionStarted) and event.parent is not None


def _begins_entity(target: str, message: StoredMessage) -> bool:
    return is_entity(target) and isinstance(message.message.event, EventRaised)


def _sender(message: StoredMessage) -> str | None:
    sender = message.message.sender
    return sender.instance_id or None if sender is not None else None

"""Decides what entities and their callers have sent each other that was hidden when the snapshot was taken.

What an entity has had its sorter tells: a labelled request that it has not let through, that does not wait in
its queue and was not seen, was hidden. It is sent again, for one that comes twice is dropped. What a
caller sends stands in its history; what an entity answers stands nowhere, so an answer that was
hidden is lost to a copy of the hub: that, and requests without labels, are counted as doubts.
"""

from dataclasses import dataclass, replace

from durahub.engine.entities.calls import release_sent, request_sent
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import (
    CONTINUE,
    LOCK_GRANTED,
    RELEASE,
    REQUEST,
    Request,
    Response,
    due_of_name,
    guid_text,
    is_request_name,
    request_of,
    request_text,
    response_text,
)
from durahub.engine.entities.scheduler_state import SchedulerState
from durahub.engine.entities.sorter import REORDER_WINDOW
from durahub.engine.state import State, same_execution
from durahub.errors import BadMessage
from durahub.model.history import EventRaised, EventSent, Execution
from durahub.model.message import Message
from durahub.model.ticks import Ticks, seconds_between
from durahub.stored import StoredMessage
from durahub_migrate.bundle.records import started_of
from durahub_migrate.targets.complete import Complete, made
from durahub_migrate.targets.source import Seen, Source

UNLABELLED = "call of an entity that may have been hidden"
ANSWER_LOST = "answer of an entity that was hidden"
EVENT_UNCLEAR = "event between orchestrations that may have been hidden"


def add_entity_messages(result: Complete, seen: Seen, state: State, source: Source) -> None:
    """Add what wakes *result* up, if it is an entity, and what it has sent that was hidden."""
    instance = result.instance
    if is_entity(instance.instance_id):
        _add_wake_up(result, seen, source)
    if not source.sight.may_hide or state.started is None:
        return
    sent = [one.event for one in instance.history if isinstance(one.event, EventSent)]
    if not sent:
        return
    sending = _Sending(
        result,
        seen,
        state,
        source,
        Execution(instance.instance_id, state.started.execution.execution_id),
    )
    for event in sent:
        sending.look_at(event)
    sending.release(sent)


def _add_wake_up(result: Complete, seen: Seen, source: Source) -> None:
    """Let an entity go on with its queue, or with the batch that was too large for one turn."""
    entity_id = result.instance.instance_id
    state = source.entity(entity_id)
    if state is None or not (state.suspended or (state.queue and state.locked_by is None)):
        return
    coming = {_name(one) for one in seen.messages} - {None}
    if CONTINUE in coming or (coming and not state.suspended):
        return  # any message causes a batch, but only this one ends a pause
    event = EventRaised(timestamp=source.sight.moment, name=CONTINUE)
    own = Execution(entity_id)
    result.messages.append(made(Message(event=event, target=own, sender=own)))


@dataclass(frozen=True, slots=True)
class _Sending:
    """Looks at what an instance has sent."""

    result: Complete
    seen: Seen
    state: State
    source: Source
    sender: Execution

    def look_at(self, event: EventSent) -> None:
        """Send *event* again if it was hidden, or count the doubt."""
        target = event.instance_id or ""
        if not is_entity(target):
            self._event(event, target)
            return
        request = request_sent(event)
        if request is None:
            return
        if request.is_lock:
            self._lock(event, request)
        elif not self._is_answered(request):
            self._operation(event, request, target)

    def _is_answered(self, request: Request) -> bool:
        """Tell whether the answer is in the history or on its way."""
        own = guid_text(request.id)
        if own in self.state.raised:
            return True
        return any(guid_text(_name(one) or "") == own for one in self.seen.messages)

    def _operation(self, event: EventSent, request: Request, target: str) -> None:
        entity = self.source.entity(target)
        if entity is None and self.source.has(target):
            return  # it cannot be read: then no worker runs it either
        if _waits(request, entity) or self._is_seen(request, target):
            return
        waits = not request.signal and self.state.is_live
        if request.due is not None:
            if request.due > self.source.sight.moment:
                self._send(event, target, due=request.due)
            elif waits:
                self.result.doubts[ANSWER_LOST] += 1
        elif not request.timestamp.ticks:
            self.result.doubts[UNLABELLED] += waits
        elif not self._is_received(event, request, entity):
            self._send(event, target)
        elif waits:
            self.result.doubts[ANSWER_LOST] += 1

    def _is_received(
        self, event: EventSent, request: Request, entity: SchedulerState | None
    ) -> bool:
        if entity is None:  # it is not there, or not any more: idle entities are cleaned
            age = seconds_between(event.timestamp, self.source.sight.moment)
            return age > REORDER_WINDOW
        return is_received(request, entity)

    def _is_seen(self, request: Request, target: str) -> bool:
        seen = self.source.seen_to(target).messages
        coming = (*seen, *self.result.messages)
        return any(
            one.message.target.instance_id == target and _id_of(one) == guid_text(request.id)
            for one in coming
        )

    def _lock(self, event: EventSent, request: Request) -> None:
        """Follow a lock request through its set: it is with the first entity that is not locked."""
        if not self.state.is_live or self._is_answered(request):
            return
        for position, target in enumerate(request.lock_set or ()):
            entity = self.source.entity(target)
            if entity is not None and entity.locked_by == self.sender.instance_id:
                continue
            if _waits(request, entity) or self._is_seen(request, target):
                return
            if position == 0:
                if entity is None or not is_received(request, entity):
                    self._send(event, target)
                else:
                    self.result.doubts[ANSWER_LOST] += 1
                return
            passed = request_text(replace(request, position=position, stored=None))
            self._send(replace(event, name=REQUEST, input=passed), target)
            return
        granted = EventRaised(
            timestamp=event.timestamp,
            name=guid_text(request.id),
            input=response_text(Response(result=LOCK_GRANTED)),
        )
        last = Execution((request.lock_set or (event.instance_id or "",))[-1])
        self.result.messages.append(made(Message(event=granted, target=self.sender, sender=last)))

    def release(self, sent: list[EventSent]) -> None:
        """Send the last release again to entities that still count as locked by the sender."""
        last: dict[str, EventSent | None] = {}
        for event in sent:
            request = request_sent(event)
            if request is not None and request.is_lock:
                last |= dict.fromkeys(request.lock_set or ())
            elif release_sent(event) is not None:
                last[event.instance_id or ""] = event
        for target, released in last.items():
            if released is None:
                continue
            entity = self.source.entity(target)
            if entity is None or entity.locked_by != self.sender.instance_id:
                continue
            if any(_name(one) == RELEASE for one in self.source.seen_to(target).messages):
                continue
            self._send(released, target)

    def _event(self, event: EventSent, target: str) -> None:
        """Count an event that neither its receiver shows nor a queue: it may be neither sent nor lost."""
        receiver = self.source.member(target)
        if receiver is None:
            return
        started = started_of(receiver.instance)
        if started is None or started.timestamp > event.timestamp:
            return  # an earlier generation has had it
        shown = [one.event for one in receiver.instance.history]
        shown += [one.message.event for one in self.source.seen_to(target).messages]
        if not any(
            isinstance(one, EventRaised) and (one.name, one.input) == (event.name, event.input)
            for one in shown
        ):
            self.result.doubts[EVENT_UNCLEAR] += 1

    def _send(self, event: EventSent, target: str, due: Ticks | None = None) -> None:
        raised = EventRaised(timestamp=event.timestamp, name=event.name, input=event.input)
        self.result.messages.append(
            made(
                Message(
                    event=raised,
                    target=Execution(target),
                    sender=self.sender,
                    episode=max(1, self.state.episodes),
                    due=due or due_of_name(event.name),
                )
            )
        )


def is_received(request: Request, entity: SchedulerState) -> bool:
    """Tell whether an entity has let a labelled request through, by its sorter."""
    sorting = entity.sorting
    if request.timestamp.ticks < sorting.receive_horizon.ticks:
        return True  # it would not tell any more
    parent = (request.parent or "").lower()
    for name, sender in (sorting.senders or {}).items():
        if name.lower() == parent:
            same = sender.execution_id == request.parent_execution or same_execution(
                sender.execution_id, request.parent_execution
            )
            return same and request.timestamp.ticks <= sender.last.ticks
    return False


def _waits(request: Request, entity: SchedulerState | None) -> bool:
    """Tell whether a request is in an entity's hands."""
    if entity is None:
        return False
    held = [one for sender in (entity.sorting.senders or {}).values() for one in sender.held or ()]
    return any(guid_text(one.id) == guid_text(request.id) for one in (*entity.queue, *held))


def _id_of(message: StoredMessage) -> str | None:
    """Return the GUID of a request on its way."""
    event = message.message.event
    if not isinstance(event, EventRaised) or not is_request_name(event.name):
        return None
    try:
        return guid_text(request_of(event.input).id)
    except BadMessage:
        return None


def _name(message: StoredMessage) -> str | None:
    event = message.message.event
    return event.name if isinstance(event, EventRaised) else None

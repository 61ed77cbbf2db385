"""What two histories of one instance have in common when one was run again: the semantic digest.

A new run gives itself times, execution IDs, traces and episodes; it numbers actions as its SDK does, and may
take an action in a later episode than the recorded one, for the replay of an orchestrator only asks that it
comes after what led to it. So a history counts as two lists that are not interleaved: what has come in, in
its order, and what was done, by number. ``docs/bundle.md``, "The semantic digest", is the specification.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from durahub.edge.failures import UNKNOWN, failure_of_event
from durahub.engine import state as states
from durahub.engine.entities.calls import (
    EntityCall,
    EntityCallDone,
    EntityCallFailed,
    EntityLockGranted,
    EntityLockRequest,
    EntitySignal,
    EntityUnlock,
    NativeEvent,
    native_events,
    request_sent,
)
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import Request, guid_text
from durahub.engine.entities.scheduler_state import scheduler_state_of
from durahub.errors import Malformed
from durahub.model import history as h
from durahub.model.failure import Failure
from durahub.stored import StoredInstance
from durahub_migrate.bundle import canonical

OWN_TAGS = "durahub."
"""What the names of tags begin with that a move gives an instance: they do not count."""

A_MICROSECOND = 10
"""In ticks; a backend in Python keeps no less of a timer's time."""

Told = tuple[object, ...]
"""What counts of one event: the word for it first."""

_ENDED = frozenset({"Completed", "Failed", "Terminated", "Canceled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What counts of an instance.

    *inputs* are in the order in which they came, *actions* in that of their numbers; *timers* are those that
    have not fired: place in *actions*, and microseconds. *suspended* is the reason, ``None`` if it is not.
    """

    row: Mapping[str, object]
    inputs: tuple[Told, ...] = ()
    actions: tuple[Told, ...] = ()
    ends: tuple[Told, ...] = ()
    timers: tuple[tuple[int, int], ...] = ()
    suspended: str | None = None

    def digest(self) -> bytes:
        """Return the SHA-256 of the canonical form."""
        (found,) = self.digests_of_rows(self.row)
        return found

    def digests_of_rows(self, *rows: Mapping[str, object]) -> Sequence[bytes]:
        """Return what `digest` would with each of *rows* in the place of its own; histories are long."""
        rest = (self.inputs, self.actions, self.ends, self.timers, self.suspended)
        head, written = canonical.list_head(1 + len(rest)), b"".join(map(canonical.value, rest))
        return [hashlib.sha256(head + canonical.value(row) + written).digest() for row in rows]


def semantic_digest(instance: StoredInstance) -> bytes:
    """Return the SHA-256 of what counts of *instance* and of its history."""
    return semantic_form(instance).digest()


def semantic_form(instance: StoredInstance) -> Form:
    """Return what counts of *instance* and of its history."""
    events = [stored.event for stored in instance.history]
    if is_entity(instance.instance_id):
        return Form(row=_entity(instance, events))
    found = states.read(events)
    actions = in_order(events)
    if found.completed is not None:
        actions = [one for one in actions if _counts_at_the_end(events[one], found)]
    places = {position: place for place, position in enumerate(actions)}
    natives = native_events(events)
    requests = _numbered(natives[position] for position in actions)
    is_live = found.is_live
    asked: dict[states.Answer, int] = {}  # the last action of a kind and number, by its position
    inputs: list[Told] = []
    timers: dict[int, int] = {}
    for position, event in enumerate(events):
        question = states.question_of(event)
        if question is not None and position in places:
            asked[question] = position
        if isinstance(event, h.TimerCreated) and position in places:
            timers[places[position]] = event.fire_at // A_MICROSECOND
        answer = states.answer_of(event)
        place = places[asked[answer]] if answer is not None and answer in asked else None
        if isinstance(event, h.TimerFired) and place is not None:
            timers.pop(place, None)
        if isinstance(event, h.ActionEvent):
            continue
        native = natives[position]
        if native is not None:
            inputs.append(_answered(native, requests))
        elif (told := _input(event, place)) is not None:
            inputs.append(told)
    done = (_action(events[one], natives[one], requests) for one in actions)
    return Form(
        row=_row(instance, found),
        inputs=tuple(inputs),
        actions=tuple(done),
        ends=tuple(_end(one) for one in events if isinstance(one, h.ExecutionCompleted)),
        timers=tuple(sorted(timers.items())) if is_live else (),
        suspended=_suspended(events) if is_live and found.suspended else None,
    )


# -- the row -------------------------------------------------------------------------------------


_NO_STATUS = ("null", "")  # DTFx's and Java's way to say that there is none


def _row(instance: StoredInstance, found: states.State) -> dict[str, object]:
    """Return what clients see; the history is asked first, for a row may lag behind."""
    started, completed = found.started, found.completed
    tags = started.tags if started is not None and started.tags is not None else instance.tags
    told: dict[str, object] = {
        "id": instance.instance_id,
        "name": (started.name if started is not None else instance.name) or "",
        "version": (started.version if started is not None else instance.version) or "",
        "input": started.input if started is not None else instance.input,
        "tags": {
            name: value for name, value in (tags or {}).items() if not name.startswith(OWN_TAGS)
        },
        "status": status_of(instance, found),
        "customStatus": None if instance.custom_status in _NO_STATUS else instance.custom_status,
    }
    if completed is None and told["status"] in _ENDED:
        told["output"] = instance.output
    if told["status"] == "Pending" and instance.scheduled_start is not None:
        told["scheduledStart"] = instance.scheduled_start
    if started is not None and started.parent is not None:
        told["parent"] = started.parent.execution.instance_id
    return told


def status_of(instance: StoredInstance, found: states.State) -> str:
    """Return the status of an instance: what its history says, where its row lags behind."""
    if found.completed is not None:
        return found.completed.status.name
    if instance.status in _ENDED:
        return instance.status
    if found.started is not None:
        return found.status.name
    return "Running" if instance.status == "ContinuedAsNew" else instance.status


def _entity(instance: StoredInstance, events: Iterable[h.Event]) -> dict[str, object]:
    """Return what an entity is between its batches: its state, its lock, and what waits there."""
    started = next((one for one in events if isinstance(one, h.ExecutionStarted)), None)
    text = started.input if started is not None else instance.input
    told: dict[str, object] = {"id": instance.instance_id}
    try:
        state = scheduler_state_of(text)
    except Malformed:
        return {**told, "text": text}
    return {
        **told,
        "state": state.state,
        "lockedBy": state.locked_by,
        "backlog": [_waiting(one) for one in state.queue],
    }


def _waiting(request: Request) -> Told:
    if request.lock_set is not None:
        return "lock", request.lock_set, request.position, request.parent
    due = request.due
    what = "signal" if request.signal else "call"
    return what, request.operation or "", request.input, due, request.parent


# -- what was done -------------------------------------------------------------------------------


def in_order(events: Sequence[h.Event]) -> list[int]:
    """Return the positions of the actions: by number, and a number that comes again when it comes.

    Where each number is there once, that is their order. An SDK that gives a retry the number of the first
    try has it behind all that were done before it.
    """
    firsts: list[int] = []
    groups: dict[int, list[int]] = {}  # by the first number in it
    for position, event in enumerate(events):
        if not isinstance(event, h.ActionEvent):
            continue
        number = event.event_id
        if number in groups:
            groups[firsts[-1]].append(position)
            continue
        firsts.insert(bisect_right(firsts, number), number)
        groups[number] = [position]
    return [position for number in firsts for position in groups[number]]


def _counts_at_the_end(event: h.Event, found: states.State) -> bool:
    """Tell whether an action of an execution that has ended counts: not if its answer was left unawaited.

    A new run may have ended before it asked for that. A child is there by itself, so it counts.
    """
    question = states.question_of(event)
    if question is not None:
        return question in found.answers or isinstance(event, h.SubOrchestrationInstanceCreated)
    request = request_sent(event)
    return request is None or request.signal or guid_text(request.id) in found.raised


def _numbered(natives: Iterable[NativeEvent | None]) -> dict[str, int]:
    """Return numbers for the requests to entities, in the order in which they were sent."""
    numbers: dict[str, int] = {}
    for one in natives:
        match one:
            case EntityCall() | EntitySignal():
                numbers.setdefault(guid_text(one.request_id), len(numbers))
            case EntityLockRequest():
                numbers.setdefault(guid_text(one.critical_section_id), len(numbers))
            case _:
                pass
    return numbers


def _action(event: h.Event, native: NativeEvent | None, requests: Mapping[str, int]) -> Told:
    match native:
        case EntityCall() | EntitySignal():
            due = native.scheduled
            what = "call" if isinstance(native, EntityCall) else "signal"
            return what, native.target, native.operation, native.input, due
        case EntityLockRequest():
            return "lock", native.lock_set, native.position
        case EntityUnlock():
            return "unlock", requests.get(guid_text(native.critical_section_id)), native.target
    match event:
        case h.TaskScheduled():
            return "activity", event.name or "", event.version or ""
        case h.SubOrchestrationInstanceCreated():
            return "child", event.name or "", event.version or "", event.instance_id
        case h.TimerCreated():
            return ("timer",)
        case h.EventSent():
            return "event", event.instance_id, event.name, event.input
    raise TypeError(f"{type(event).__name__} is no action")


def _end(event: h.ExecutionCompleted) -> Told:
    if event.failure is not None:
        return event.status.name, None, failure_told(event.failure)
    return event.status.name, event.result or None, []


# -- what has come in ----------------------------------------------------------------------------


def _input(event: h.Event, place: int | None) -> Told | None:
    """Return what counts of an input; *place* is that of the action which it answers.

    Suspensions are told once, as what stands in the end; wake-ups and marks of rewinds mean nothing.
    """
    match event:
        case h.TaskCompleted() | h.SubOrchestrationInstanceCompleted():
            return (
                "result",
                place,
                event.result or None,
            )  # no JSON: some endpoints make it of no result
        case h.TaskFailed() | h.SubOrchestrationInstanceFailed():
            return "failure", place, failure_told(failure_of_event(event))
        case h.TimerFired():
            return "fired", place
        case h.EventRaised():
            return "raised", event.name or "", event.input
        case h.ExecutionTerminated():
            return "terminated", event.input
        case _:
            return None


def _answered(native: NativeEvent, requests: Mapping[str, int]) -> Told:
    match native:
        case EntityCallDone():
            return "done", requests.get(guid_text(native.request_id)), native.output
        case EntityCallFailed():
            told = failure_told(native.failure)
            return "failed", requests.get(guid_text(native.request_id)), told
        case EntityLockGranted():
            return "granted", requests.get(guid_text(native.critical_section_id))
        case _:
            raise TypeError(f"{type(native).__name__} is no answer")


def _suspended(events: Iterable[h.Event]) -> str:
    asked = (one.reason for one in events if isinstance(one, h.ExecutionSuspended))
    return list(asked)[-1] or ""


def failure_told(failure: Failure) -> list[tuple[str, str]]:
    """Return type and message of a failure and of its causes; stacks do not count."""
    causes = []
    cause: Failure | None = failure
    while cause is not None:
        causes.append((cause.error_type or UNKNOWN, cause.message))
        cause = cause.inner
    return causes

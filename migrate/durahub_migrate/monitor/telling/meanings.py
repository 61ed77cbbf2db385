"""What the events of a history mean: the names of what they answer, entity messages as what they are.

A history holds entity calls, signals, locks and their answers as ``EventSent`` and ``EventRaised``. They are
told here by what they carry, in the forms of DTFx, of Durable Functions 2.x and of the SDKs, which all are of
one format (`durahub.engine.entities.messages`). One pass over the events.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from durahub.engine.entities.calls import (
    EntityCall,
    EntityCallDone,
    EntityCallFailed,
    EntityLockGranted,
    EntityLockRequest,
    EntitySignal,
    EntityUnlock,
    native_events,
)
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import (
    RELEASE,
    guid_text,
    is_request_name,
    release_of,
    request_of,
)
from durahub.errors import BadMessage
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    ExecutionStarted,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import Ticks

CALL, SIGNAL, LOCK, UNLOCK = "call", "signal", "lock", "unlock"
CALL_COMPLETED, CALL_FAILED, LOCK_GRANTED = "call-completed", "call-failed", "lock-granted"
RECEIVED = {CALL: "call-received", SIGNAL: "signal-received", LOCK: "lock-received"}
RELEASE_RECEIVED = "release-received"


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityMeaning:
    """What an event says of an entity. *kind* is one of the constants of this module.

    *request_id* is the GUID that a request and its answer have in common, of a lock that of its critical
    section; *asked* the number of the event that an answer answers. *peer* is the entity, or at an entity
    who asked it.
    """

    kind: str
    request_id: str
    peer: str | None = None
    operation: str | None = None
    input: str | None = None
    result: str | None = None
    failure: Failure | None = None
    due: Ticks | None = None
    locks: tuple[str, ...] = ()
    position: int = 0
    asked: int | None = None


@dataclass(frozen=True, slots=True)
class Meanings:
    """The meanings of a history's events by their numbers.

    *entities* are of those that concern entities. *answered* has the number of the event that each answer
    answers: the last that was scheduled under that ID before it.
    """

    entities: dict[int, EntityMeaning]
    answered: dict[int, int]


def meanings_of(events: Sequence[Event]) -> Meanings:
    """Return what *events*, a history from its beginning, mean."""
    return Meanings(_entities(events), _answered(events))


def _answered(events: Sequence[Event]) -> dict[int, int]:
    asked: dict[tuple[str, int], int] = {}
    answered: dict[int, int] = {}
    for number, event in enumerate(events):
        match event:
            case TaskScheduled():
                asked["task", event.event_id] = number
            case SubOrchestrationInstanceCreated():
                asked["child", event.event_id] = number
            case TimerCreated():
                asked["timer", event.event_id] = number
            case TaskCompleted() | TaskFailed():
                key = ("task", event.task_scheduled_id)
                if key in asked:
                    answered[number] = asked[key]
            case SubOrchestrationInstanceCompleted() | SubOrchestrationInstanceFailed():
                key = ("child", event.task_scheduled_id)
                if key in asked:
                    answered[number] = asked[key]
            case TimerFired():
                key = ("timer", event.timer_id)
                if key in asked:
                    answered[number] = asked[key]
            case _:
                pass
    return answered


def _entities(events: Sequence[Event]) -> dict[int, EntityMeaning]:
    found: dict[int, EntityMeaning] = {}
    asked: dict[str, int] = {}
    is_one = any(
        isinstance(event, ExecutionStarted) and is_entity(event.execution.instance_id)
        for event in events[:8]
    )
    for number, native in enumerate(native_events(events)):
        meaning = None
        match native:
            case EntityCall() | EntitySignal():
                meaning = EntityMeaning(
                    kind=CALL if isinstance(native, EntityCall) else SIGNAL,
                    request_id=guid_text(native.request_id),
                    peer=native.target,
                    operation=native.operation,
                    input=native.input,
                    due=native.scheduled,
                )
            case EntityLockRequest():
                meaning = EntityMeaning(
                    kind=LOCK,
                    request_id=guid_text(native.critical_section_id),
                    peer=native.lock_set[native.position]
                    if native.position < len(native.lock_set)
                    else None,
                    locks=native.lock_set,
                    position=native.position,
                )
            case EntityUnlock():
                meaning = EntityMeaning(
                    kind=UNLOCK,
                    request_id=guid_text(native.critical_section_id),
                    peer=native.target,
                )
            case EntityCallDone() | EntityCallFailed() | EntityLockGranted():
                meaning = _answer(native, asked, found)
            case None:
                event = events[number]
                if is_one and isinstance(event, EventRaised):
                    meaning = _received(event)
        if meaning is None:
            continue
        found[number] = meaning
        if meaning.kind in (CALL, LOCK):
            asked[meaning.request_id] = number
    return found


def _answer(
    native: EntityCallDone | EntityCallFailed | EntityLockGranted,
    asked: dict[str, int],
    found: dict[int, EntityMeaning],
) -> EntityMeaning:
    is_grant = isinstance(native, EntityLockGranted)
    request_id = guid_text(native.critical_section_id if is_grant else native.request_id)  # type: ignore[union-attr]
    number = asked.get(request_id)
    question = found[number] if number is not None else None
    kind = LOCK_GRANTED
    if isinstance(native, EntityCallDone | EntityCallFailed):
        kind = CALL_COMPLETED if isinstance(native, EntityCallDone) else CALL_FAILED
    return EntityMeaning(
        kind=kind,
        request_id=request_id,
        peer=question.peer if question is not None else None,
        operation=question.operation if question is not None else None,
        result=native.output if isinstance(native, EntityCallDone) else None,
        failure=native.failure if isinstance(native, EntityCallFailed) else None,
        locks=question.locks if question is not None else (),
        asked=number,
    )


def _received(event: EventRaised) -> EntityMeaning | None:
    """Return what came in at an entity."""
    try:
        if event.name == RELEASE:
            release = release_of(event.input)
            return EntityMeaning(
                kind=RELEASE_RECEIVED, request_id=guid_text(release.id or ""), peer=release.parent
            )
        if not is_request_name(event.name):
            return None
        request = request_of(event.input)
    except BadMessage:
        return None
    kind = LOCK if request.is_lock else SIGNAL if request.signal else CALL
    return EntityMeaning(
        kind=RECEIVED[kind],
        request_id=guid_text(request.id),
        peer=request.parent,
        operation=request.operation,
        input=request.input,
        due=request.due,
        locks=request.lock_set or (),
        position=request.position,
    )

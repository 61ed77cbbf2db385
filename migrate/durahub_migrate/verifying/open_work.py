"""What an instance waits for and what is on its way to it: by its history and the messages to it alone.

An open activity is the same open work whether its message was seen or not: it has to be on its way. So
what waits is one thing (`Wait`), and the messages that carry it are counted beside. What a history cannot
tell (an event that a client has raised, a result) is a message of its own (`Coming`). A message that would
be dropped at its arrival is neither: it is left, and counted by the reason.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from durahub.engine import state as states
from durahub.engine.entities.calls import release_sent, request_sent
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import (
    RELEASE,
    due_of_name,
    guid_text,
    is_request_name,
    release_of,
    request_of,
)
from durahub.engine.entities.scheduler_state import scheduler_state_of
from durahub.engine.repeated_events import Stamp, stamp_of, stamps_of
from durahub.errors import BadMessage, Malformed
from durahub.model import history as h
from durahub.stored import StoredEvent, StoredInstance, StoredMessage
from durahub_migrate.bundle import canonical
from durahub_migrate.bundle.records import parts_of
from durahub_migrate.bundle.semantics import A_MICROSECOND, failure_told, in_order

_ENDED = frozenset({"Completed", "Failed", "Terminated", "Canceled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Something open. *content* is what both sides have to agree on, *detail* what one may not know.

    *carriers* are the messages that bring it about, *late* those of them that come at another time than they
    should. *about* is the ID that has to be looked for elsewhere: of a child, of a request's GUID.
    """

    kind: str  # activity, timer, child, request, start, wake
    place: int  # of its action among the actions; -1 where there is none
    number: int  # that the action has in this history
    content: bytes = b""
    detail: bytes = b""
    carriers: int = 0
    late: int = 0
    about: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """A message that a history cannot tell. *content* is what it brings, *exact* with its time and sender.

    *place* and *number* are of the action that it answers, -1 if it answers none; *about* is the GUID of a
    request. *distinct* counts those that are not the same once more.
    """

    kind: str
    content: bytes
    exact: bytes
    place: int = -1
    number: int = -1
    count: int = 1
    distinct: int = 1
    late: int = 0
    about: str = ""


@dataclass(slots=True)
class OpenWork:
    """Of one instance. *asked* are the GUIDs of the requests and releases that its history has sent."""

    waits: dict[tuple[str, int], Wait] = field(default_factory=dict)  # by kind and number
    coming: dict[tuple[bytes, int], Coming] = field(default_factory=dict)  # by content and number
    left: Counter[str] = field(default_factory=Counter)
    carried: list[str] = field(default_factory=list)  # GUIDs of requests that are here
    asked: list[str] = field(default_factory=list)


def open_work(
    instance: StoredInstance | None, messages: Sequence[StoredMessage], instance_id: str
) -> OpenWork:
    """Return the open work of *instance*, with all *messages* to it; ``None`` if there is none of that ID."""
    work = OpenWork()
    if instance is None:
        _to_nobody(work, messages, instance_id)
        return work
    events = [stored.event for stored in instance.history]
    found = states.read(events)
    _sent(work, events)
    if is_entity(instance_id):
        work.carried.extend(_backlog(instance, found))
    elif found.is_live:
        _waits(work, events, found)
    elif not events and instance.status == "Pending":
        content = _start(instance.name, instance.version, instance.input)
        _wait(work, Wait(kind="start", place=-1, number=-1, content=content))
    _arrive(work, instance, events, found, messages)
    return work


def unknown_inputs(work: OpenWork) -> frozenset[int]:
    """Return the numbers of open activities of which neither input nor answer was seen."""
    answered = {one.number for one in work.coming.values()}
    return frozenset(
        one.number
        for one in work.waits.values()
        if one.kind == "activity"
        and not (one.carriers or one.detail)
        and one.number not in answered
    )


def _waits(work: OpenWork, events: Sequence[h.Event], found: states.State) -> None:
    places = places_of(events)
    latest = {
        question: event
        for event in events
        if (question := states.question_of(event)) is not None and question not in found.answers
    }
    for event in latest.values():
        content, detail, about = b"", b"", ""
        match event:
            case h.TaskScheduled():
                kind, content = "activity", _digest((event.name or "", event.version or ""))
                detail = _digest(event.input) if event.input is not None else b""
            case h.TimerCreated():
                kind, content = "timer", _digest(event.fire_at // A_MICROSECOND)
                detail = _digest(event.fire_at)
            case h.SubOrchestrationInstanceCreated():
                kind, about = "child", event.instance_id or ""
                content = _digest((event.name or "", about))
            case _:
                continue
        _wait(
            work,
            Wait(
                kind=kind,
                place=places[event.event_id],
                number=event.event_id,
                content=content,
                detail=detail,
                about=about,
            ),
        )
    for event in events:
        request = request_sent(event)
        if request is None or request.signal or guid_text(request.id) in found.raised:
            continue
        _wait(
            work,
            Wait(
                kind="request",
                place=places[event.event_id],
                number=event.event_id,
                content=_digest((request.operation, request.input, request.lock_set)),
                about=guid_text(request.id),
            ),
        )


def _wait(work: OpenWork, wait: Wait) -> None:
    work.waits[wait.kind, wait.number] = wait


def _sent(work: OpenWork, events: Sequence[h.Event]) -> None:
    for event in events:
        request = request_sent(event)
        if request is not None:
            work.asked.append(guid_text(request.id))
        release = release_sent(event)
        if release is not None:
            work.asked.append(f"{RELEASE} {release.id}")


def _backlog(instance: StoredInstance, found: states.State) -> Iterator[str]:
    text = found.started.input if found.started is not None else instance.input
    try:
        for request in scheduler_state_of(text).queue:
            yield guid_text(request.id)
    except Malformed:
        return


def places_of(events: Sequence[h.Event]) -> dict[int, int]:
    """Return the place of the last action with each number, from 0; places are those of the semantic form."""
    return {events[one].event_id: place for place, one in enumerate(in_order(events))}


# -- messages ------------------------------------------------------------------------------------


def _arrive(
    work: OpenWork,
    instance: StoredInstance,
    events: Sequence[h.Event],
    found: states.State,
    messages: Sequence[StoredMessage],
) -> None:
    places = places_of(events)
    stamps = stamps_of(events)
    asked = frozenset(one.about for one in work.waits.values() if one.kind == "request")
    ended = found.completed is not None or (not found.is_live and instance.status in _ENDED)
    for stored in messages:
        event, target = stored.message.event, stored.message.target
        execution = target.execution_id
        is_other = bool(
            execution
            and instance.execution_id
            and not states.same_execution(execution, instance.execution_id)
        )
        match event:
            case h.ExecutionStarted():
                if is_other:
                    _come(work, stored, _started(event))
                elif not _carry(work, "start", -1, stored, instance.scheduled_start):
                    work.left["started already"] += 1
                continue
            case h.ExecutionRewound() if not is_other:
                _come(work, stored, (event.reason,))
                continue
        if is_other:
            work.left["of another execution"] += 1
        elif ended:
            work.left["for what has ended"] += 1
        else:
            _to_live(work, stored, found, places, stamps, asked)


def _to_live(
    work: OpenWork,
    stored: StoredMessage,
    found: states.State,
    places: dict[int, int],
    stamps: frozenset[Stamp],
    asked: frozenset[str],
) -> None:
    event = stored.message.event
    answer = states.answer_of(event)
    if answer is not None and answer in found.answers:
        work.left["answered already"] += 1
        return
    match event:
        case h.TaskScheduled():
            if not _carry(work, "activity", event.event_id, stored, None):
                work.left["answered already"] += 1
        case h.TimerFired():
            if not _carry(work, "timer", event.timer_id, stored, event.fire_at):
                work.left["no such timer"] += 1
        case h.TaskCompleted() | h.SubOrchestrationInstanceCompleted():
            number = event.task_scheduled_id
            place = places.get(number, -1)
            _come(work, stored, ("result", event.result), place=place, number=number)
        case h.TaskFailed() | h.SubOrchestrationInstanceFailed():
            number = event.task_scheduled_id
            told = failure_told(event.failure) if event.failure is not None else event.reason
            place = places.get(number, -1)
            _come(work, stored, ("failure", told), place=place, number=number)
        case h.EventRaised():
            if stamp_of(event) in stamps:
                work.left["seen twice"] += 1
                return
            about, due = _entity_message(event)
            if about and not about.startswith(RELEASE):
                work.carried.append(about)
            if guid_text(event.name or "") in asked:
                work.carried.append(guid_text(event.name or ""))  # an entity's answer
            name = event.name if due is None else "op@"
            _come(work, stored, (name, event.input), about=about, due=due)
        case h.ExecutionTerminated():
            _come(work, stored, (event.input, event.recurse))
        case h.ExecutionSuspended() | h.ExecutionResumed():
            _come(work, stored, (event.reason,))
        case _:
            work.left["wake-up"] += 1
            woken = work.waits.get(("wake", -1), Wait(kind="wake", place=-1, number=-1))
            _wait(work, replace(woken, carriers=woken.carriers + 1))


def _to_nobody(work: OpenWork, messages: Sequence[StoredMessage], instance_id: str) -> None:
    """Tell messages to an instance that is not there: a start makes it, a request makes an entity."""
    for stored in messages:
        event = stored.message.event
        if isinstance(event, h.ExecutionStarted):
            _come(work, stored, _started(event))
        elif isinstance(event, h.EventRaised) and is_entity(instance_id):
            about, due = _entity_message(event)
            if about:
                work.carried.append(about)
            _come(work, stored, (event.name, event.input), about=about, due=due)
        else:
            work.left["for nobody"] += 1


def _started(event: h.ExecutionStarted) -> tuple[object, ...]:
    parent = event.parent.execution.instance_id if event.parent is not None else None
    return event.name or "", event.version or "", event.input, parent


def _entity_message(event: h.EventRaised) -> tuple[str, int | None]:
    """Return the GUID of a request, or of a release, and when it is due; ``""`` for any other event."""
    try:
        if is_request_name(event.name):
            return guid_text(request_of(event.input).id), due_of_name(event.name)
        if event.name == RELEASE:
            return f"{RELEASE} {release_of(event.input).id}", None
    except BadMessage:
        pass
    return "", None


def _carry(work: OpenWork, kind: str, number: int, stored: StoredMessage, due: int | None) -> bool:
    """Count *stored* as a carrier of what waits; tell whether anything does."""
    wait = work.waits.get((kind, number))
    if wait is None:
        return False
    detail, is_late = wait.detail, stored.due is not None and stored.due != due
    event = stored.message.event
    match event:
        case h.TaskScheduled():
            detail = _digest(event.input)
            is_late |= _digest((event.name or "", event.version or "")) != wait.content
        case h.TimerFired():
            is_late |= _digest(event.fire_at) != wait.detail
        case h.ExecutionStarted():
            is_late |= event.scheduled_start != due
            is_late |= _start(event.name, event.version, event.input) != wait.content
    _wait(work, replace(wait, carriers=wait.carriers + 1, late=wait.late + is_late, detail=detail))
    return True


def _come(
    work: OpenWork,
    stored: StoredMessage,
    content: tuple[object, ...],
    *,
    place: int = -1,
    number: int = -1,
    about: str = "",
    due: int | None = None,
) -> None:
    kind = type(stored.message.event).__name__
    digest = coming_content(kind, _digest(content))
    exact = _exact(stored)
    late = int(stored.due is not None and stored.due != due)
    key = digest, number
    one = work.coming.get(key)
    if one is None:
        work.coming[key] = Coming(
            kind=kind,
            content=digest,
            exact=exact,
            place=place,
            number=number,
            late=late,
            about=about,
        )
        return
    is_same = one.exact == exact
    work.coming[key] = replace(
        one,
        count=one.count + 1,
        distinct=one.distinct + (not is_same),
        exact=one.exact if is_same else _digest(tuple(sorted((one.exact, exact)))),
        late=one.late + late,
    )


def coming_content(kind: str, content: bytes) -> bytes:
    """Return the *content* of a `Coming`: the event's word, and a digest of what it brings."""
    return _digest((kind, content))


def result_content(result: str | None) -> bytes:
    """Return what a child's result brings."""
    return _digest(("result", result))


def _start(name: str | None, version: str | None, text: str | None) -> bytes:
    """Return what a start is of; when it is due is in the row, which not every endpoint shows."""
    return _digest((name or "", version or "", text))


def _exact(stored: StoredMessage) -> bytes:
    (part,) = parts_of([StoredEvent(stored.message.event)])
    return canonical.digest([canonical.message(part.events[0])])


def _digest(found: object) -> bytes:
    return hashlib.sha256(canonical.value(found)).digest()[:16]

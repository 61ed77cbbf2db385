"""What an instance carries, measured event by event: nobody needs to hold more than one of them.

A text counts as the client that sends it counts it: in UTF-8 bytes of the serialized text, wherever it is
stored. What DTFx wraps in JSON of its own, an entity's state and the operations that it is asked for, is
measured without the wrapper, for that is what another store is given. Tags are no payload.

Source: ``PayloadInterceptor.cs`` of durabletask-dotnet; orchestration semantics 5.2, 5.3.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import (
    CONTINUE,
    RELEASE,
    Request,
    guid_of,
    is_request_name,
    request_of,
    response_of,
)
from durahub.engine.entities.scheduler_state import scheduler_state_of
from durahub.errors import BadMessage
from durahub.model.failure import Failure
from durahub.model.failure_json import failure_object
from durahub.model.history import (
    ContinueAsNew,
    Event,
    EventRaised,
    EventSent,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionRewound,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    GenericEvent,
    HistoryState,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
)
from durahub.model.json_text import read_object, write
from durahub.stored import StoredInstance
from durahub_migrate.lint.facts.payloads import Payload, PayloadKind, measure

NO_BLOBS: Mapping[str, str] = MappingProxyType({})
NO_NAMES: Mapping[int, str] = MappingProxyType({})
_ANSWER = frozenset({"$type", "result", "exceptiontype", "failuredetails"})


def instance_payloads(
    row: StoredInstance | None,
    history: Iterable[Event],
    blobs: Mapping[int, Mapping[str, str]] = MappingProxyType({}),
) -> Iterator[Payload]:
    """Yield everything that an instance carries; *blobs* are those of the events by their index."""
    names: dict[int, str] = {}
    seen: list[Event] = []
    of_entity = row is not None and names_entity(row.instance_id)
    for index, event in enumerate(history):
        seen.append(event)
        asked = asked_name(event)
        if asked is not None:
            names[asked[0]] = asked[1]
        in_blobs = blobs.get(index, NO_BLOBS)
        yield from event_payloads(index, event, in_blobs, names=names, of_entity=of_entity)
    if row is not None:
        yield from row_payloads(row, seen)


def row_payloads(row: StoredInstance, history: Iterable[Event] = ()) -> Iterator[Payload]:
    """Yield what an instance's row carries and *history* does not: that has its texts without it.

    Input and output of a row are those of the history's start and end. The texts of *history* may be left
    out, its events may not.
    """
    started, ended = False, False
    for event in history:
        started = started or isinstance(event, ExecutionStarted)
        ended = ended or isinstance(event, ExecutionCompleted)
    of_entity = names_entity(row.instance_id)
    texts: list[_Text] = []
    if not started and of_entity:
        texts += _scheduler_state("Input", row.input)
    elif not started:
        texts.append(_Text(PayloadKind.INPUT, "Input", row.input, row.name))
    if not ended:
        kind = PayloadKind.FAILURE if row.status == "Failed" else PayloadKind.OUTPUT
        texts.append(_Text(kind, "Output", row.output, row.name))
    if not of_entity and row.custom_status != "null":  # so a checkpoint writes that there is none
        texts.append(_Text(PayloadKind.CUSTOM_STATUS, "CustomStatus", row.custom_status, row.name))
    for one in texts:
        yield from _measured(one, "row", None, NO_BLOBS)


def event_payloads(
    index: int,
    event: Event,
    blobs: Mapping[str, str] = NO_BLOBS,
    *,
    names: Mapping[int, str] = NO_NAMES,
    of_entity: bool = False,
) -> Iterator[Payload]:
    """Yield what *event*, the one at *index* of a history, carries.

    *blobs* are the members that stand in blobs (``Result``), with the blobs' names; one without its text
    could not be read. *names* are those of activities and children by their numbers (`asked_name`).
    *of_entity* tells that the history is an entity's.
    """
    for one in _texts(event, names, of_entity):
        yield from _measured(one, f"event {index}", index, blobs)


def message_payloads(event: Event, target: str | None = None) -> Iterator[Payload]:
    """Yield what a message on its way to the instance *target* carries."""
    for one in _texts(event, NO_NAMES, names_entity(target)):
        yield from _measured(one, "", None, NO_BLOBS)


def asked_name(event: Event) -> tuple[int, str] | None:
    """Return the number and the name of the activity or child that *event* asks for."""
    if isinstance(event, TaskScheduled | SubOrchestrationInstanceCreated) and event.name:
        return event.event_id, event.name
    return None


def names_entity(instance_id: str | None) -> bool:
    """Tell whether an ID is an entity's: ``@name@key``."""
    return instance_id is not None and is_entity(instance_id) and "@" in instance_id[1:]


class _Text(NamedTuple):
    """A text of an event or row: what it is, the member it stands in, and which piece of that."""

    kind: PayloadKind
    member: str
    text: str | None
    name: str | None = None
    piece: str = ""


def _measured(
    one: _Text, place: str, index: int | None, blobs: Mapping[str, str]
) -> Iterator[Payload]:
    where = ", ".join(filter(None, (place, one.member, one.piece)))
    blob, name = blobs.get(one.member), one.name or ""
    if one.text:
        yield measure(one.kind, where, one.text, event=index, name=name, blob=blob)
    elif blob is not None:  # nobody moves an empty text
        problem = "its blob could not be read"
        yield Payload(
            kind=one.kind, where=where, size=0, event=index, name=name, blob=blob, problem=problem
        )


def _texts(event: Event, names: Mapping[int, str], of_entity: bool) -> Iterator[_Text]:
    match event:
        case ExecutionStarted():
            if of_entity or names_entity(event.execution.instance_id):
                yield from _scheduler_state("Input", event.input)
            else:
                yield _Text(PayloadKind.INPUT, "Input", event.input, event.name)
        case ExecutionCompleted():
            yield from _end(event, of_entity)
        case TaskScheduled():
            yield _Text(PayloadKind.ACTIVITY_INPUT, "Input", event.input, event.name)
        case TaskCompleted():
            name = names.get(event.task_scheduled_id)
            yield _Text(PayloadKind.ACTIVITY_OUTPUT, "Result", event.result, name)
        case SubOrchestrationInstanceCreated():
            yield _Text(PayloadKind.INPUT, "Input", event.input, event.name)
        case SubOrchestrationInstanceCompleted():
            name = names.get(event.task_scheduled_id)
            yield _Text(PayloadKind.OUTPUT, "Result", event.result, name)
        case TaskFailed() | SubOrchestrationInstanceFailed():
            yield from _failed(event, names.get(event.task_scheduled_id))
        case EventSent():
            yield from _sent(event)
        case EventRaised():
            yield from _raised(event, of_entity)
        case _:
            yield from _others(event)


def _others(event: Event) -> Iterator[_Text]:
    match event:
        case ExecutionTerminated():
            yield _Text(PayloadKind.EVENT, "Input", event.input)
        case ExecutionSuspended() | ExecutionResumed() | ExecutionRewound():
            yield _Text(PayloadKind.EVENT, "Reason", event.reason)
        case GenericEvent():
            yield _Text(PayloadKind.EVENT, "Data", event.data)
        case HistoryState():
            yield _Text(PayloadKind.EVENT, "State", event.state)


def _end(event: ExecutionCompleted, of_entity: bool) -> Iterator[_Text]:
    goes_on = isinstance(event, ContinueAsNew) or event.status is Status.ContinuedAsNew
    if event.failure is not None:  # the result repeats it
        yield _failure(event.failure, None)
    elif goes_on and of_entity:
        yield from _scheduler_state("Result", event.result)
    elif goes_on:
        yield _Text(PayloadKind.INPUT, "Result", event.result)
    else:
        is_failure = event.status is Status.Failed
        kind = PayloadKind.FAILURE if is_failure else PayloadKind.OUTPUT
        yield _Text(kind, "Result", event.result)


def _failed(
    event: TaskFailed | SubOrchestrationInstanceFailed, name: str | None
) -> Iterator[_Text]:
    if event.failure is not None:  # reason and details repeat it
        yield _failure(event.failure, name)
    else:
        yield _Text(PayloadKind.FAILURE, "Reason", event.reason, name)
        yield _Text(PayloadKind.FAILURE, "Details", event.details, name)


def _failure(failure: Failure, name: str | None) -> _Text:
    text = write(failure_object(failure))
    return _Text(PayloadKind.FAILURE, "FailureDetails", text, name)


def _sent(event: EventSent) -> Iterator[_Text]:
    if names_entity(event.instance_id):
        yield from _to_entity(event)
    else:
        yield from _to_orchestration(event)


def _raised(event: EventRaised, of_entity: bool) -> Iterator[_Text]:
    if of_entity:
        yield from _to_entity(event)
    else:
        yield from _to_orchestration(event)


def _to_entity(event: EventSent | EventRaised) -> Iterator[_Text]:
    """Yield what an entity is sent: an operation's input; locks and releases carry nothing of a user's."""
    if event.name in (RELEASE, CONTINUE):
        return
    try:
        request = request_of(event.input) if is_request_name(event.name) else None
    except BadMessage:
        request = None
    if request is None:
        yield _Text(PayloadKind.EVENT, "Input", event.input, event.name)
    else:
        yield _operation("Input", request)


def _operation(member: str, request: Request, piece: str = "input") -> _Text:
    return _Text(PayloadKind.ENTITY_OPERATION, member, request.input, request.operation, piece)


def _to_orchestration(event: EventSent | EventRaised) -> Iterator[_Text]:
    """Yield what an orchestration is sent: an entity's answer under the GUID of the call, or an event."""
    try:
        if guid_of(event.name or "") is None or not _is_answer(event.input):
            raise BadMessage("no answer")
        answer = response_of(event.input)
    except BadMessage:
        yield _Text(PayloadKind.EVENT, "Input", event.input, event.name)
        return
    if answer.failure is not None:
        text = write(failure_object(answer.failure))
        yield _Text(PayloadKind.FAILURE, "Input", text, event.name, "failureDetails")
    else:
        yield _Text(PayloadKind.ENTITY_OPERATION, "Input", answer.result, event.name, "result")


def _is_answer(text: str | None) -> bool:
    names = {name.lower() for name in read_object(text or "")}
    return bool(names) and names <= _ANSWER


def _scheduler_state(member: str, text: str | None) -> Iterator[_Text]:
    """Yield an entity's state, and the operations that wait for it or for their predecessors."""
    try:
        found = scheduler_state_of(text)
    except BadMessage:
        yield _Text(PayloadKind.ENTITY_STATE, member, text)
        return
    yield _Text(PayloadKind.ENTITY_STATE, member, found.state, None, "state")
    for number, request in enumerate(found.queue):
        yield _operation(member, request, f"queue {number}")
    held = (one for sender in (found.sorting.senders or {}).values() for one in sender.held or ())
    for number, request in enumerate(held):
        yield _operation(member, request, f"sorter {number}")

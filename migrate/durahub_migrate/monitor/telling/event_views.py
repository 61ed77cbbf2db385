"""Events as rows that people read: entity messages as what they are, texts cut and redacted."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from durahub.model.history import (
    Event,
    EventRaised,
    ExecutionCompleted,
    ExecutionStarted,
    GenericEvent,
    HistoryState,
    SubOrchestrationInstanceFailed,
    TaskFailed,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import to_text
from durahub_migrate.monitor.histories import EventPage, EventView, Payload
from durahub_migrate.monitor.json_form import camel
from durahub_migrate.monitor.seam import LiveHistory
from durahub_migrate.monitor.telling.failures import failure_text
from durahub_migrate.monitor.telling.meanings import EntityMeaning, Meanings, meanings_of
from durahub_migrate.monitor.telling.payloads import Showing, payload_of, shown_text
from durahub_migrate.monitor.telling.redaction import RedactionPlace, nothing

REWOUND = "Rewound: "
"""Begins the reason in a row that DTFx's rewind made inert; what it was follows."""

_TOLD = frozenset(
    {
        "type",
        "event_id",
        "timestamp",
        "is_played",
        "name",
        "input",
        "result",
        "failure",
        "execution",
    }
    | {"task_scheduled_id", "timer_id", "fire_at", "instance_id", "data", "state", "details"}
)
"""Fields of events that have a place of their own in a view, or none."""

_INPUTS: Mapping[type, str] = {GenericEvent: "data", HistoryState: "state"}
_COLUMNS = {"input": "Input", "result": "Result", "data": "Data", "state": "State"}


def event_page(
    history: LiveHistory,
    *,
    after: int | None = None,
    count: int = 200,
    showing: Showing | None = None,
    meanings: Meanings | None = None,
) -> EventPage:
    """Return the *count* events behind number *after*, from the beginning without one.

    *meanings* are those of the whole history, where the caller has them already.
    """
    first = 0 if after is None else max(after + 1, 0)
    told = EventTelling(history, showing or Showing(), meanings)
    numbers = range(first, min(first + max(count, 0), len(history.events)))
    last = numbers.stop - 1
    return EventPage(
        execution_id=history.execution_id,
        events=tuple(map(told.view, numbers)),
        total=len(history.events) if history.total is None else history.total,
        after=last if numbers and last < len(history.events) - 1 else None,
    )


class EventTelling:
    """Tells the events of one history."""

    def __init__(
        self, history: LiveHistory, showing: Showing, meanings: Meanings | None = None
    ) -> None:
        self._events = history.events
        self._beside = history.beside
        self._showing = showing
        self._meanings = meanings if meanings is not None else meanings_of(history.events)
        self._missing = {(number, member): why for number, member, why in history.missing}
        self._instance_id = instance_id_of(history.events)

    def view(self, number: int) -> EventView:
        """Return an event as it is shown."""
        event = self._events[number]
        answered = self._meanings.answered.get(number)
        asked = self._events[answered] if answered is not None else None
        meaning = self._meanings.entities.get(number)
        beside = self._beside.get(number, {})
        name = getattr(event, "name", None) or getattr(asked, "name", None)
        answers: int | None = getattr(event, "task_scheduled_id", None)
        if isinstance(event, TimerFired):
            answers = event.timer_id
        due = event.fire_at if isinstance(event, TimerCreated | TimerFired) else None
        if isinstance(event, ExecutionStarted):
            due = event.scheduled_start
        peer: str | None = getattr(event, "instance_id", None) or getattr(
            asked, "instance_id", None
        )
        facts = _facts(event, beside)
        if meaning is not None:
            name = meaning.operation or name
            peer = meaning.peer or peer
            due = meaning.due
            facts["entity"] = _entity_facts(meaning)
            if meaning.asked is not None:
                answers = self._events[meaning.asked].event_id
        elif beside:
            name = name or _column(beside, "Name")
        if facts.get("reason"):
            facts["reason"] = self._shown(number, "reason", name, facts["reason"])
        return EventView(
            number=number,
            type=event.type.name,
            timestamp=event.timestamp,
            event_id=event.event_id,
            name=name,
            answers=answers,
            due=due,
            instance_id=peer,
            input=self._payload(number, "input", name),
            result=self._payload(number, "result", name),
            failure=self._shown(number, "failure", name, self.text(number, "failure")),
            facts=facts,
        )

    def text(self, number: int, member: str) -> str | None:
        """Return a text of an event, whole and unredacted.

        *member* is ``input``, ``result``, ``failure``, ``reason`` or ``message``: what an event between
        orchestrations and entities carries as it was sent.
        """
        event = self._events[number]
        meaning = self._meanings.entities.get(number)
        match member:
            case "message":
                return getattr(event, "input", None) if meaning is not None else None
            case "input" if meaning is not None:
                return meaning.input
            case "input":
                found: str | None = getattr(event, _INPUTS.get(type(event), "input"), None)
                return found
            case "result" if meaning is not None:
                return meaning.result
            case "result":
                result: str | None = getattr(event, "result", None)
                return result
            case "failure":
                return _failure(event, meaning)
            case "reason" if not isinstance(event, TaskFailed | SubOrchestrationInstanceFailed):
                reason: str | None = getattr(event, "reason", None)
                return reason
        return None

    def whole(self, number: int, member: str) -> str | None:
        """Return a whole text of an event as it may be seen."""
        text = self.text(number, member)
        if text is None:
            return None
        return self._showing.redact(self._place(number, member, self.view(number).name), text)

    def _payload(self, number: int, member: str, name: str | None) -> Payload | None:
        event = self._events[number]
        attribute = _INPUTS.get(type(event), member) if member == "input" else member
        blobs = self._beside.get(number, {}).get("blobs") or {}
        return payload_of(
            self.text(number, member),
            self._place(number, member, name),
            self._showing,
            blob=blobs.get(_COLUMNS[attribute]),
            missing=self._missing.get((number, member)),
        )

    def _shown(self, number: int, member: str, name: str | None, text: str | None) -> str | None:
        return shown_text(text, self._place(number, member, name), self._showing)

    def _place(self, number: int, member: str, name: str | None) -> RedactionPlace:
        return RedactionPlace(self._instance_id, member, name, number)


def whole_text(
    history: LiveHistory, number: int, member: str, showing: Showing | None = None
) -> str | None:
    """Return a whole text of an event, redacted; ``None`` if there is no such event, member or text."""
    if not 0 <= number < len(history.events):
        return None
    return EventTelling(history, showing or Showing(None, nothing)).whole(number, member)


def rewound_from(event: Event, beside: Mapping[str, Any]) -> str | None:
    """Return the type that *event* had before DTFx's rewind made its row inert, ``None`` if it did not.

    Without *beside* an empty text stands for a type that is not known: nothing else leaves such an event.
    """
    if not isinstance(event, GenericEvent) or event.data is not None:
        return None
    reason = _column(beside, "Reason") or ""
    return reason.removeprefix(REWOUND) if reason.startswith(REWOUND) else ""


def instance_id_of(events: Sequence[Event]) -> str:
    """Return whose history *events* are, by its start; empty where it has none."""
    for event in events[:8]:
        if isinstance(event, ExecutionStarted):
            return event.execution.instance_id
    return ""


def _failure(event: Event, meaning: EntityMeaning | None) -> str | None:
    match event:
        case TaskFailed() | SubOrchestrationInstanceFailed():
            return failure_text(event.failure, event.reason, event.details)
        case ExecutionCompleted():
            return failure_text(event.failure)
        case EventRaised() if meaning is not None:
            return failure_text(meaning.failure)
        case _:
            return None


def _facts(event: Event, beside: Mapping[str, Any]) -> dict[str, Any]:
    """Return the other members that say something, as JSON takes them."""
    facts: dict[str, Any] = {}
    for one in fields(event):
        value = getattr(event, one.name)
        if one.name in _TOLD or value is None or value is False:
            continue
        if isinstance(event, TaskFailed | SubOrchestrationInstanceFailed) and one.name == "reason":
            continue  # the failure tells it
        facts[camel(one.name)] = _plain(value, is_time=one.name == "scheduled_start")
    match event:
        case ExecutionStarted():
            facts["executionId"] = event.execution.execution_id
        case GenericEvent():
            was = rewound_from(event, beside)
            if was is not None:
                facts["rewound"] = was or None
        case _:
            pass
    columns = beside.get("columns") if beside else None
    if columns:
        facts["columns"] = {
            name: value for name, value in columns.items() if not name.endswith("@odata.type")
        }
    return facts


def _plain(value: Any, *, is_time: bool = False) -> Any:
    match value:
        case Enum():
            return value.name
        case int() if is_time:
            return to_text(value)  # type: ignore[arg-type]
        case Mapping():
            return {str(key): _plain(one) for key, one in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return {
            camel(one.name): _plain(found)
            for one in fields(value)
            if (found := getattr(value, one.name)) is not None
        }
    return value


def _entity_facts(meaning: EntityMeaning) -> dict[str, Any]:
    facts: dict[str, Any] = {"kind": meaning.kind, "requestId": meaning.request_id}
    if meaning.locks:
        facts |= {"locks": list(meaning.locks), "position": meaning.position}
    return facts


def _column(beside: Mapping[str, Any], name: str) -> str | None:
    found = (beside.get("columns") or {}).get(name)
    return found if isinstance(found, str) else None

"""What a history shows a Python orchestrator, and what its replay means. Functions of values.

The SDK finds out by itself where the app did another thing than what the history has. What the app did
*more* is left over when the whole history was shown; so is its end, if it has come to one. Compared are what
the SDK compares on a replay: an action's number, its kind and its name; and how the orchestration ended.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.actions import turn_result
from durahub.edge.entity_events import EntityEvents
from durahub.edge.projection import for_worker
from durahub.engine.action_numbers import Numbering
from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    SendEntityMessage,
    SendEvent,
    TurnResult,
)
from durahub.engine.numbering import Counting, numbering
from durahub.engine.readings import AS_IT_SEEMS, Reading
from durahub.errors import DurahubError
from durahub.model.history import (
    ActionEvent,
    Event,
    EventSent,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    SubOrchestrationInstanceCreated,
    TaskScheduled,
    TimerCreated,
)
from durahub.model.json_text import loads
from durahub.model.ticks import MINIMUM
from durahub_migrate.rehearsing.verdicts import Outcome, Verdict

PYTHON_S_BASE = 1
_NOTHING = "does nothing there"


@dataclass(frozen=True, slots=True)
class Shown:
    """A history as Python is shown it, and where each event of it stands in what is stored."""

    events: Sequence[Event]  # as stored
    request: pb.OrchestratorRequest
    places: tuple[int, ...]
    numbers: Numbering


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What came of a replay; events are counted as they were shown.

    *asked_at* tells at which event the app asked for an action, by its number; *at* is where *raised* was
    raised, *found* what the app did instead, if anything.
    """

    answer: pb.OrchestratorResponse
    asked_at: Mapping[int, int]
    ended_at: int | None = None
    raised: str = ""
    kind: str = ""
    is_mismatch: bool = False
    is_refused: bool = False
    at: int | None = None
    found: pb.OrchestratorResponse | None = None


def show(
    instance_id: str, events: Sequence[Event], base: int, reading: Reading = AS_IT_SEEMS
) -> Shown:
    """Return *events* as the app is shown them; *base* is their first action's number: 0, 1, or -1."""
    counting = Counting.AS_STORED if base == PYTHON_S_BASE else Counting.FROM_ONE_RETRIES_ALIKE
    numbers = numbering(counting, events, reading)
    renumbered = numbers.shown(events)
    started = next((one for one in events if isinstance(one, ExecutionStarted)), None)
    entities = EntityEvents.of(renumbered)
    past, places = [], []
    for event, place in zip(renumbered, _places(events, renumbered), strict=True):
        for message in for_worker([event], started, entities):
            past.append(message)
            places.append(place)
    last = pb.HistoryEvent(eventId=-1, orchestratorStarted=pb.OrchestratorStartedEvent())
    if past:
        last.timestamp.CopyFrom(past[-1].timestamp)
    request = pb.OrchestratorRequest(instanceId=instance_id, pastEvents=past, newEvents=[last])
    return Shown(events, request, tuple(places), numbers)


def _places(stored: Sequence[Event], shown: Sequence[Event]) -> list[int]:
    """Return where each of *shown* stands in *stored*; some may be left out, or stand elsewhere."""
    places: dict[tuple[object, int], list[int]] = {}
    for place, event in enumerate(stored):
        places.setdefault((event.type, event.timestamp), []).append(place)
    counts: Counter[tuple[object, int]] = Counter()
    found = []
    for index, event in enumerate(shown):
        key = (event.type, event.timestamp)
        there = places.get(key, [])
        found.append(there[min(counts[key], len(there) - 1)] if there else index)
        counts[key] += 1
    return found


def otherwise(shown: Shown, played: Played) -> Reading | None:
    """Return how else to show the history, if the replay tells that it was misread."""
    try:
        return shown.numbers.otherwise(turn_result(played.answer, MINIMUM))
    except DurahubError:
        return None


def judge(instance_id: str, name: str, shown: Shown, played: Played) -> Verdict:
    """Return what a replay means for an instance."""

    def verdict(outcome: Outcome, **said: object) -> Verdict:
        return Verdict(instance_id=instance_id, name=name, outcome=outcome, **said)  # type: ignore[arg-type]

    if played.kind == "OrchestratorNotRegisteredError":
        why = f"the app has no orchestrator {name!r}"
        return verdict(Outcome.MISSING, why=why)
    if played.kind == "sdk" or played.is_refused:
        return verdict(Outcome.ERROR, why=played.raised)
    try:
        result = turn_result(played.answer, MINIMUM)
    except DurahubError as error:
        return verdict(Outcome.ERROR, why=error.sentence)
    if played.is_mismatch:
        return verdict(Outcome.NONDETERMINISTIC, **_mismatch(shown, played))
    actions: list[Action] = [
        action for action in result.actions if not isinstance(action, Complete)
    ]
    found = (
        _not_done(shown, played, actions)
        or _left_over(shown, played, actions)
        or _wrong_end(shown, played, result)
    )
    return verdict(Outcome.NONDETERMINISTIC, **found) if found else verdict(Outcome.OK)


def _mismatch(shown: Shown, played: Played) -> dict[str, object]:
    """Return where the SDK found another action than the app's."""
    assert played.at is not None  # noqa: S101 (for the types)
    place = shown.places[min(played.at, len(shown.places) - 1)]
    event = shown.events[place]
    found = _NOTHING
    if played.found is not None:
        found = _would(turn_result(played.found, MINIMUM).actions[0])
    return {
        "event": place,
        "action": event.event_id if isinstance(event, ActionEvent) else None,
        "expected": described(event),
        "found": found,
        "why": played.raised,
    }


def _not_done(shown: Shown, played: Played, actions: list[Action]) -> dict[str, object] | None:
    """Return what the history has behind the place where the app raised something, and the app has not.

    The SDK looks no further there. What both have is taken out of *actions*.
    """
    if played.at is None:
        return None
    left = {action.id: action for action in actions}
    for index in range(played.at + 1, len(shown.places)):
        event = shown.events[shown.places[index]]
        if not isinstance(event, ActionEvent):
            continue
        action = left.get(shown.request.pastEvents[index].eventId)
        if action is None or not _fits(action, event):
            return {
                "event": shown.places[index],
                "action": event.event_id,
                "expected": described(event),
                "found": _would(action) if action is not None else f"ends: {played.raised}",
            }
        actions.remove(action)
    return None


def _fits(action: Action, event: ActionEvent) -> bool:
    match action, event:
        case ScheduleTask(), TaskScheduled():
            return action.name == event.name
        case CreateSubOrchestration(), SubOrchestrationInstanceCreated():
            return action.name == event.name
        case (CreateTimer(), TimerCreated()) | (SendEvent() | SendEntityMessage(), EventSent()):
            return True
        case _:
            return False


def _left_over(shown: Shown, played: Played, more: list[Action]) -> dict[str, object] | None:
    """Return the first thing that the app did more than the history has."""
    if not more or not _is_committed(shown.events):
        return None  # a turn that was not written to its end is done again
    first = min(more, key=lambda action: (played.asked_at.get(action.id, 0), action.id))
    asked = played.asked_at.get(first.id)
    return {
        "event": _place(shown, asked),
        "expected": "nothing more there",
        "found": _would(first),
    }


def _is_committed(events: Sequence[Event]) -> bool:
    return bool(_ends(events)) or (bool(events) and isinstance(events[-1], OrchestratorCompleted))


def _ends(events: Sequence[Event]) -> list[int]:
    """Return where the execution has ended; an end behind which a turn begins was undone by a rewind."""
    turns = [place for place, one in enumerate(events) if isinstance(one, OrchestratorStarted)]
    last = turns[-1] if turns else 0
    return [n for n, one in enumerate(events) if isinstance(one, ExecutionCompleted) and n > last]


def _wrong_end(shown: Shown, played: Played, result: TurnResult) -> dict[str, object] | None:
    """Return how the app's end differs from the history's; one that is terminated has its own."""
    ends = _ends(shown.events)
    end = next((one for one in result.actions if isinstance(one, Complete)), None)
    if not ends:
        if end is None or not _is_committed(shown.events):
            return None
        at = _place(shown, played.ended_at)
        return {"event": at, "expected": "that it goes on", "found": _would(end, played.raised)}
    recorded = shown.events[ends[-1]]
    assert isinstance(recorded, ExecutionCompleted)  # noqa: S101 (for the types)
    if recorded.status is Status.Terminated:
        return None
    expected = described(recorded)
    if end is None:
        return {"event": ends[-1], "expected": expected, "found": "goes on"}
    if end.status is not recorded.status:
        found = _would(end, played.raised)
        return {"event": ends[-1], "expected": expected, "found": found}
    if recorded.status is Status.Completed and not _same(recorded.result, end.result):
        return {"event": ends[-1], "expected": expected, "found": "ends with another output"}
    return None


def _same(one: str | None, other: str | None) -> bool:
    """Tell whether two texts are the same JSON: serializers differ in what means nothing."""
    if (one or "null") == (other or "null"):
        return True
    try:
        return bool(loads(one or "null") == loads(other or "null"))
    except ValueError:
        return False


def _place(shown: Shown, index: int | None) -> int | None:
    if index is None or not shown.places:
        return None
    return shown.places[min(index, len(shown.places) - 1)]


# -- words -----------------------------------------------------------------------------------------


def described(event: Event) -> str:
    """Return what an event says was asked for: ``activity Reserve``."""
    match event:
        case TaskScheduled():
            return f"activity {event.name}"
        case SubOrchestrationInstanceCreated():
            return f"sub-orchestration {event.name}"
        case TimerCreated():
            return "a timer"
        case EventSent():
            return f"a message to {event.instance_id}"
        case ExecutionCompleted():
            return f"the end, {event.status.name}"
        case _:
            return type(event).__name__


def _would(action: Action, raised: str = "") -> str:
    """Return what the app would do."""
    match action:
        case ScheduleTask():
            return f"calls activity {action.name}"
        case CreateSubOrchestration():
            return f"starts sub-orchestration {action.name}"
        case CreateTimer():
            return "creates a timer"
        case SendEvent():
            return f"sends an event to {action.target.instance_id}"
        case SendEntityMessage():
            return f"sends a message to {action.target}"
        case Complete():
            why = f": {raised}" if raised else ""
            return f"ends, {action.status.name}{why}"
        case _:
            return type(action).__name__

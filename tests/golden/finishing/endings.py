"""How an instance ended here, compared with how it ended under .NET.

`differences` compares everything that the expectations say of an instance. What no two runs have in
common (times, IDs that are made up, which of several results came first) and what the Python SDK says
otherwise is taken out of both before: that is `ALLOWED`, a reason for each.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from durahub.model.history import EventType

Line = dict[str, Any]
Json = Any

ORCHESTRATOR_STARTED = int(EventType.OrchestratorStarted)
ORCHESTRATOR_COMPLETED = int(EventType.OrchestratorCompleted)
EVENT_SENT = int(EventType.EventSent)
EVENT_RAISED = int(EventType.EventRaised)
TASK_COMPLETED = int(EventType.TaskCompleted)

MEMBERS = ("name", "version", "status", "input", "output", "customStatus", "tags")
GUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
EXECUTION_ID = re.compile(r"\b[0-9a-f]{32}\b")
TIME = re.compile(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z?")
UNNAMED_CHILD = re.compile(r"(?:[0-9a-f]{32}:[0-9a-f]+|.*:[0-9a-f]{4})")


@dataclass(frozen=True)
class Allowed:
    """A difference that is none. *neutral* makes a line of either side the same in that respect."""

    reason: str
    neutral: Callable[[Line], Line]


def differences(expected: Line, ours: Line) -> list[str]:
    """Return in what an instance differs from the expectation, a sentence each."""
    one, other = neutral(expected), neutral(ours)
    found = [
        f"{member}: expected {one[member]!r}, found {other[member]!r}"
        for member in MEMBERS
        if one[member] != other[member]
    ]
    if one["history"] != other["history"]:
        found += _of_histories(one["history"], other["history"])
    return found


def unequal(expected: Line, ours: Line) -> list[str]:
    """Return in what an instance that nothing happened to differs at all."""
    return [
        f"{member}: expected {expected[member]!r}, found {found!r}"
        for member, found in ours.items()
        if expected[member] != found
    ]


def neutral(line: Line) -> Line:
    """Return a line without what may differ; its history is one of turns."""
    found = {member: line[member] for member in (*MEMBERS, "history")}
    for allowed in ALLOWED:
        found = allowed.neutral(found)
    return found


def id_of(instance_id: str, named: set[str]) -> str:
    """Return an instance's ID, or what stands for one that the provider made up: not in *named*."""
    if instance_id not in named and UNNAMED_CHILD.fullmatch(instance_id):
        return "(child without a name)"
    return instance_id


def _of_histories(expected: list[Json], ours: list[Json]) -> list[str]:
    for place, (one, other) in enumerate(zip(expected, ours, strict=False)):
        if one != other:
            return [f"turn {place}: expected {one!r}, found {other!r}"]
    return [f"turns: expected {len(expected)}, found {len(ours)}"]


# -- what may differ -----------------------------------------------------------------------------


def _each_event(change: Callable[[Json], Json]) -> Callable[[Line], Line]:
    return lambda line: {**line, "history": [change(event) for event in line["history"]]}


def _without(*members: str) -> Callable[[Json], Json]:
    return lambda event: {name: one for name, one in event.items() if name not in members}


def _told(event: Json) -> Json:
    return {name: one for name, one in event.items() if one is not None}


def _versioned(line: Line) -> Line:
    def versioned(value: Json) -> Json:
        if not isinstance(value, dict):
            return value
        return {
            name: (one or None) if name == "Version" else versioned(one)
            for name, one in value.items()
        }

    version, history = line["version"] or None, [versioned(event) for event in line["history"]]
    return {**line, "version": version, "history": history}


def _without_made_up_ids(event: Json) -> Json:
    """Return an event without execution IDs, GUIDs, and names of children that had none."""
    if isinstance(event, dict):
        return {name: _without_made_up_ids(value) for name, value in event.items()}
    if isinstance(event, list):
        return [_without_made_up_ids(value) for value in event]
    if isinstance(event, str):
        if UNNAMED_CHILD.fullmatch(event):
            return "…"
        return GUID.sub("…", EXECUTION_ID.sub("…", event))
    return event


def _without_guids(line: Line) -> Line:
    return {**line, "customStatus": _without_made_up_ids(line["customStatus"])}


def _read_payload(event: Json) -> Json:
    """Return an event with the payload that it sends or gets as a value, where it is JSON."""
    read = {
        name: _value(event[name])
        for name in ("Input", "Result")
        if isinstance(event.get(name), str)
    }
    return {**event, **read}


def _value(text: Any) -> Any:
    if not isinstance(text, str):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _read_values(line: Line) -> Line:
    read = {name: _value(line[name]) for name in ("input", "output", "customStatus")}
    return {**line, **read}


_OF_FUNCTIONS = ("IsLockRequest", "createTrace", "requestTime", "parentTraceContext", "$type")


def _plain_entity(line: Line) -> Line:
    """Return a line, of an entity without what it remembers of those who have written to it."""
    given = line["input"]
    if not isinstance(given, dict) or "sorter" not in given:
        return line
    plain = _without("sorter")(given)
    events = [
        {**e, "Input": plain} if "sorter" in str(e.get("Input")) else e for e in line["history"]
    ]
    return {**line, "input": plain, "history": events}


def _plain_message(event: Json) -> Json:
    """Return an event with an entity's message in it as it means: without labels and types."""
    message = event.get("Input")
    if event["EventType"] not in (EVENT_SENT, EVENT_RAISED) or not isinstance(message, dict):
        return event
    plain = {
        name: one
        for name, one in message.items()
        if name not in (*_OF_FUNCTIONS, "Timestamp", "Predecessor")
    }
    return {**event, "Input": plain}


def _answered_once(line: Line) -> Line:
    """Return a line without results of activities that had their result already."""
    seen: set[int] = set()
    events = []
    for event in line["history"]:
        if event["EventType"] == TASK_COMPLETED:
            if event["TaskScheduledId"] in seen:
                continue
            seen.add(event["TaskScheduledId"])
        events.append(event)
    return {**line, "history": events}


def _in_turns(line: Line) -> Line:
    """Return a line whose history is a list of turns: what arrived (in any order), what was done.

    A turn that did nothing is one with the next: whether two results come to one turn or to two
    depends on when they are looked for.
    """
    turns: list[tuple[list[Json], list[Json]]] = []
    arrived: list[Json] = []
    done: list[Json] = []
    for event in line["history"]:
        if event["EventType"] == ORCHESTRATOR_STARTED:
            continue
        if event["EventType"] == ORCHESTRATOR_COMPLETED:
            if done:
                turns.append((sorted(arrived, key=repr), done))
                arrived, done = [], []
        elif event["EventId"] >= 0:
            done.append(event)
        else:
            arrived.append(event)
    if arrived or done:
        turns.append((sorted(arrived, key=repr), done))
    return {**line, "history": turns}


_FAILURE = ("Reason", "Details", "FailureDetails")


def _told_by_dotnet(event: Json) -> Json:
    """Return an event without the words in which a language tells a failure, but with the innermost."""
    failure = event.get("FailureDetails")
    if not failure:
        return event
    plain = _without("Reason", "Details")(event)
    return {**plain, "FailureDetails": failure["ErrorMessage"]}


ALLOWED = (
    Allowed(
        "times differ from run to run",
        _each_event(_without("Timestamp", "FireAt", "IsPlayed")),
    ),
    Allowed("no version is null or an empty text, which means the same", _versioned),
    Allowed(
        "members that only some versions of DTFx write, or only where it traces",
        _each_event(
            _without(
                "$type", "GenerateNewTrace", "ParentTraceContext", "ClientSpanId", "Correlation"
            )
        ),
    ),
    Allowed("members that a version does not know are null for the next one", _each_event(_told)),
    Allowed("spaces and escapes in JSON are the writer's", _each_event(_read_payload)),
    Allowed("the same of inputs, outputs and custom statuses", _read_values),
    Allowed("an entity remembers times of messages", _plain_entity),
    Allowed("labels and types of messages to entities", _each_event(_plain_message)),
    Allowed("failures are told in the words of a language", _each_event(_told_by_dotnet)),
    Allowed("IDs that are made up", _each_event(_without_made_up_ids)),
    Allowed("the GUIDs of an SDK are its own", _without_guids),
    Allowed("a result that arrives twice is stored once", _answered_once),
    Allowed("results of what runs side by side come in any order", _in_turns),
)

"""What of two messages must be equal: all but times, tokens and ids that a server makes up."""

import json
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf import json_format

from tests.golden.grpc_dotnet.recorded_work import key_of

Json = Any

LEFT_OUT = frozenset(
    {
        *("timestamp", "createdTimestamp", "lastUpdatedTimestamp", "completedTimestamp"),
        *("scheduledStartTimestamp", "scheduledTime", "fireAt", "lastModifiedTime"),
        *("completionToken", "executionId", "parentExecutionId"),
        *("continuationToken", "lastInstanceKey"),
        "recurse",  # is the server's business
        *("orchestrationSpanID", "entityMessageReorderWindow", "backlogQueueSize"),
    }
)
NULL_OR_EMPTY = frozenset({"version", "traceState"})  # nothing tells null from "" here
LONG = 3000  # characters; longer texts were cut in the transcripts


def neutral(message: Any) -> Json:
    """Return a message as JSON without what may differ."""
    return _neutral(json_format.MessageToDict(message))


def _neutral(value: Json) -> Json:
    match value:
        case {"failureDetails": _, "output": _}:  # the output of a failed instance is that as text
            return _neutral({name: one for name, one in value.items() if name != "output"})
        case {"taskScheduled": {"input": _}} | {"subOrchestrationInstanceCreated": {"input": _}}:
            (kind,) = value.keys() & {"taskScheduled", "subOrchestrationInstanceCreated"}
            rest = {name: one for name, one in value[kind].items() if name != "input"}
            return _neutral({**value, kind: rest})  # stored, and so sent, in the message alone
        case dict():
            return {
                name: _neutral(one)
                for name, one in value.items()
                if name not in LEFT_OUT and not (name in NULL_OR_EMPTY and not one)
            }
        case list():
            return [_neutral(one) for one in value]
        case str() if len(value) > LONG:
            return f"<{len(value)} characters>"
    return value


def events(found: Any) -> list[str]:
    """Return the events of a turn that both sides must have, in the order of their texts.

    Several events may come in one turn or in several; a server may say where turns end or not.
    """
    kept = (e for e in found if not e.WhichOneof("eventType").startswith("orchestrator"))
    return sorted(json.dumps(_own(e), sort_keys=True, ensure_ascii=False) for e in kept)


def _own(event: pb.HistoryEvent) -> Json:
    """Return an event without the parent of an entity message, which is the orchestration itself."""
    found = neutral(event)
    for kind in ("entityOperationCalled", "entityLockRequested"):
        found.get(kind, {}).pop("parentInstanceId", None)
    return found


def complaints(request: pb.OrchestratorRequest) -> list[str]:
    """Return what a worker that relies on the form of a turn would trip over."""
    found = []
    everything = [*request.pastEvents, *request.newEvents]
    if not request.newEvents or not request.newEvents[0].HasField("orchestratorStarted"):
        found.append("a turn begins with orchestratorStarted")
    if not all(event.HasField("timestamp") for event in everything):
        found.append("every event has a timestamp")
    if any(e.eventId != -1 for e in everything if key_of(e) is not None):
        found.append("an inbound event has the ID -1")
    if not request.entityParameters.HasField("entityMessageReorderWindow"):
        found.append("there is a reorder window")
    actions = [e.eventId for e in request.pastEvents if e.eventId != -1]
    if len(set(actions)) != len(actions):
        found.append("every action has its own event")
    return found

"""What the .NET SDK was recorded to send and to accept."""

import base64
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf import empty_pb2, json_format, unknown_fields
from history_decoding import decode

from durahub.dispatch.work import OrchestratorWork
from durahub.edge.actions import turn_result
from durahub.edge.turn_items import REORDER_WINDOW
from durahub.edge.work_items import stream_options, work_item
from durahub.engine.actions import (
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    SendEntityMessage,
    SendEvent,
)
from durahub.model.history import ExecutionStarted
from durahub.model.ticks import Ticks

RECORDINGS = Path(__file__).parents[2] / "golden" / "grpc-dotnet"
SCENARIOS = sorted(path.stem for path in RECORDINGS.glob("*.jsonl"))
NOW = Ticks(1)

KIND_OF_ARM = {
    "scheduleTask": ScheduleTask,
    "createTimer": CreateTimer,
    "createSubOrchestration": CreateSubOrchestration,
    "sendEvent": SendEvent,
    "sendEntityMessage": SendEntityMessage,
    "completeOrchestration": Complete,
}


def lines(scenario: str) -> Iterator[dict[str, Any]]:
    with (RECORDINGS / f"{scenario}.jsonl").open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def messages(scenario: str, type_name: str | None = None) -> Iterator[tuple[Any, dict[str, Any]]]:
    """Yield every whole message of a transcript and its line."""
    for line in lines(scenario):
        if "base64" in line and type_name in (None, line["type"]):
            cls = empty_pb2.Empty if "Empty" in line["type"] else getattr(pb, line["type"])
            yield cls.FromString(base64.b64decode(line["base64"])), line


def has_unknown_fields(message: Any) -> bool:
    if len(unknown_fields.UnknownFieldSet(message)):
        return True
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            inner = [v for v in value.values() if hasattr(v, "ListFields")]
        else:
            inner = value if field.is_repeated else [value]
        if any(has_unknown_fields(each) for each in inner):
            return True
    return False


def cut(content: Any) -> Any:
    """Return JSON with long texts cut as in the transcripts: by their length alone."""
    if isinstance(content, dict):
        return {key: cut(inner) for key, inner in content.items()}
    if isinstance(content, list):
        return [cut(inner) for inner in content]
    if isinstance(content, str):
        already = re.match(r"<(\d+) characters: ", content)
        if already:
            return f"<{already[1]}>"
        return f"<{len(content)}>" if len(content) > 3000 else content
    return content


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_recorded_message_is_known_to_the_last_field(scenario: str) -> None:
    found = list(messages(scenario))
    assert found
    for message, line in found:
        assert not has_unknown_fields(message)
        assert cut(json_format.MessageToDict(message)) == cut(line["json"])


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_every_recorded_completion_is_a_turn_with_one_action_for_each_of_its_own(
    scenario: str,
) -> None:
    for response, _ in messages(scenario, "OrchestratorResponse"):
        arms = [a.WhichOneof("orchestratorActionType") for a in response.actions]
        result = turn_result(response, NOW)
        assert [type(action) for action in result.actions] == [KIND_OF_ARM[arm] for arm in arms]
        assert [action.id for action in result.actions] == [a.id for a in response.actions]
        custom = response.customStatus.value if response.HasField("customStatus") else None
        assert result.custom_status == custom


BROKEN_ON_PURPOSE = "bad-work-items"  # events without a time, without a start


@pytest.mark.parametrize("scenario", [name for name in SCENARIOS if name != BROKEN_ON_PURPOSE])
def test_every_recorded_work_item_can_be_made_from_domain_events(scenario: str) -> None:
    for item, _ in messages(scenario, "WorkItem"):
        if not item.HasField("orchestratorRequest"):
            continue
        recorded = item.orchestratorRequest
        if any(e.WhichOneof("eventType").startswith("entity") for e in events_of(item)):
            continue  # entity events have no domain class yet
        if not any(e.HasField("executionStarted") for e in events_of(item)):
            continue  # history is streamed, or the item is broken on purpose
        past = tuple(decode(event) for event in recorded.pastEvents)
        new = tuple(decode(event) for event in recorded.newEvents)
        work = OrchestratorWork(
            token=item.completionToken,
            instance_id=recorded.instanceId,
            execution_id=recorded.executionId.value,
            past=past,
            new=new,
            started=next(e for e in (*past, *new) if isinstance(e, ExecutionStarted)),
        )
        sent = work_item(work, history_streaming=False)
        assert pb.WorkItem.FromString(sent) == as_it_is_sent(item)


def events_of(item: pb.WorkItem) -> list[pb.HistoryEvent]:
    return [*item.orchestratorRequest.pastEvents, *item.orchestratorRequest.newEvents]


def as_it_is_sent(item: pb.WorkItem) -> pb.WorkItem:
    """Return *item* with null for every "" that is a version, without ``recurse``, with our window.

    A rewind that is past is not sent, for some workers do not know the event.
    """
    request = item.orchestratorRequest
    if not any(event.HasField("executionRewound") for event in request.newEvents):
        kept = [event for event in request.pastEvents if not event.HasField("executionRewound")]
        del request.pastEvents[:]
        request.pastEvents.extend(kept)
    item.orchestratorRequest.entityParameters.entityMessageReorderWindow.seconds = REORDER_WINDOW
    for event in events_of(item):
        body = getattr(event, event.WhichOneof("eventType"))
        if hasattr(body, "version") and not body.version.value:
            body.ClearField("version")
        if hasattr(body, "recurse"):
            body.ClearField("recurse")
    return item


def test_a_worker_that_set_no_filters_takes_everything() -> None:
    requests = [r for s in SCENARIOS for r, _ in messages(s, "GetWorkItemsRequest")]
    unfiltered = [r for r in requests if r.workItemFilters == pb.WorkItemFilters()]
    assert unfiltered
    for request in unfiltered:
        options = stream_options(request, "w")
        assert options.filters is None
        assert options.history_streaming
        assert options.max_activities == 200

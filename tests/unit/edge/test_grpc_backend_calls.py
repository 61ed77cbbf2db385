"""``BackendService``: what its calls ask of the hub, and what they answer."""

from collections.abc import Sequence
from typing import Any

import grpc
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from fake_task_hub import FakeTaskHub, an_instance
from google.protobuf.message_factory import GetMessageClass
from grpc_edge import Edge, served

from durahub.dispatch.load import Load, WorkNumbers
from durahub.edge.backend import backend_service_pb2 as bs
from durahub.errors import InstanceExists
from durahub.model.history import (
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    TimerCreated,
    TimerFired,
)
from durahub.model.ticks import from_unix

NOW = from_unix(1_700_000_000)
SERVICE = bs.DESCRIPTOR.services_by_name["BackendService"]
HISTORY = (
    OrchestratorStarted(timestamp=NOW),
    ExecutionStarted(timestamp=NOW, execution=Execution("order-7", "e1"), name="Order"),
    TimerCreated(event_id=-100, timestamp=NOW, fire_at=NOW),
    TimerFired(timestamp=NOW, timer_id=-100, fire_at=NOW),
    ExecutionCompleted(event_id=0, timestamp=NOW, status=Status.Completed),
    OrchestratorCompleted(timestamp=NOW),
)
ARMS = (
    "orchestratorStarted",
    "executionStarted",
    "timerCreated",
    "timerFired",
    "executionCompleted",
    "orchestratorCompleted",
)


class BackendHub(FakeTaskHub):
    """A hub with what only this service asks for."""

    async def load(self) -> Load:
        return Load(
            orchestrations=WorkNumbers(20, 3, 7.9),
            activities=WorkNumbers(1, 2, 0.0),
            entities=WorkNumbers(),
            workers=4,
        )

    async def drain_worker(self, worker_id: str) -> bool:
        self._called("drain_worker", worker_id)
        return worker_id == "w1"

    async def force_terminate(self, ids: Sequence[str], reason: str | None) -> tuple[str, ...]:
        self._called("force_terminate", tuple(ids), reason)
        return ("left",)

    async def rewind(self, instance_id: str, reason: str | None) -> None:
        self._called("rewind", instance_id, reason)

    async def signal_entity(self, instance_id: str, name: str, given: Any, **more: Any) -> None:
        self._called("signal_entity", instance_id, name, given, more["request_id"])

    async def abandon(self, token: str, *, at_once: bool = False) -> None:
        self._called("abandon", token, at_once)


async def call(edge: Edge, name: str, request: Any, **metadata: str) -> Any:
    method = SERVICE.methods_by_name[name]
    kind = edge.channel.unary_stream if method.server_streaming else edge.channel.unary_unary
    ask = kind(
        f"/{SERVICE.full_name}/{name}",
        request_serializer=GetMessageClass(method.input_type).SerializeToString,
        response_deserializer=GetMessageClass(method.output_type).FromString,
    )
    given = ask(request, metadata=tuple(metadata.items()))
    if method.server_streaming:
        return [event async for chunk in given for event in chunk.events]
    return await given


def event_for(instance_id: str, run: str = "", **arm: Any) -> bs.AddEventRequest:
    target = pb.OrchestrationInstance(instanceId=instance_id)
    if run:
        target.executionId.value = run
    return bs.AddEventRequest(instance=target, event=pb.HistoryEvent(eventId=-1, **arm))


@pytest.mark.parametrize(
    ("event", "asked"),
    [
        (
            {"eventRaised": pb.EventRaisedEvent(name="Go", input={"value": "1"})},
            ("raise_event", "order-7", "Go", "1"),
        ),
        (
            {"executionTerminated": pb.ExecutionTerminatedEvent(recurse=True)},
            ("terminate", "order-7", None, True),
        ),
        (
            {"executionSuspended": pb.ExecutionSuspendedEvent(input={"value": "r"})},
            ("suspend", "order-7", "r"),
        ),
        ({"executionResumed": pb.ExecutionResumedEvent()}, ("resume", "order-7", None)),
        (
            {"executionRewound": pb.ExecutionRewoundEvent(reason={"value": "r"})},
            ("rewind", "order-7", "r"),
        ),
    ],
)
async def test_an_event_is_the_operation_that_it_stands_for(
    event: dict[str, Any], asked: tuple[object, ...]
) -> None:
    async with served(BackendHub()) as edge:
        assert await call(edge, "AddEvent", event_for("order-7", **event)) == bs.AddEventResponse()
        assert edge.hub.calls == [asked]


async def test_a_signal_goes_to_its_entity() -> None:
    signal = pb.EntityOperationSignaledEvent(requestId="r", operation="add", input={"value": "1"})
    async with served(BackendHub()) as edge:
        await call(edge, "AddEvent", event_for("@counter@a", entityOperationSignaled=signal))
        assert edge.hub.calls == [("signal_entity", "@counter@a", "add", "1", "r")]


async def test_a_signal_in_dtfxs_own_form_goes_to_its_entity() -> None:
    text = '{"op":"add","signal":true,"input":"1","id":"r"}'
    async with served(BackendHub()) as edge:
        op = pb.EventRaisedEvent(name="op", input={"value": text})
        await call(edge, "AddEvent", event_for("@counter@a", eventRaised=op))
        assert edge.hub.calls == [("signal_entity", "@counter@a", "add", "1", "r")]
        for name, given in (("op", "{}"), ("Go", text)):
            bad = pb.EventRaisedEvent(name=name, input={"value": given})
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call(edge, "AddEvent", event_for("@counter@a", eventRaised=bad))
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_an_event_for_an_execution_that_is_gone_has_no_effect() -> None:
    hub = BackendHub()
    await hub.put(an_instance("order-7"))
    async with served(hub) as edge:
        for run in ("E1", "e0"):
            go = event_for("order-7", run, eventRaised=pb.EventRaisedEvent(name=run))
            await call(edge, "AddEvent", go)
    assert hub.called("raise_event") == [("order-7", "E1", None)]


async def test_an_event_that_no_client_sends_is_refused() -> None:
    async with served(BackendHub()) as edge:
        for event in ({}, {"taskCompleted": pb.TaskCompletedEvent()}):
            with pytest.raises(grpc.aio.AioRpcError) as refused:
                await call(edge, "AddEvent", event_for("order-7", **event))
            assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_the_load_is_told_in_whole_seconds() -> None:
    async with served(BackendHub()) as edge:
        metrics = (await call(edge, "GetMetrics", bs.GetMetricsRequest())).metrics
    assert metrics == bs.BackendMetrics(
        orchestratorWorkItems=bs.WorkItemMetrics(pending=20, active=3, oldestAgeInSeconds=7),
        activityWorkItems=bs.WorkItemMetrics(pending=1, active=2),
        entityWorkItems=bs.WorkItemMetrics(),
        connectedWorkers=bs.ConnectedWorkerMetrics(count=4),
    )


@pytest.mark.parametrize(("worker", "found"), [("w1", True), ("w2", False), ("", False)])
async def test_a_worker_that_drains_is_found_by_its_id(worker: str, found: bool) -> None:
    async with served(BackendHub()) as edge:
        request = bs.BeginWorkerDrainRequest()
        answer = await call(edge, "BeginWorkerDrain", request, workerid=worker)
        assert answer.workerFound is found
        assert edge.hub.called("drain_worker") == ([(worker,)] if worker else [])


async def test_terminations_without_workers_tell_what_is_left() -> None:
    request = pb.SkipGracefulOrchestrationTerminationsRequest(
        instanceBatch=pb.InstanceBatch(instanceIds=["a", "left"]), reason={"value": "r"}
    )
    async with served(BackendHub()) as edge:
        answer = await call(edge, "SkipGracefulOrchestrationTerminations", request)
        assert list(answer.unterminatedInstanceIds) == ["left"]
        assert edge.hub.called("force_terminate") == [(("a", "left"), "r")]
        request.instanceBatch.instanceIds.extend(map(str, range(500)))
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(edge, "SkipGracefulOrchestrationTerminations", request)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_a_start_keeps_the_execution_id_and_is_refused_like_any_other() -> None:
    request = pb.CreateInstanceRequest(
        instanceId="order-7", name="Order", executionId={"value": "e9"}
    )
    hub = BackendHub()
    async with served(hub) as edge:
        answer = await call(edge, "CreateInstance", request)
        assert answer.instanceId == "order-7"
        [(start,)] = hub.called("start")
        assert start.execution_id == "e9"  # type: ignore[attr-defined]
        hub.error = InstanceExists("order-7", "Running")
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(edge, "CreateInstance", request)
        assert refused.value.code() is grpc.StatusCode.ALREADY_EXISTS


async def test_clients_get_all_that_is_stored_and_workers_what_their_turn_has() -> None:
    hub = BackendHub()
    hub.histories["order-7"] = list(HISTORY)
    asked = bs.GetOrchestrationRuntimeStateRequest(
        instance=pb.OrchestrationInstance(instanceId="order-7")
    )
    async with served(hub) as edge:
        without = (await call(edge, "GetOrchestrationRuntimeState", asked)).history
        hub.work["order-7"] = HISTORY[:2]
        of_turn = (await call(edge, "GetOrchestrationRuntimeState", asked)).history
        request = pb.StreamInstanceHistoryRequest(instanceId="order-7")
        stored = await call(edge, "StreamInstanceHistory", request)
        request.forWorkItemProcessing = True
        for_turn = await call(edge, "StreamInstanceHistory", request)
    assert tuple(event.WhichOneof("eventType") for event in stored) == ARMS
    assert list(without) == []
    assert list(of_turn) == for_turn == stored[:2]


async def test_what_is_released_is_free_at_once_and_what_is_abandoned_later() -> None:
    async with served(BackendHub()) as edge:
        for name, request in (
            ("ReleaseOrchestrationWorkItem", bs.ReleaseOrchestrationWorkItemRequest),
            ("ReleaseEntityWorkItem", bs.ReleaseEntityWorkItemRequest),
            ("AbandonOrchestrationWorkItem", bs.AbandonOrchestrationWorkItemRequest),
            ("AbandonActivityWorkItem", bs.AbandonActivityWorkItemRequest),
            ("AbandonEntityWorkItem", bs.AbandonEntityWorkItemRequest),
        ):
            await call(edge, name, request(completionToken=name[:3]))
        at_once = {("Rel", True)}
        assert set(edge.hub.called("abandon")) == at_once | {("Aba", False)}


async def test_an_activity_without_a_failure_is_failed_all_the_same() -> None:
    hub = BackendHub()
    hub.open_tokens.update("abc")
    failed = pb.TaskFailedEvent(failureDetails=pb.TaskFailureDetails(errorType="E"))
    async with served(hub) as edge:
        for token, event in (
            ("a", pb.HistoryEvent(taskCompleted=pb.TaskCompletedEvent(result={"value": "1"}))),
            ("b", pb.HistoryEvent(taskFailed=failed)),
            ("c", pb.HistoryEvent(taskFailed=pb.TaskFailedEvent())),
        ):
            request = bs.CompleteActivityWorkItemRequest(completionToken=token, responseEvent=event)
            await call(edge, "CompleteActivityWorkItem", request)
    done, told, untold = hub.called("complete_activity")
    assert done == ("a", "", 0, "1", None)
    assert told[4].error_type == "E"  # type: ignore[attr-defined]
    assert untold[4].error_type == "(unknown)"  # type: ignore[attr-defined]


async def test_an_answer_that_is_none_gives_the_activity_back() -> None:
    request = bs.CompleteActivityWorkItemRequest(
        completionToken="a", responseEvent=pb.HistoryEvent(eventRaised=pb.EventRaisedEvent())
    )
    async with served(BackendHub()) as edge:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await call(edge, "CompleteActivityWorkItem", request)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert edge.hub.called("abandon") == [("a", False)]

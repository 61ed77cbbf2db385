"""A worker and a client of ``BackendService`` that do what DTFx's closed ones do, as far as is known."""

import asyncio
import contextlib
import json
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.message_factory import GetMessageClass

from durahub.edge.backend import backend_service_pb2 as bs
from tests.sdk.dtfx_replay import Orchestrator, Run, run

SERVICE = bs.DESCRIPTOR.services_by_name["BackendService"]
Activity = Callable[[Any], Any]


class Stub:
    """The calls of the service: ``await stub.Ping(bs.PingRequest())``."""

    def __init__(self, channel: grpc.aio.Channel, hub: str, worker_id: str | None = None) -> None:
        self._channel = channel
        self._metadata = [("taskhub", hub)] + ([("workerid", worker_id)] if worker_id else [])

    def __getattr__(self, name: str) -> Any:
        method = SERVICE.methods_by_name[name]
        kind = self._channel.unary_stream if method.server_streaming else self._channel.unary_unary
        call = kind(
            f"/{SERVICE.full_name}/{name}",
            request_serializer=GetMessageClass(method.input_type).SerializeToString,
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        return lambda request, **how: call(request, metadata=self._metadata, **how)


@dataclass
class Completed:
    """A turn as it is handed in: history, tasks, timers and messages."""

    history: list[pb.HistoryEvent]
    tasks: list[pb.HistoryEvent] = field(default_factory=list)
    timers: list[pb.HistoryEvent] = field(default_factory=list)
    messages: list[bs.OrchestratorMessage] = field(default_factory=list)
    status: int = pb.ORCHESTRATION_STATUS_RUNNING
    custom_status: str | None = None


def complete(
    orchestrators: dict[str, Orchestrator],
    past: list[pb.HistoryEvent],
    new: list[pb.HistoryEvent],
) -> Completed:
    """Run a turn, and the generations that follow within it."""
    turn = Completed([_now(orchestratorStarted=pb.OrchestratorStartedEvent()), *new])
    while True:
        ran = run(orchestrators, [*past, *turn.history])
        for number, action in sorted(ran.context.actions.items()):
            action.timestamp.GetCurrentTime()
            turn.history.append(action)
            _send(turn, ran, number, action)
        turn.custom_status = ran.context.custom_status
        end = ran.end
        if end is None or ran.context.again is None:
            break
        turn.history = _next_generation(ran)
        past = []
    if end is not None:
        turn.status = end.orchestrationStatus
        ended = _now(executionCompleted=end)
        ended.eventId = ran.context._next
        turn.history.append(ended)
        _tell_parent(turn, ran, end)
    turn.history.append(_now(orchestratorCompleted=pb.OrchestratorCompletedEvent()))
    return turn


def _next_generation(ran: Run) -> list[pb.HistoryEvent]:
    start = pb.HistoryEvent()
    start.CopyFrom(ran.context.start)
    start.timestamp.GetCurrentTime()
    start.executionStarted.orchestrationInstance.executionId.value = uuid.uuid4().hex
    assert ran.context.again is not None
    assert ran.end is not None
    start.executionStarted.input.value = str(ran.context.again[0])
    return [
        _now(orchestratorStarted=pb.OrchestratorStartedEvent()),
        start,
        *ran.unread,
        _now(orchestratorCompleted=pb.OrchestratorCompletedEvent()),
    ]


def _send(turn: Completed, ran: Run, number: int, action: pb.HistoryEvent) -> None:
    """Note what *action* sends."""
    context = ran.context
    match action.WhichOneof("eventType"):
        case "taskScheduled":
            turn.tasks.append(action)
        case "timerCreated":
            fired = pb.TimerFiredEvent(timerId=number, fireAt=action.timerCreated.fireAt)
            turn.timers.append(_now(timerFired=fired))
        case "subOrchestrationInstanceCreated":
            created = action.subOrchestrationInstanceCreated
            child = pb.OrchestrationInstance(
                instanceId=created.instanceId, executionId={"value": uuid.uuid4().hex}
            )
            start = pb.ExecutionStartedEvent(
                name=created.name,
                input=created.input,
                orchestrationInstance=child,
                parentInstance=pb.ParentInstanceInfo(
                    taskScheduledId=number,
                    name={"value": context.name},
                    orchestrationInstance=context.start.executionStarted.orchestrationInstance,
                ),
            )
            event = _now(executionStarted=start)
            turn.messages.append(bs.OrchestratorMessage(instance=child, event=event))
        case "eventSent":
            sent = action.eventSent
            raised = pb.EventRaisedEvent(name=sent.name, input=sent.input)
            target = pb.OrchestrationInstance(instanceId=sent.instanceId)
            message = bs.OrchestratorMessage(instance=target, event=_now(eventRaised=raised))
            turn.messages.append(message)
        case "entityOperationCalled" | "entityOperationSignaled" as arm:
            entity = getattr(action, arm).targetInstanceId.value
            target = pb.OrchestrationInstance(instanceId=entity)
            event = _now(**{arm: getattr(action, arm)})
            turn.messages.append(bs.OrchestratorMessage(instance=target, event=event))


def _tell_parent(turn: Completed, ran: Run, end: pb.ExecutionCompletedEvent) -> None:
    started = ran.context.start.executionStarted
    if not started.HasField("parentInstance"):
        return
    number = started.parentInstance.taskScheduledId
    if end.orchestrationStatus == pb.ORCHESTRATION_STATUS_COMPLETED:
        told = _now(
            subOrchestrationInstanceCompleted=pb.SubOrchestrationInstanceCompletedEvent(
                taskScheduledId=number, result=end.result
            )
        )
    else:
        told = _now(
            subOrchestrationInstanceFailed=pb.SubOrchestrationInstanceFailedEvent(
                taskScheduledId=number, failureDetails=end.failureDetails
            )
        )
    parent = started.parentInstance.orchestrationInstance
    turn.messages.append(bs.OrchestratorMessage(instance=parent, event=told))


def _now(**arm: Any) -> pb.HistoryEvent:
    event = pb.HistoryEvent(eventId=-1, **arm)
    event.timestamp.GetCurrentTime()
    return event


class DtfxWorker:
    """A worker: it takes work from the stream and hands in what came of it.

    ``seen`` holds every work item that came. While ``hold`` is set, nothing is done with them.
    """

    def __init__(
        self,
        channel: grpc.aio.Channel,
        hub: str,
        orchestrators: dict[str, Orchestrator],
        activities: dict[str, Activity],
        *,
        worker_id: str = "dtfx-1",
        maximum: int = 10,
        fetches_history: bool = False,
        filtered: bool = False,
    ) -> None:
        self.stub = Stub(channel, hub, worker_id)
        self.seen: list[pb.WorkItem] = []
        self.arrived = asyncio.Condition()
        self.hold = False
        self.refused: list[grpc.StatusCode] = []
        self.on_turn: Callable[[pb.WorkItem], Awaitable[bool]] | None = None
        self._orchestrators = orchestrators
        self._activities = activities
        self._maximum = maximum
        self._fetches = fetches_history
        self._filtered = filtered
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Work until cancelled or until the server ends the stream."""
        request = pb.GetWorkItemsRequest(
            maxConcurrentOrchestrationWorkItems=self._maximum,
            maxConcurrentActivityWorkItems=self._maximum,
            maxConcurrentEntityWorkItems=self._maximum,
        )
        if self._filtered:
            for name in self._orchestrators:
                request.workItemFilters.orchestrations.add(name=name)
            for name in self._activities:
                request.workItemFilters.activities.add(name=name)
        try:
            async for item in self.stub.GetWorkItems(request):
                if item.HasField("healthPing"):
                    continue
                async with self.arrived:
                    self.seen.append(item)
                    self.arrived.notify_all()
                if not self.hold:
                    task = asyncio.create_task(self.do(item))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
        finally:
            for task in self._tasks:
                task.cancel()

    async def until_seen(self, count: int) -> pb.WorkItem:
        """Wait until *count* work items have come; return the last of them."""
        async with self.arrived:
            await asyncio.wait_for(self.arrived.wait_for(lambda: len(self.seen) >= count), 60)
        return self.seen[count - 1]

    async def do(self, item: pb.WorkItem) -> None:
        """Do a work item and hand it in."""
        try:
            if item.HasField("activityRequest"):
                await self._do_activity(item)
            elif item.HasField("entityRequestV2"):
                await self.stub.CompleteEntityWorkItem(entity_completion(item))
            elif self.on_turn is None or not await self.on_turn(item):
                await self.stub.CompleteOrchestrationWorkItem(await self.completion(item))
        except grpc.aio.AioRpcError as error:
            self.refused.append(error.code())

    async def completion(self, item: pb.WorkItem) -> bs.CompleteOrchestrationWorkItemRequest:
        """Return what comes of a turn."""
        asked = item.orchestratorRequest
        instance = pb.OrchestrationInstance(
            instanceId=asked.instanceId, executionId=asked.executionId
        )
        past = list(asked.pastEvents)
        if not past or self._fetches:
            state = bs.GetOrchestrationRuntimeStateRequest(instance=instance)
            past = list((await self.stub.GetOrchestrationRuntimeState(state)).history)
        return handed_in(item, complete(self._orchestrators, past, list(asked.newEvents)))

    async def _do_activity(self, item: pb.WorkItem) -> None:
        asked = item.activityRequest
        response = pb.HistoryEvent(eventId=-1)
        response.timestamp.GetCurrentTime()
        try:
            given = json.loads(asked.input.value) if asked.input.value else None
            result = json.dumps(self._activities[asked.name](given))
            response.taskCompleted.taskScheduledId = asked.taskId
            response.taskCompleted.result.value = result
        except Exception as error:
            response.taskFailed.taskScheduledId = asked.taskId
            response.taskFailed.failureDetails.errorType = type(error).__name__
            response.taskFailed.failureDetails.errorMessage = str(error)
        await self.stub.CompleteActivityWorkItem(
            bs.CompleteActivityWorkItemRequest(
                completionToken=item.completionToken, responseEvent=response
            )
        )


def handed_in(item: pb.WorkItem, turn: Completed) -> bs.CompleteOrchestrationWorkItemRequest:
    """Return the request that hands *turn* in."""
    asked = item.orchestratorRequest
    request = bs.CompleteOrchestrationWorkItemRequest(
        completionToken=item.completionToken,
        instance=pb.OrchestrationInstance(
            instanceId=asked.instanceId, executionId=asked.executionId
        ),
        runtimeStatus=turn.status,
        newHistory=turn.history,
        newTasks=turn.tasks,
        newTimers=turn.timers,
        newMessages=turn.messages,
    )
    if turn.custom_status is not None:
        request.customStatus.value = turn.custom_status
    return request


def entity_completion(item: pb.WorkItem) -> bs.CompleteEntityWorkItemRequest:
    """Run a counter: ``add`` and ``get``."""
    asked = item.entityRequestV2
    value = int(asked.entityState.value or 0)
    messages = []
    for request in asked.operationRequests:
        arm = request.WhichOneof("eventType")
        operation = getattr(request, arm)
        if operation.operation == "add":
            value += int(operation.input.value)
        if arm == "entityOperationCalled":
            done = pb.EntityOperationCompletedEvent(
                requestId=operation.requestId, output={"value": str(value)}
            )
            target = pb.OrchestrationInstance(
                instanceId=operation.parentInstanceId.value,
                executionId=operation.parentExecutionId,
            )
            event = _now(entityOperationCompleted=done)
            messages.append(bs.OrchestratorMessage(instance=target, event=event))
    return bs.CompleteEntityWorkItemRequest(
        completionToken=item.completionToken,
        instanceId=asked.instanceId,
        executionId=asked.executionId,
        numberOperationsExecuted=len(asked.operationRequests),
        entityState={"value": str(value)},
        messages=messages,
    )


@contextlib.asynccontextmanager
async def at_work(worker: DtfxWorker) -> AsyncIterator[DtfxWorker]:
    """Have *worker* at work for the body; at its end the stream is cut off."""
    task = asyncio.create_task(worker.run())
    try:
        yield worker
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class DtfxClient:
    """The client's side."""

    def __init__(self, channel: grpc.aio.Channel, hub: str) -> None:
        self.stub = Stub(channel, hub)

    async def start(self, name: str, given: str = "", instance_id: str = "") -> str:
        request = pb.CreateInstanceRequest(
            instanceId=instance_id or uuid.uuid4().hex,
            name=name,
            executionId={"value": uuid.uuid4().hex},
        )
        if given:
            request.input.value = given
        return str((await self.stub.CreateInstance(request)).instanceId)

    async def end(self, instance_id: str) -> pb.OrchestrationState:
        """Wait for an instance to end; return its state."""
        request = bs.WaitForInstanceRequest(instanceId=instance_id, getInputsAndOutputs=True)
        answer = await self.stub.WaitForInstance(request, timeout=60)
        assert answer.exists
        return answer.orchestrationState

    async def state(self, instance_id: str) -> pb.OrchestrationState:
        request = pb.GetInstanceRequest(instanceId=instance_id, getInputsAndOutputs=True)
        return (await self.stub.GetInstance(request)).orchestrationState

    async def until(
        self, instance_id: str, wanted: Callable[[pb.OrchestrationState], bool]
    ) -> None:
        """Wait until an instance's state is as *wanted*."""
        give_up = time.monotonic() + 60
        while not wanted(await self.state(instance_id)):
            assert time.monotonic() < give_up
            await asyncio.sleep(0.02)

    async def add(self, instance_id: str, **arm: Any) -> None:
        event = pb.HistoryEvent(eventId=-1, **arm)
        target = pb.OrchestrationInstance(instanceId=instance_id)
        await self.stub.AddEvent(bs.AddEventRequest(instance=target, event=event))

    async def raise_event(self, instance_id: str, name: str, given: str) -> None:
        await self.add(
            instance_id, eventRaised=pb.EventRaisedEvent(name=name, input={"value": given})
        )

    async def history(self, instance_id: str) -> list[pb.HistoryEvent]:
        request = pb.StreamInstanceHistoryRequest(instanceId=instance_id)
        return [e async for chunk in self.stub.StreamInstanceHistory(request) for e in chunk.events]

    async def kinds(self, instance_id: str) -> list[str]:
        return [event.WhichOneof("eventType") for event in await self.history(instance_id)]

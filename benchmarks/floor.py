"""The floor: a backend that does nothing, so that what is measured is the worker.

    python -m benchmarks.floor

It hands out the work items of five cities and takes their results: no storage, no durability, no look
at what is answered beyond a check that it is right. Items are made from messages that stand ready; an
instance costs it its ID and its place. It prints its endpoint, and serves until killed.

A client may start and await instances one by one, as with any backend. Or, for the ceiling of the
worker alone, ``StartInstance`` of ``floor:N:WINDOW`` runs N instances, WINDOW of them outstanding at
any time, and the end of that instance is the end of all: no client takes part then that
would slow the worker.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import grpc
import orjson
import uvloop
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import (
    TaskHubSidecarServiceServicer,
    add_TaskHubSidecarServiceServicer_to_server,
)
from google.protobuf import empty_pb2

from benchmarks.app import CITIES, GREETINGS

DRIVEN = "floor"


def event(event_id: int, **fields: Any) -> pb.HistoryEvent:
    """Return an event of the year 2001: what time it is concerns nobody here."""
    made = pb.HistoryEvent(eventId=event_id, **fields)
    made.timestamp.FromSeconds(1_000_000_000)
    return made


def turns() -> list[tuple[list[pb.HistoryEvent], list[pb.HistoryEvent]]]:
    """Return past and new events of the six turns of five cities."""
    begun = event(-1, orchestratorStarted=pb.OrchestratorStartedEvent())
    started = event(-1, executionStarted=pb.ExecutionStartedEvent(name="five_cities"))
    news = [begun, started]
    past: list[pb.HistoryEvent] = []
    found = [(past, news)]
    for number, (city, greeting) in enumerate(zip(CITIES, GREETINGS, strict=True), start=1):
        scheduled = pb.TaskScheduledEvent(name="say_hello")
        scheduled.input.value = orjson.dumps(city).decode()
        past = [*past, *news, event(number, taskScheduled=scheduled)]
        completed = pb.TaskCompletedEvent(taskScheduledId=number)
        completed.result.value = orjson.dumps(greeting).decode()
        news = [begun, event(-1, taskCompleted=completed)]
        found.append((past, news))
    return found


@dataclass
class Instance:
    """One that runs."""

    ended: asyncio.Event = field(default_factory=asyncio.Event)
    turn: int = 0
    output: str = ""
    wrong: bool = False


class Floor(TaskHubSidecarServiceServicer):
    """Hands out items, takes results."""

    def __init__(self) -> None:
        self._turns = [
            pb.OrchestratorRequest(pastEvents=past, newEvents=news) for past, news in turns()
        ]
        self._activities = [
            pb.ActivityRequest(name="say_hello", taskId=number) for number in range(1, 6)
        ]
        for activity, city in zip(self._activities, CITIES, strict=True):
            activity.input.value = orjson.dumps(city).decode()
        self._instances: dict[str, Instance] = {}
        self._items: asyncio.Queue[pb.WorkItem] = asyncio.Queue()

    async def Hello(self, *_: Any) -> Any:  # noqa: N802
        """Answer."""
        return empty_pb2.Empty()

    async def GetWorkItems(self, *_: Any) -> AsyncIterator[pb.WorkItem]:  # noqa: N802
        """Hand out items for ever."""
        while True:
            yield await self._items.get()

    async def StartInstance(  # noqa: N802
        self, request: pb.CreateInstanceRequest, _: Any
    ) -> pb.CreateInstanceResponse:
        """Start an instance, or very many."""
        instance_id = request.instanceId or uuid4().hex
        if request.name.startswith(DRIVEN):
            _, n, window = request.name.split(":")
            whole = self._instances[instance_id] = Instance()
            self._driving = asyncio.ensure_future(self._drive(whole, int(n), int(window)))
        else:
            self._start(instance_id)
        return pb.CreateInstanceResponse(instanceId=instance_id)

    async def WaitForInstanceCompletion(  # noqa: N802
        self, request: pb.GetInstanceRequest, _: Any
    ) -> pb.GetInstanceResponse:
        """Wait for its end."""
        instance = self._instances[request.instanceId]
        await instance.ended.wait()
        del self._instances[request.instanceId]
        status = (
            pb.ORCHESTRATION_STATUS_FAILED if instance.wrong else pb.ORCHESTRATION_STATUS_COMPLETED
        )
        state = pb.OrchestrationState(
            instanceId=request.instanceId, name="five_cities", orchestrationStatus=status
        )
        state.output.value = instance.output
        return pb.GetInstanceResponse(exists=True, orchestrationState=state)

    async def CompleteOrchestratorTask(  # noqa: N802
        self, response: pb.OrchestratorResponse, _: Any
    ) -> pb.CompleteTaskResponse:
        """Hand out the activity that it asks for; or it has ended."""
        instance = self._instances[response.instanceId]
        action = response.actions[0]
        if action.HasField("completeOrchestration"):
            instance.output = action.completeOrchestration.result.value
            instance.wrong |= orjson.loads(instance.output or "null") != GREETINGS
            instance.ended.set()
        else:
            asked = self._activities[instance.turn]
            instance.wrong |= action.scheduleTask.input.value != asked.input.value
            request = pb.ActivityRequest()
            request.CopyFrom(asked)
            request.orchestrationInstance.instanceId = response.instanceId
            self._items.put_nowait(pb.WorkItem(activityRequest=request, completionToken="-"))
        return pb.CompleteTaskResponse()

    async def CompleteActivityTask(  # noqa: N802
        self, response: pb.ActivityResponse, _: Any
    ) -> pb.CompleteTaskResponse:
        """Hand out the next turn, whose events stand ready."""
        instance = self._instances[response.instanceId]
        instance.wrong |= orjson.loads(response.result.value) != GREETINGS[instance.turn]
        instance.turn += 1
        self._hand_out_turn(response.instanceId, instance)
        return pb.CompleteTaskResponse()

    def _start(self, instance_id: str) -> Instance:
        instance = self._instances[instance_id] = Instance()
        self._hand_out_turn(instance_id, instance)
        return instance

    def _hand_out_turn(self, instance_id: str, instance: Instance) -> None:
        item = pb.WorkItem(completionToken="-")
        item.orchestratorRequest.CopyFrom(self._turns[instance.turn])
        item.orchestratorRequest.instanceId = instance_id
        self._items.put_nowait(item)

    async def _drive(self, whole: Instance, n: int, window: int) -> None:
        """Run *n* instances; the output is how many were wrong, and the seconds that all took."""
        places = asyncio.Semaphore(window)
        wrong = 0

        async def one() -> None:
            nonlocal wrong
            async with places:
                instance_id = uuid4().hex
                instance = self._start(instance_id)
                await instance.ended.wait()
                wrong += instance.wrong
                del self._instances[instance_id]

        started = time.perf_counter()
        await asyncio.gather(*(one() for _ in range(n)))
        whole.output = orjson.dumps([wrong, time.perf_counter() - started]).decode()
        whole.ended.set()


async def main() -> None:
    """Serve."""
    server = grpc.aio.server()
    add_TaskHubSidecarServiceServicer_to_server(Floor(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    print(f"http://127.0.0.1:{port}", flush=True)
    await server.wait_for_termination()


if __name__ == "__main__":
    uvloop.run(main())

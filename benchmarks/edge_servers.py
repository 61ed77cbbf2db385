"""The servers that `edge.py` compares: the edge over a hub that does nothing, and bare `grpc.aio`.

python -m benchmarks.edge_servers edge|bare      writes "port N", serves until it is killed
"""

import asyncio
import sys
from typing import Any

import grpc
import grpc.aio
import uvloop
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.streams import Streams, WorkStream
from durahub.dispatch.work import ActivityWork, OrchestratorWork, Projected, StreamOptions, Work
from durahub.edge.server import start_server
from durahub.edge.work_items import work_item
from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    TaskCompleted,
    TaskScheduled,
)
from durahub.model.ticks import from_unix

OPTIONS = (("grpc.max_receive_message_length", 64 * 1024 * 1024),)
KINDS = ("activityRequest", "orchestratorRequest")
NOW = from_unix(1_700_000_000)
TURNS = 6  # of an orchestration of five activities
INSTANCE = f"{7:032}"
EXECUTION = f"{8:032}"
STARTED = ExecutionStarted(
    timestamp=NOW, execution=Execution(INSTANCE, EXECUTION), name="five_cities", version=""
)


def metadata() -> tuple[tuple[str, str], ...]:
    """Return what the Python SDK sends with a call."""
    return (("taskhub", "default"), ("x-user-agent", "durabletask-python/1.12.0"))


def _turn(number: int) -> tuple[tuple[Event, ...], tuple[Event, ...]]:
    """Return the past and the new events of a turn, from 0, of five activities in sequence."""
    past: list[Event] = []
    for task in range(number):
        news: Event = STARTED if task == 0 else _completed(task - 1)
        scheduled = TaskScheduled(timestamp=NOW, event_id=task, name="say_hello", input='"Tokyo"')
        past += [OrchestratorStarted(timestamp=NOW), news, scheduled]
        past.append(OrchestratorCompleted(timestamp=NOW))
    news = STARTED if number == 0 else _completed(number - 1)
    return tuple(past), (OrchestratorStarted(timestamp=NOW), news)


def _completed(task: int) -> TaskCompleted:
    return TaskCompleted(timestamp=NOW, task_scheduled_id=task, result='"Hello, Tokyo!"')


_WORK_OF_TURNS = [_turn(number) for number in range(TURNS)]


def _turn_work(number: int, projected: Projected | None = None) -> Work:
    past, new = _WORK_OF_TURNS[number % TURNS]
    return OrchestratorWork(
        token=f"{number:032x}",
        instance_id=INSTANCE,
        execution_id=EXECUTION,
        past=past,
        new=new,
        started=STARTED,
        projected=projected or Projected(),
    )


def _activity_work(number: int) -> Work:
    return ActivityWork(
        token=f"{number:032x}",
        instance_id=INSTANCE,
        execution_id=EXECUTION,
        task=TaskScheduled(timestamp=NOW, event_id=1, name="say_hello", input='"Tokyo"'),
    )


def _message(work: Work) -> pb.WorkItem:
    return pb.WorkItem.FromString(work_item(work, history_streaming=False))


class IdleHub:
    """A hub that sends a stream as many items as it takes, at once, and forgets what comes back."""

    name = "default"

    def __init__(self) -> None:
        """Begin without streams."""
        self._streams = Streams(lambda: None, lambda _: None)

    def connect(self, options: StreamOptions) -> WorkStream:
        """Open a stream; the worker asks for one kind only, the default maximum means none."""
        stream = self._streams.add(options)
        default = 100
        if options.max_orchestrations != default:
            projected = Projected()
            for number in range(options.max_orchestrations):
                if number % TURNS == 0:  # another execution
                    projected = Projected()
                stream.push(_turn_work(number, projected))
        elif options.max_activities != default:
            for number in range(options.max_activities):
                stream.push(_activity_work(number))
        return stream

    async def complete_orchestration(self, token: str, instance_id: str, result: Any) -> None:
        """Take a turn."""

    async def complete_activity(
        self, token: str, instance_id: str, task_id: int, *, result: Any, failure: Any
    ) -> None:
        """Take a result."""


class OneHub:
    """A directory of one hub."""

    default = "default"
    allows_management = False

    def __init__(self) -> None:
        """Make the hub."""
        self._hub = IdleHub()

    async def find(self, _: str) -> Any:
        """Return it."""
        return self._hub


class Bare:
    """Sends the same and takes the same, without looking at it: as little as `grpc.aio` can do.

    Its methods are not registered with the server, as generated code would do: that costs 50 µs a call.
    """

    def __init__(self) -> None:
        """Make the items, so that making them is not counted."""
        self._activity = _message(_activity_work(1))
        self._turns = [_message(_turn_work(number)) for number in range(TURNS)]

    def handlers(self) -> grpc.GenericRpcHandler:
        """Return what a server is to serve."""
        unary = grpc.unary_unary_rpc_method_handler
        empty = pb.CompleteTaskResponse.SerializeToString
        found = {
            "GetWorkItems": grpc.unary_stream_rpc_method_handler(
                self.GetWorkItems,
                request_deserializer=pb.GetWorkItemsRequest.FromString,
                response_serializer=pb.WorkItem.SerializeToString,
            ),
            "CompleteActivityTask": unary(
                self.CompleteActivityTask, pb.ActivityResponse.FromString, empty
            ),
            "CompleteOrchestratorTask": unary(
                self.CompleteOrchestratorTask, pb.OrchestratorResponse.FromString, empty
            ),
        }
        handlers: grpc.GenericRpcHandler = grpc.method_handlers_generic_handler(
            "TaskHubSidecarService", found
        )
        return handlers

    async def GetWorkItems(self, request: pb.GetWorkItemsRequest, context: Any) -> None:  # noqa: N802
        """Send as many items as the worker takes."""
        for number in range(request.maxConcurrentOrchestrationWorkItems):
            await context.write(self._turns[number % TURNS])
        for _ in range(request.maxConcurrentActivityWorkItems):
            await context.write(self._activity)
        await asyncio.Event().wait()

    async def CompleteActivityTask(  # noqa: N802
        self,
        request: pb.ActivityResponse,  # noqa: ARG002
        context: Any,  # noqa: ARG002
    ) -> pb.CompleteTaskResponse:
        """Take a result."""
        return pb.CompleteTaskResponse()

    async def CompleteOrchestratorTask(  # noqa: N802
        self,
        request: pb.OrchestratorResponse,  # noqa: ARG002
        context: Any,  # noqa: ARG002
    ) -> pb.CompleteTaskResponse:
        """Take a turn."""
        return pb.CompleteTaskResponse()


async def serve(name: str) -> None:
    """Serve on any free port."""
    if name == "edge":
        running = await start_server(OneHub(), host="127.0.0.1", port=0)  # type: ignore[arg-type]
        port = running.port  # keeping the server: it would end with its last reference
    else:
        server = grpc.aio.server(options=OPTIONS)
        server.add_generic_rpc_handlers((Bare().handlers(),))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
    print("port", port, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(serve(sys.argv[1]))

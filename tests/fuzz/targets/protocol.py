"""What gRPC brings: every request of every service, to a server with real hubs; and events by themselves."""

import contextlib
import time
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.descriptor import MethodDescriptor
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from durahub.edge.actions import turn_result
from durahub.edge.backend import backend_service_pb2 as bs
from durahub.edge.backend.completions import activity_result, entity_batch, history_result
from durahub.edge.backend.events import event_from_proto
from durahub.edge.backend.service import Backend
from durahub.edge.entity_work import entity_result
from durahub.edge.lifetime import Lifetime
from durahub.edge.metadata import caller_of
from durahub.edge.sidecar import TaskHubSidecar
from durahub.edge.work_item_sender import Sending
from durahub.errors import DurahubError
from durahub.model.ticks import Ticks
from durahub.scheduler import event_proto
from durahub_migrate.watching.sources.endpoint import row_of_entity, row_of_state
from tests.fuzz.served import HUB, Served
from tests.fuzz.target import TIMES, target, text_of

NOW = Ticks(639_000_000_000_000_000)
SERVICES = (
    pb.DESCRIPTOR.services_by_name["TaskHubSidecarService"],
    bs.DESCRIPTOR.services_by_name["BackendService"],
)
METHODS: dict[str, MethodDescriptor] = {
    method.full_name: method for service in SERVICES for method in service.methods
}
FIELDS = tuple(bytes([number << 3 | kind]) for number in range(1, 12) for kind in (0, 2))
NAMES = tuple(f"{name}\n".encode() for name in METHODS)


class Aborted(Exception):
    """A call has ended with a status."""


class CallContext:
    """A call's context, as far as the services look at it."""

    def __init__(self, metadata: tuple[tuple[str, str], ...]) -> None:
        self._metadata = metadata

    def invocation_metadata(self) -> tuple[tuple[str, str], ...]:
        return self._metadata

    async def abort(self, code: object, details: str = "", trailing: object = ()) -> None:
        raise Aborted

    async def write(self, message: object) -> None:
        pass

    async def send_initial_metadata(self, metadata: object) -> None:
        pass

    def peer(self) -> str:
        return "ipv4:127.0.0.1:1"

    def __getattr__(self, name: str) -> Any:
        return lambda *_, **__: None


SERVED = Served()


def servicer_of(method: MethodDescriptor) -> Any:
    made = TaskHubSidecar if method.containing_service is SERVICES[0] else Backend
    return made(
        SERVED.directory, Lifetime(), clock=lambda: NOW, monotonic=time.monotonic, sending=Sending()
    )


@target("grpc-request", words=(*NAMES, *FIELDS, b"order-7", b"@Counter@a", b"Order"), seconds=8)
def grpc_request(data: bytes) -> None:
    """A request of any method, named in the first line: an answer, or one of durahub's own errors."""
    name, _, body = data.partition(b"\n")
    method = METHODS.get(name.decode("latin-1"))
    if method is None:
        method = list(METHODS.values())[len(name) % len(METHODS)]
    try:
        request = GetMessageClass(method.input_type).FromString(body)
    except DecodeError:
        return  # gRPC answers itself
    servicer = servicer_of(method)
    context = CallContext((("taskhub", HUB), ("workerid", "w")))
    with contextlib.suppress(Aborted):
        SERVED.run(lambda: getattr(servicer, method.name)(request, context))


@target(
    "grpc-metadata", words=(b"taskhub: ", b"x-user-agent: durabletask-python/1", b"user-agent: ")
)
def grpc_metadata(data: bytes) -> None:
    """The metadata of a call, one ``NAME: VALUE`` a line: which hub is called, by what worker."""
    pairs = [line.partition(": ")[::2] for line in text_of(data).split("\n")]
    caller = caller_of(pairs)
    assert caller.counting
    assert caller.native_entities in (True, False)
    if caller.task_hub is not None:
        hub, directory = caller.task_hub, SERVED.directory
        SERVED.run(lambda: directory.find(hub))


def message_of(kind: Any, data: bytes) -> Any:
    try:
        return kind.FromString(data)
    except DecodeError:
        return None


@target("turn-response", words=FIELDS)
def turn_response(data: bytes) -> None:
    """What an orchestrator decided: actions."""
    message = message_of(pb.OrchestratorResponse, data)
    if message is not None:
        turn_result(message, NOW)


@target("entity-response", words=FIELDS)
def entity_response(data: bytes) -> None:
    """What an entity's batch came to."""
    message = message_of(pb.EntityBatchResult, data)
    if message is not None:
        entity_result(message)


@target("history-event", words=(*FIELDS, *TIMES))
def history_event(data: bytes) -> None:
    """An event of a DTFx worker. One that is taken is stored, and read the same."""
    message = message_of(pb.HistoryEvent, data)
    if message is None or message.WhichOneof("eventType") in ("historyState", None):
        return
    event = event_from_proto(message, NOW)
    stored = event_proto.encode(event)
    assert event_proto.decode(stored.body, stored.extra, "here") == event


@target("backend-completion", words=FIELDS)
def backend_completion(data: bytes) -> None:
    """The answers of DTFx workers: histories, activities, entities."""
    for kind, read in (
        (bs.CompleteOrchestrationWorkItemRequest, history_result),
        (bs.CompleteActivityWorkItemRequest, activity_result),
        (bs.CompleteEntityWorkItemRequest, entity_batch),
    ):
        message = message_of(kind, data)
        if message is not None:
            with contextlib.suppress(DurahubError):
                read(message, NOW)


@target("endpoint-rows", words=(*FIELDS, *TIMES))
def endpoint_rows(data: bytes) -> None:
    """The states of instances that somebody else's endpoint tells, as the monitor keeps them."""
    state = message_of(pb.OrchestrationState, data)
    if state is not None:
        row_of_state(state, "h@e", NOW)
    entity = message_of(pb.EntityMetadata, data)
    if entity is not None:
        row_of_entity(entity, "h@e", NOW)

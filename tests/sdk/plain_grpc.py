"""A client and worker without an SDK: it sends what the protocol allows, to either service."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import grpc
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.message_factory import GetMessageClass

from durahub.edge.backend import backend_service_pb2 as bs

WITHIN = 30.0  # seconds in which a call or the next work item must come


class Service:
    """The methods of a service, as functions of a request: ``service.Hello(request)``."""

    def __init__(self, channel: grpc.Channel, descriptor: Any, hub: str) -> None:
        self._channel = channel
        self._descriptor = descriptor
        self._headers = (("taskhub", hub), ("workerid", "plain"))

    def __getattr__(self, name: str) -> Any:
        """Return the method *name*; one that streams gives an iterator of messages."""
        method = self._descriptor.methods_by_name[name]
        path = f"/{self._descriptor.full_name}/{name}"
        kind = self._channel.unary_stream if method.server_streaming else self._channel.unary_unary
        call = kind(
            path,
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(method.output_type).FromString,
        )
        within = None if method.server_streaming else WITHIN
        return lambda request: call(request, metadata=self._headers, timeout=within)


class PlainHub:
    """Both services of a hub."""

    def __init__(self, channel: grpc.Channel, hub: str) -> None:
        self.sidecar = Service(
            channel, pb.DESCRIPTOR.services_by_name["TaskHubSidecarService"], hub
        )
        self.backend = Service(channel, bs.DESCRIPTOR.services_by_name["BackendService"], hub)

    @contextmanager
    def work(self, service: Service) -> Iterator["WorkItems"]:
        """Connect a worker for the body."""
        stream = service.GetWorkItems(
            pb.GetWorkItemsRequest(
                maxConcurrentOrchestrationWorkItems=10,
                maxConcurrentActivityWorkItems=10,
                maxConcurrentEntityWorkItems=10,
            )
        )
        try:
            yield WorkItems(stream)
        finally:
            stream.cancel()


class WorkItems:
    """The work items of a stream, as they come."""

    def __init__(self, stream: Iterator[pb.WorkItem]) -> None:
        self._stream = stream

    def next(self, kind: str) -> pb.WorkItem:
        """Return the next item, which must be of *kind*: ``orchestratorRequest``."""
        for item in self._stream:
            found = item.WhichOneof("request")
            if found != "healthPing":
                assert found == kind, item
                return item
        raise AssertionError("the stream has ended")


@contextmanager
def plain_hub(endpoint: str, hub: str) -> Iterator[PlainHub]:
    """Connect to *hub* for the body; *endpoint* is ``http://127.0.0.1:8080``."""
    with grpc.insecure_channel(endpoint.removeprefix("http://")) as channel:
        yield PlainHub(channel, hub)

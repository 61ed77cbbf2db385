"""``BackendService`` as a whole, and how a gRPC server comes to serve it."""

from collections.abc import Callable

import grpc
import grpc.aio
from google.protobuf.message_factory import GetMessageClass

from durahub.edge.backend import backend_service_pb2 as bs
from durahub.edge.backend.client_calls import BackendClientCalls
from durahub.edge.backend.hub_calls import HubCalls
from durahub.edge.backend.session_calls import SessionCalls
from durahub.edge.backend.sessions import Sessions
from durahub.edge.ending_calls import EndingCalls
from durahub.edge.entity_calls import EntityCalls
from durahub.edge.lifetime import Lifetime
from durahub.edge.metadata import HubDirectory
from durahub.edge.work_item_sender import Sending
from durahub.model.ticks import Ticks


class Backend(SessionCalls, BackendClientCalls, EndingCalls, EntityCalls, HubCalls):
    """All calls of the service."""

    def __init__(
        self,
        directory: HubDirectory,
        lifetime: Lifetime,
        *,
        clock: Callable[[], Ticks],
        monotonic: Callable[[], float],
        sending: Sending,
    ) -> None:
        BackendClientCalls.__init__(self, directory, lifetime)
        EndingCalls.__init__(self, directory)
        EntityCalls.__init__(self, directory, lifetime)
        SessionCalls.__init__(
            self, directory, lifetime, clock=clock, monotonic=monotonic, sending=sending
        )
        HubCalls.__init__(self, directory)
        self._sessions = Sessions()


def add_backend_service(backend: Backend, server: grpc.aio.Server) -> None:
    """Serve *backend*: its methods are those that the protocol names."""
    service = bs.DESCRIPTOR.services_by_name["BackendService"]
    handlers = {}
    for method in service.methods:
        handle = (
            grpc.unary_stream_rpc_method_handler
            if method.server_streaming
            else grpc.unary_unary_rpc_method_handler
        )
        handlers[method.name] = handle(  # type: ignore[no-untyped-call]
            getattr(backend, method.name),
            request_deserializer=GetMessageClass(method.input_type).FromString,
            response_serializer=GetMessageClass(method.output_type).SerializeToString,
        )
    generic = grpc.method_handlers_generic_handler(  # type: ignore[no-untyped-call]
        service.full_name, handlers
    )
    server.add_generic_rpc_handlers((generic,))

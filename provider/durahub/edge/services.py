"""How a gRPC server comes to serve a service: one guarded handler for each method that its protocol names.

The methods are not *registered* with the server, as generated code would do: for every call that comes in,
`grpc.aio` then waits anew for a call of each registered method (29 of them: 50 µs of 230 a call).
"""

from collections.abc import Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

from durahub.edge.status import guarded


def add_service(server: grpc.aio.Server, service: ServiceDescriptor, servicer: object) -> None:
    """Serve *servicer*, which has a method under each name of *service*.

    What it raises becomes a status; what it sends may be messages, or bytes that are one already.
    """
    handlers = {}
    for method in service.methods:
        handle = (
            grpc.unary_stream_rpc_method_handler
            if method.server_streaming
            else grpc.unary_unary_rpc_method_handler
        )
        handlers[method.name] = handle(  # type: ignore[no-untyped-call]
            guarded(getattr(servicer, method.name), f"/{service.full_name}/{method.name}"),
            request_deserializer=GetMessageClass(method.input_type).FromString,
            response_serializer=_serializer(GetMessageClass(method.output_type).SerializeToString),
        )
    generic = grpc.method_handlers_generic_handler(  # type: ignore[no-untyped-call]
        service.full_name, handlers
    )
    server.add_generic_rpc_handlers((generic,))


def _serializer(serialize: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    def serialized(message: Any) -> bytes:
        return message if type(message) is bytes else serialize(message)

    return serialized

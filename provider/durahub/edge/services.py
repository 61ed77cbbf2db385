"""How a gRPC server comes to serve a service: one guarded handler for each method that its protocol names.

The methods are not *registered* with the server, as generated code would do: for every call that comes in,
`grpc.aio` then waits anew for a call of each registered method (29 of them: 50 µs of 230 a call).
"""

from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

from durahub.authorization.gate import OPEN, Gate
from durahub.dispatch.clock import system_clock
from durahub.edge.gating import gated
from durahub.edge.observed import Calls
from durahub.edge.overload import Load, Overload, admitted, load_of
from durahub.edge.status import guarded
from durahub.errors import NotAMessage
from durahub.model.ticks import Ticks


def add_service(
    server: grpc.aio.Server,
    service: ServiceDescriptor,
    servicer: object,
    overload: Overload | None,
    *,
    default_hub: str = "default",
    gate: Gate = OPEN,
    calls: Calls | None = None,
    clock: Callable[[], Ticks] = system_clock,
) -> None:
    """Serve *servicer*, which has a method under each name of *service*, as far as *overload* lets.

    Callers pass the *gate* first: who may not call takes nobody's place. Without *overload* all are let in.

    What it raises becomes a status; what it sends may be messages, or bytes that are one already.
    """
    handlers = {}
    for method in service.methods:
        path = f"/{service.full_name}/{method.name}"
        call, streams = getattr(servicer, method.name), method.server_streaming
        if calls is not None and not streams:
            call = calls.traced(call, service.full_name, method.name)
        if not streams and load_of(method.name) in (Load.READ, Load.WAIT):  # these may be large
            call, streams = answered(call), True
        handle = (
            grpc.unary_stream_rpc_method_handler if streams else grpc.unary_unary_rpc_method_handler
        )
        if overload is not None:  # guarded inside as well: a call counts until its status is sent
            call = admitted(guarded(call, path), method.name, overload)
        call = gated(
            call,
            path,
            gate,
            default_hub=default_hub,
            clock=clock,
            streams=method.server_streaming,
        )
        call = guarded(_reading(call, method), path)
        if calls is not None:
            call = calls.measured(call, method.name, streams=method.server_streaming)
        handlers[method.name] = handle(  # type: ignore[no-untyped-call]
            call,
            response_serializer=_serializer(GetMessageClass(method.output_type).SerializeToString),
        )
    generic = grpc.method_handlers_generic_handler(  # type: ignore[no-untyped-call]
        service.full_name, handlers
    )
    server.add_generic_rpc_handlers((generic,))


def _reading(
    call: Callable[..., Awaitable[Any]], method: MethodDescriptor
) -> Callable[..., Awaitable[Any]]:
    """Return *call* for bytes: where gRPC reads, what it cannot read is INTERNAL, and a traceback."""
    read = GetMessageClass(method.input_type).FromString

    async def called(request: bytes, context: Any) -> Any:
        try:
            message = read(request)
        except DecodeError:
            raise NotAMessage(method.input_type.name) from None
        return await call(message, context)

    return called


def answered(call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[None]]:
    """Return *call*, whose answer is sent as the one message of a stream: the same on the wire.

    The call is over when HTTP/2's flow control has let the answer through. One that is returned would lie
    in gRPC's memory for as long as its client likes not to read, and count as nobody's.
    """

    async def answer(request: Any, context: "grpc.aio.ServicerContext[Any, Any]") -> None:
        await context.write(await call(request, context))

    return answer


def _serializer(serialize: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    def serialized(message: Any) -> bytes:
        return message if type(message) is bytes else serialize(message)

    return serialized

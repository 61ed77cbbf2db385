"""A gRPC proxy in front of an endpoint that refuses calls, or loses their answers, as often as told."""

import contextlib
from collections import Counter, deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc
import grpc.aio

from durahub_migrate.moving.place import EndpointAddress


@dataclass(frozen=True)
class Fault:
    """What happens to one call; one that is *carried_out* has reached the endpoint, its answer is lost."""

    code: grpc.StatusCode = grpc.StatusCode.UNAVAILABLE
    carried_out: bool = False
    trailing: tuple[tuple[str, str], ...] = ()


@dataclass
class Proxy:
    """A running proxy. *faults* are used up call by call, by the call's name; *seen* counts calls."""

    address: EndpointAddress
    faults: dict[str, deque[Fault]] = field(default_factory=dict)
    seen: "Counter[str]" = field(default_factory=Counter)
    metadata: list[dict[str, str]] = field(default_factory=list)

    def refuse(self, name: str, *faults: Fault) -> None:
        self.faults.setdefault(name, deque()).extend(faults)


class _Forwarding(grpc.GenericRpcHandler):  # type: ignore[misc]
    def __init__(self, proxy: Proxy, upstream: grpc.aio.Channel) -> None:
        self.proxy = proxy
        self.upstream = upstream

    def service(self, handler_call_details: Any) -> Any:
        path = handler_call_details.method
        name = path.rpartition("/")[2]
        streams = name in ("GetWorkItems", "StreamInstanceHistory")

        async def begin(context: Any) -> tuple[Any, Fault | None]:
            self.proxy.seen[name] += 1
            metadata = [
                (key, value)
                for key, value in context.invocation_metadata()
                if key in ("taskhub", "authorization", "workerid")
            ]
            self.proxy.metadata.append(dict(metadata))
            waiting = self.proxy.faults.get(name)
            fault = waiting.popleft() if waiting else None
            if fault is not None and not fault.carried_out:
                await context.abort(fault.code, "refused by the test", fault.trailing)
            return metadata, fault

        async def unary(request: bytes, context: Any) -> bytes:
            metadata, fault = await begin(context)
            try:
                answer: bytes = await self.upstream.unary_unary(path)(request, metadata=metadata)
            except grpc.aio.AioRpcError as error:
                await context.abort(error.code(), error.details() or "")
            if fault is not None:
                await context.abort(fault.code, "the answer is lost", fault.trailing)
            return answer

        async def stream(request: bytes, context: Any) -> AsyncIterator[bytes]:
            metadata, _ = await begin(context)
            call = self.upstream.unary_stream(path)(request, metadata=metadata)
            try:
                async for message in call:
                    yield message
            except grpc.aio.AioRpcError as error:
                await context.abort(error.code(), error.details() or "")
            finally:
                call.cancel()

        if streams:
            return grpc.unary_stream_rpc_method_handler(stream)  # type: ignore[no-untyped-call]
        return grpc.unary_unary_rpc_method_handler(unary)  # type: ignore[no-untyped-call]


@contextlib.asynccontextmanager
async def refusing_proxy(behind: EndpointAddress) -> AsyncIterator[Proxy]:
    """Run a proxy before an endpoint for the body."""
    server = grpc.aio.server()
    async with grpc.aio.insecure_channel(behind.url.removeprefix("http://")) as upstream:
        port = server.add_insecure_port("127.0.0.1:0")
        proxy = Proxy(EndpointAddress(f"http://127.0.0.1:{port}", behind.hub))
        server.add_generic_rpc_handlers((_Forwarding(proxy, upstream),))
        await server.start()
        try:
            yield proxy
        finally:
            await server.stop(0)

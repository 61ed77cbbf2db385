"""What is measured of calls, and the span of one that an SDK sent as part of a trace.

A stream lives as long as its worker, so its time says nothing: of calls that stream only the number counts.
A call has a span if it carries a trace context, in its message or its headers; others would be traces of
their own, of which nobody asked for one.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import grpc
import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.traces import trace_from_proto
from durahub.model.history import Trace
from durahub.observing.timings import Timings
from durahub.observing.tracing import HUB, INSTANCE, NOT_TRACED, Tracing

Call = Callable[..., Awaitable[Any]]
Context = "grpc.aio.ServicerContext[Any, Any]"


class Calls:
    """The calls of a server: those under way by method, those that have ended by method and status."""

    def __init__(self, tracing: Tracing = NOT_TRACED) -> None:
        self.tracing = tracing
        self.under_way: Counter[str] = Counter()
        self.answered = Timings()
        self.streamed: Counter[tuple[str, str]] = Counter()

    def measured(self, call: Call, method: str, *, streams: bool) -> Call:
        """Return *call*, counted."""

        async def answer(request: Any, context: Any) -> Any:
            now = asyncio.get_running_loop().time
            began = now()
            self.under_way[method] += 1
            status = ""
            try:
                return await call(request, context)
            except asyncio.CancelledError:
                status = "CANCELLED"
                raise
            finally:
                self.under_way[method] -= 1
                ended = status or status_of(context)
                if streams:
                    self.streamed[method, ended] += 1
                else:
                    self.answered.note((method, ended), now() - began)

        return answer

    def traced(self, call: Call, service: str, method: str) -> Call:
        """Return *call*, with a span where it is part of a trace; itself where there are no traces."""
        if not self.tracing.is_on:
            return call

        async def answer(request: Any, context: Any) -> Any:
            headers = context.invocation_metadata()
            parent = parent_of(request, headers)
            if parent is None:
                return await call(request, context)
            told = {
                "rpc.system": "grpc",
                "rpc.service": service,
                "rpc.method": method,
                HUB: _header(headers, "taskhub"),
                INSTANCE: str(getattr(request, "instanceId", "")),
            }
            attributes = {key: value for key, value in told.items() if value}
            with self.tracing.span(f"{service.rpartition('.')[2]}/{method}", parent, attributes):
                return await call(request, context)

        return answer


def status_of(context: Any) -> str:
    """Return the name of the status that a call has ended with: ``"OK"`` where none was set."""
    code = context.code()
    if isinstance(code, int):
        code = next((one for one in grpc.StatusCode if one.value[0] == code), None)
    return code.name if isinstance(code, grpc.StatusCode) else "OK"


def parent_of(request: Any, headers: "Iterable[tuple[str, str | bytes]] | None") -> Trace | None:
    """Return the trace context that a call carries: its message's own before that of its headers."""
    own = getattr(request, "parentTraceContext", None)
    found = trace_from_proto(own) if isinstance(own, pb.TraceContext) else None
    if found is not None:
        return found
    parent = _header(headers, "traceparent")
    if not parent:
        return None
    return Trace(trace_parent=parent, trace_state=_header(headers, "tracestate") or None)


def _header(headers: "Iterable[tuple[str, str | bytes]] | None", name: str) -> str:
    return next((v for k, v in headers or () if k.lower() == name and isinstance(v, str)), "")

"""Trace contexts: W3C texts on the wire; in the hub also the span of the orchestration itself."""

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.wellknown import string_value, text_of, ticks_of, timestamp
from durahub.model import ticks
from durahub.model.history import Trace

LONGEST_STATE = 513  # characters; DTFx drops a longer one


def trace_from_proto(context: pb.TraceContext) -> Trace | None:
    """Return the trace context that a client or worker sent; ``None`` where it is empty."""
    if not context.traceParent:
        return None
    state = text_of(context, "traceState")
    if state is not None and len(state) > LONGEST_STATE:
        state = None
    return Trace(trace_parent=context.traceParent, trace_state=state)


def trace_to_proto(trace: Trace | None) -> pb.TraceContext | None:
    """Return the W3C part of *trace*, ``None`` (unset) where there is none."""
    if trace is None or not trace.trace_parent:
        return None
    return pb.TraceContext(
        traceParent=trace.trace_parent, traceState=string_value(trace.trace_state)
    )


def child_trace(orchestration: Trace | None, span_id: str | None) -> pb.TraceContext | None:
    """Return the context that a child was started with.

    DTFx keeps only the span of it; the rest is that of the orchestration, ``00-<trace>-<span>-<flags>``.
    """
    if orchestration is None or not orchestration.trace_parent or not span_id:
        return None
    match orchestration.trace_parent.split("-"):
        case [version, trace_id, _, flags]:
            return pb.TraceContext(traceParent=f"{version}-{trace_id}-{span_id}-{flags}")
        case _:
            return None


def span_to_proto(trace: Trace | None) -> pb.OrchestrationTraceContext | None:
    """Return the orchestration's own span, ``None`` (unset) before a worker has made one."""
    if trace is None or not trace.span_id:
        return None
    context = pb.OrchestrationTraceContext(spanID=string_value(trace.span_id))
    try:
        began = ticks.parse(trace.activity_start_time or "")
    except ValueError:
        return context  # another writer's form: the span alone serves as well
    context.spanStartTime.CopyFrom(timestamp(began))
    return context


def span_from_proto(context: pb.OrchestrationTraceContext) -> tuple[str | None, str | None]:
    """Return the span that a worker made, and its start as DTFx writes it: ``…+00:00``."""
    span_id = text_of(context, "spanID") or None
    began = ticks_of(context, "spanStartTime")
    if span_id is None or began is None:
        return span_id, None
    return span_id, ticks.to_text(began).removesuffix("Z") + "+00:00"

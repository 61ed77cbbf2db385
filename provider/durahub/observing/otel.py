"""Spans with OpenTelemetry, which is imported with this module: nobody does before traces are switched on.

Where they go is told by OpenTelemetry's own variables: ``OTEL_EXPORTER_OTLP_ENDPOINT``, ``…_HEADERS``,
``…_PROTOCOL`` (``http/protobuf``, or ``grpc`` where that exporter is installed), ``OTEL_TRACES_EXPORTER``
(``otlp``, ``console``, ``none``), ``OTEL_TRACES_SAMPLER``, ``OTEL_SERVICE_NAME`` and
``OTEL_RESOURCE_ATTRIBUTES``.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context as contexts
from opentelemetry import trace as api
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    ConsoleSpanExporter,
    SpanExporter,
)
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from durahub import __version__
from durahub.errors import BadSetting, DurahubError, MissingPackage
from durahub.model.history import Trace
from durahub.observing.tracing import CODE, Attributes

_PROPAGATOR = TraceContextTextMapPropagator()


class Otel:
    """Makes spans and has *processor* take them."""

    is_on = True

    def __init__(self, processor: SpanProcessor | None, environment: Mapping[str, str]) -> None:
        named = "OTEL_SERVICE_NAME" in environment or "service.name=" in environment.get(
            "OTEL_RESOURCE_ATTRIBUTES", ""
        )
        own = {"service.version": __version__} | ({} if named else {"service.name": "durahub"})
        self._provider = TracerProvider(resource=Resource.create(own), shutdown_on_exit=False)
        if processor is not None:
            self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("durahub", __version__)

    def close(self) -> None:
        """Send what was not sent yet; this may take a few seconds."""
        self._provider.shutdown()

    @contextmanager
    def span(self, name: str, parent: Trace | None, attributes: Attributes) -> Iterator[None]:
        """Make a span of the body."""
        around = contexts.get_current() if parent is None else _context_of(parent)
        if not api.get_current_span(around).get_span_context().is_valid:
            yield
            return
        span = self._tracer.start_span(
            name,
            around,
            SpanKind.SERVER if "rpc.system" in attributes else SpanKind.INTERNAL,
            attributes,
        )
        token = contexts.attach(api.set_span_in_context(span, around))
        try:
            yield
        except Exception as error:
            code = error.code if isinstance(error, DurahubError) else type(error).__name__
            span.set_attribute(CODE, code)
            span.set_status(Status(StatusCode.ERROR, code))
            raise
        finally:
            contexts.detach(token)
            span.end()

    def ended(self, name: str, seconds: float, attributes: Attributes, *, failed: bool) -> None:
        """Make a span of what has just ended."""
        if not api.get_current_span().is_recording():
            return
        end = time.time_ns()
        span = self._tracer.start_span(
            name,
            kind=SpanKind.CLIENT,
            attributes=attributes,
            start_time=end - int(seconds * 1e9),
        )
        if failed:
            span.set_status(Status(StatusCode.ERROR))
        span.end(end)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Have the body go on without a span."""
        token = contexts.attach(contexts.Context())
        try:
            yield
        finally:
            contexts.detach(token)


def open_tracing(environment: Mapping[str, str]) -> Otel:
    """Return what makes spans and sends them where *environment* says.

    Raises `BadSetting`, `MissingPackage`.
    """
    exporter = _exporter(environment)
    return Otel(BatchSpanProcessor(exporter) if exporter is not None else None, environment)


def _exporter(environment: Mapping[str, str]) -> SpanExporter | None:
    wanted = environment.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() or "otlp"
    if wanted == "none":
        return None
    if wanted == "console":
        return ConsoleSpanExporter()
    if wanted != "otlp":
        raise BadSetting("OTEL_TRACES_EXPORTER", wanted, "otlp, console or none")
    protocol = (
        environment.get("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL")
        or environment.get("OTEL_EXPORTER_OTLP_PROTOCOL")
        or "http/protobuf"
    )
    try:
        if protocol == "grpc":
            from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import (
                OTLPSpanExporter as GrpcExporter,
            )

            return GrpcExporter()
        if protocol == "http/protobuf":
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import (
                OTLPSpanExporter as HttpExporter,
            )

            return HttpExporter()
    except ImportError as error:
        raise MissingPackage("traces", str(error.name), "otel") from None
    raise BadSetting("OTEL_EXPORTER_OTLP_PROTOCOL", protocol, "http/protobuf or grpc")


def _context_of(trace: Trace) -> contexts.Context:
    carrier = {"traceparent": trace.trace_parent or ""}
    if trace.trace_state:
        carrier["tracestate"] = trace.trace_state
    return _PROPAGATOR.extract(carrier, contexts.Context())

"""An app with OpenTelemetry switched on: a worker and its client in one process, whose spans it prints.

python traced_app.py ENDPOINT TASKHUB: one line of JSON for each span, when the orchestration has ended.
"""

import json
import sys
from collections.abc import Iterator
from typing import Any

from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.task import ActivityContext, OrchestrationContext, Task
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter


def Pack(_: ActivityContext, what: str) -> str:  # noqa: N802
    return what


def Ship(ctx: OrchestrationContext, what: str) -> Iterator[Task[Any]]:  # noqa: N802
    return (yield ctx.call_activity(Pack, input=what))


def told(span: ReadableSpan) -> str:
    return json.dumps(
        {
            "name": span.name,
            "trace": format(span.context.trace_id, "032x"),
            "span": format(span.context.span_id, "016x"),
            "parent": format(span.parent.span_id, "016x") if span.parent else None,
        }
    )


def main() -> None:
    endpoint, hub = sys.argv[1:3]
    spans = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    trace.set_tracer_provider(provider)
    where = {"host_address": endpoint, "taskhub": hub}
    plain: dict[str, Any] = {"token_credential": None, "secure_channel": False}
    with (
        DurableTaskSchedulerWorker(**where, **plain) as worker,
        DurableTaskSchedulerClient(**where, **plain) as client,
    ):
        worker.add_orchestrator(Ship)
        worker.add_activity(Pack)
        worker.start()
        with trace.get_tracer("shop").start_as_current_span("order"):
            instance = client.schedule_new_orchestration(Ship, input="secret of the payload")
        state = client.wait_for_orchestration_completion(instance, timeout=60)
        assert state is not None
    for span in spans.get_finished_spans():
        print(told(span), flush=True)


main()

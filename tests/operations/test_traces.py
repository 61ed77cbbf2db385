"""One trace from a client over the server to an activity: the SDK's spans and the server's are joined."""

import asyncio
import json
import sys
from pathlib import Path

import grpc.aio
import pytest
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub
from google.protobuf.empty_pb2 import Empty
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from durahub.configuration.settings import Settings
from durahub.errors import CheckpointLost
from durahub.model.history import Trace
from durahub.observing.otel import Otel
from durahub.observing.tracing import NOT_TRACED, below, current_trace_id
from durahub.serving import running_server
from durahub.storage import ClassicStorage, SqliteStorage, StorageOptions, open_storage
from tests.conftest import Storage

APP = Path(__file__).with_name("traced_app.py")
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PARENT = Trace(trace_parent=f"00-{TRACE}-{SPAN}-01")


def traced() -> tuple[Otel, InMemorySpanExporter]:
    spans = InMemorySpanExporter()
    return Otel(SimpleSpanProcessor(spans), {}), spans


async def run_app(storage: SqliteStorage | ClassicStorage, hub: str) -> tuple[list, list]:
    """Return the app's spans, as it tells them, and the server's."""
    tracing, spans = traced()
    settings = Settings(hubs=(hub,), grpc_port=0, http_port=0, api_port=None)
    async with storage, running_server(storage, settings, tracing=tracing) as ports:
        app = await asyncio.create_subprocess_exec(
            *(sys.executable, str(APP), f"http://127.0.0.1:{ports.grpc_port}", hub),
            stdout=asyncio.subprocess.PIPE,
        )
        output, _ = await app.communicate()
        assert app.returncode == 0
    return [json.loads(line) for line in output.splitlines()], list(spans.get_finished_spans())


def parent_id(span: ReadableSpan) -> str:
    assert span.parent is not None
    return format(span.parent.span_id, "016x")


def own_id(span: ReadableSpan) -> str:
    return format(span.context.span_id, "016x")


def assert_joined(apps: list, servers: list) -> dict[str, list[ReadableSpan]]:
    """Assert that all spans are one trace without loose ends; return the server's by name."""
    order = next(span for span in apps if span["name"] == "order")
    assert order["parent"] is None
    of_server = [s for s in servers if format(s.context.trace_id, "032x") == order["trace"]]
    assert of_server == servers  # nothing else is made
    assert {span["trace"] for span in apps} == {order["trace"]}

    known = {span["span"] for span in apps} | {own_id(span) for span in servers}
    assert {parent_id(span) for span in servers} <= known
    assert {span["parent"] for span in apps if span is not order} <= known
    by_name: dict[str, list[ReadableSpan]] = {}
    for span in servers:
        by_name.setdefault(span.name, []).append(span)
    names = {span["span"]: span["name"] for span in apps}
    [start] = by_name["TaskHubSidecarService/StartInstance"]
    assert names[parent_id(start)] == "create_orchestration:Ship"
    [activity] = by_name["durahub activity"]
    assert names[parent_id(activity)] == "activity:Pack"
    first, last = by_name["durahub turn"]
    assert names[parent_id(first)] == "create_orchestration:Ship"
    assert names[parent_id(last)] == "orchestration:Ship"
    assert {parent_id(one) for one in by_name["durahub checkpoint"]} == {
        own_id(first),
        own_id(last),
    }
    for span in servers:
        assert "secret of the payload" not in str(span.to_json())
    return by_name


@pytest.mark.sdk
async def test_the_servers_spans_stand_in_the_trace_of_an_sdks_app() -> None:
    assert_joined(*await run_app(SqliteStorage(":memory:"), "traced"))


@pytest.mark.sdk
@pytest.mark.azurite
async def test_storage_requests_stand_below_the_turn_that_sent_them(
    azurite: Storage, hub_name: str
) -> None:
    storage = open_storage(azurite.connection_string, StorageOptions())
    assert isinstance(storage, ClassicStorage)
    by_name = assert_joined(*await run_app(storage, hub_name))

    checkpoints = {own_id(span) for span in by_name["durahub checkpoint"]}
    history = by_name["storage table transaction"]
    assert {parent_id(span) for span in history} <= checkpoints
    assert {span.attributes["durahub.storage.outcome"] for span in history if span.attributes} == {
        "ok"
    }


async def test_what_was_not_sent_yet_is_sent_at_the_end_while_the_loop_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = asyncio.Event()

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.set()
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    collector = await asyncio.start_server(collect, "127.0.0.1", 0)
    port = collector.sockets[0].getsockname()[1]
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "5")
    settings = Settings(grpc_port=0, http_port=0, api_port=None, traces=True)
    async with SqliteStorage(":memory:") as storage:
        async with (
            running_server(storage, settings) as ports,
            grpc.aio.insecure_channel(f"127.0.0.1:{ports.grpc_port}") as channel,
        ):
            stub = TaskHubSidecarServiceStub(channel)  # type: ignore[no-untyped-call]
            await stub.Hello(Empty(), metadata=[("traceparent", PARENT.trace_parent or "")])
        assert asked.is_set()  # the collector shares the loop
    collector.close()


def test_a_span_that_fails_tells_the_code_and_not_the_sentence() -> None:
    tracing, spans = traced()

    with (
        pytest.raises(CheckpointLost),
        tracing.span("durahub checkpoint", PARENT, {}),
    ):
        raise CheckpointLost("secret")

    [span] = spans.get_finished_spans()
    assert span.attributes == {"durahub.code": "DH304"}
    assert not span.events
    assert span.status.description == "DH304"
    assert "secret" not in span.to_json()


def test_what_is_nobodys_makes_no_span() -> None:
    tracing, spans = traced()

    with tracing.span("durahub checkpoint", None, {}):
        tracing.ended("storage queue get", 0.1, {}, failed=False)
    with tracing.span("order", PARENT, {}), tracing.alone():
        tracing.ended("storage queue get", 0.1, {}, failed=False)

    assert [span.name for span in spans.get_finished_spans()] == ["order"]


def test_the_trace_under_way_is_told_to_the_log() -> None:
    tracing, _ = traced()

    with tracing.span("order", PARENT, {}):
        assert current_trace_id() == TRACE
    assert current_trace_id() == ""


def test_what_an_orchestration_does_stands_below_its_own_span() -> None:
    own = Trace(trace_parent=f"00-{TRACE}-{SPAN}-01", span_id="a" * 16)

    assert below(PARENT) == PARENT
    assert below(None) is None
    found = below(own)
    assert found is not None
    assert found.trace_parent == f"00-{TRACE}-{'a' * 16}-01"


def test_without_traces_no_module_of_opentelemetry_is_asked() -> None:
    assert not NOT_TRACED.is_on
    with NOT_TRACED.span("x", PARENT, {}):
        assert current_trace_id() == ""

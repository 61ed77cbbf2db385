"""The server: its port, TLS, pings, limits and end."""

import asyncio
import datetime as dt
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub
from fake_task_hub import FakeDirectory, FakeTaskHub, an_instance
from google.protobuf.empty_pb2 import Empty
from grpc_edge import Edge, served

from durahub.dispatch.work import ActivityWork
from durahub.edge.certificates import Certificates, TlsFiles
from durahub.edge.port_limits import PortLimits
from durahub.edge.server import start_server
from durahub.errors import BadSetting, PortInUse
from durahub.model.history import Status, TaskScheduled
from durahub.model.ticks import Ticks

WORK = ActivityWork(
    token="t1",
    instance_id="order-7",
    execution_id="e1",
    task=TaskScheduled(event_id=4, timestamp=Ticks(1), name="reserve"),
)


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    async with served(FakeTaskHub()) as edge:
        yield edge


async def code_of(call: Any) -> grpc.StatusCode:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value.code()


# -- the port ----------------------------------------------------------------------------------


async def test_a_second_server_does_not_share_the_port(edge: Edge) -> None:
    with pytest.raises(PortInUse) as refused:
        await start_server(FakeDirectory(), host="127.0.0.1", port=edge.server.port)
    assert refused.value.port == edge.server.port
    assert "--grpc-port" in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0"])
async def test_a_port_that_another_program_has_is_in_use(host: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortInUse):
            await start_server(FakeDirectory(), host=host, port=other.getsockname()[1])


async def test_a_port_is_free_again_after_the_server_stopped() -> None:
    async with served(FakeTaskHub()) as edge:
        await edge.stub.Hello(Empty())
        port = edge.server.port
    again = await start_server(FakeDirectory(), host="127.0.0.1", port=port)
    await again.stop(0)
    assert again.port == port


async def test_an_address_that_is_none_is_a_bad_setting() -> None:
    with pytest.raises(BadSetting):
        await start_server(FakeDirectory(), host="no such host", port=0)


# -- TLS ---------------------------------------------------------------------------------------


@pytest.fixture
def tls(tmp_path: Path) -> TlsFiles:
    """A certificate for localhost, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = TlsFiles(tmp_path / "cert.pem", tmp_path / "key.pem")
    files.certificates.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return files


async def test_a_server_with_a_certificate_speaks_tls(tls: TlsFiles) -> None:
    server = await start_server(
        FakeDirectory(FakeTaskHub()), host="localhost", port=0, tls=Certificates(tls)
    )
    credentials = grpc.ssl_channel_credentials(tls.certificates.read_bytes())
    address = f"localhost:{server.port}"
    async with grpc.aio.secure_channel(address, credentials) as channel:
        assert await TaskHubSidecarServiceStub(channel).Hello(Empty()) == Empty()
    async with grpc.aio.insecure_channel(address) as channel:
        assert (
            await code_of(TaskHubSidecarServiceStub(channel).Hello(Empty()))
            is grpc.StatusCode.UNAVAILABLE
        )
    await server.stop(0)


async def test_a_missing_certificate_is_a_bad_setting(tls: TlsFiles) -> None:
    tls.certificates.unlink()
    with pytest.raises(BadSetting, match=r"cert\.pem"):
        Certificates(tls)


# -- HTTP/2 ------------------------------------------------------------------------------------

PING, GOAWAY = 6, 7


async def test_a_client_may_ping_as_often_as_it_likes(edge: Edge) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", edge.server.port)
    writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    writer.write(b"\0\0\0" + b"\4" + b"\0" + b"\0\0\0\0")  # SETTINGS, none
    for number in range(100):
        writer.write(b"\0\0\x08" + b"\6" + b"\0" + b"\0\0\0\0" + number.to_bytes(8, "big"))
        await writer.drain()
    answered = 0
    while answered < 100:
        header = await asyncio.wait_for(reader.readexactly(9), 60)
        body = await reader.readexactly(int.from_bytes(header[:3], "big"))
        assert header[3] != GOAWAY
        if header[3] == PING and header[4] == 1:
            assert int.from_bytes(body, "big") == answered
            answered += 1
    writer.close()


async def test_a_completion_far_beyond_four_mebibytes_is_received(edge: Edge) -> None:
    edge.hub.open_tokens = {"t1"}
    result = "x" * (20 * 1024 * 1024)
    await edge.stub.CompleteActivityTask(
        pb.ActivityResponse(completionToken="t1", result={"value": result})
    )
    [(_, _, _, received, _)] = edge.hub.called("complete_activity")
    assert received == result


async def test_what_a_client_can_receive_it_gets(edge: Edge) -> None:
    await edge.hub.put(an_instance("a", Status.Completed, output="x" * (20 * 1024 * 1024)))
    request = pb.GetInstanceRequest(instanceId="a", getInputsAndOutputs=True)
    assert await code_of(edge.stub.GetInstance(request)) is grpc.StatusCode.RESOURCE_EXHAUSTED
    unlimited = (("grpc.max_receive_message_length", -1),)
    async with grpc.aio.insecure_channel(edge.address, options=unlimited) as channel:
        answer = await TaskHubSidecarServiceStub(channel).GetInstance(request)
    assert len(answer.orchestrationState.output.value) == 20 * 1024 * 1024


async def test_what_is_sent_can_be_bounded() -> None:
    async with served(FakeTaskHub(), limits=PortLimits(message_bytes=1_000)) as edge:
        await edge.hub.put(an_instance("a", Status.Completed, output="x" * 1_000))
        request = pb.GetInstanceRequest(instanceId="a", getInputsAndOutputs=True)
        assert await code_of(edge.stub.GetInstance(request)) is grpc.StatusCode.RESOURCE_EXHAUSTED


# -- the end -----------------------------------------------------------------------------------


async def working(edge: Edge) -> Any:
    """Open a stream and let it take a work item."""
    call = edge.stub.GetWorkItems(pb.GetWorkItemsRequest())
    await call.read()
    edge.hub.send(WORK)
    assert (await call.read()).completionToken == "t1"
    return call


COMPLETION = pb.ActivityResponse(instanceId="order-7", taskId=4, completionToken="t1")


async def test_a_stopping_server_ends_its_streams_and_still_takes_what_is_out(edge: Edge) -> None:
    call = await working(edge)
    stopping = asyncio.create_task(edge.server.stop(600))
    assert await code_of(call.read()) is grpc.StatusCode.UNAVAILABLE
    assert await code_of(edge.stub.Hello(Empty())) is grpc.StatusCode.UNAVAILABLE
    again = edge.stub.GetWorkItems(pb.GetWorkItemsRequest())
    assert await code_of(again.read()) is grpc.StatusCode.UNAVAILABLE
    assert not stopping.done()
    await edge.stub.CompleteActivityTask(COMPLETION)
    await asyncio.wait_for(stopping, 60)  # not after ten minutes: nothing more is out


@pytest.mark.parametrize("rpc", ["AbandonTaskActivityWorkItem", "CompleteActivityTask"])
async def test_what_was_given_back_or_refused_is_not_waited_for(edge: Edge, rpc: str) -> None:
    await working(edge)
    if rpc == "CompleteActivityTask":
        edge.hub.open_tokens.clear()
        assert await code_of(edge.stub.CompleteActivityTask(COMPLETION)) is (
            grpc.StatusCode.NOT_FOUND
        )
    else:
        await edge.stub.AbandonTaskActivityWorkItem(
            pb.AbandonActivityTaskRequest(completionToken="t1")
        )
    await asyncio.wait_for(edge.server.stop(600), 60)


async def test_what_is_out_is_not_waited_for_longer_than_the_grace(edge: Edge) -> None:
    await working(edge)
    await asyncio.wait_for(edge.server.stop(0.05), 60)


async def test_work_of_a_worker_that_left_is_not_waited_for(edge: Edge) -> None:
    call = await working(edge)
    call.cancel()
    await edge.hub.until(edge.hub.streams[0].left.is_set)
    await asyncio.wait_for(edge.server.stop(600), 60)


@pytest.mark.parametrize("rpc", ["WaitForInstanceStart", "WaitForInstanceCompletion"])
async def test_waits_are_told_to_come_back_when_the_server_ends(edge: Edge, rpc: str) -> None:
    waiting = getattr(edge.stub, rpc)(pb.GetInstanceRequest(instanceId="a"))
    await edge.hub.until(lambda: edge.hub.waiting == 1)
    await edge.server.stop(0)
    assert await waiting.code() is grpc.StatusCode.UNAVAILABLE
    assert "it is stopping" in await waiting.details()
    assert edge.hub.waiting == 0


async def test_stopping_twice_is_fine(edge: Edge) -> None:
    await edge.server.stop(0)
    await edge.server.stop(0)

"""What one client may ask of the gRPC port; what is beyond is refused with a status, and nothing is kept."""

import asyncio
import contextlib
import socket
import struct
import sys
import zlib
from collections.abc import AsyncIterator

import grpc
import grpc.aio
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub
from google.protobuf.empty_pb2 import Empty

from durahub.configuration.settings import Settings
from durahub.directory import Directory
from durahub.edge.port_limits import HEADER_BYTES, MIB, PortLimits
from durahub.edge.server import start_server
from durahub.storage import SqliteStorage

SERVICE = "TaskHubSidecarService"


@contextlib.asynccontextmanager
async def served(limits: PortLimits | None = None) -> AsyncIterator[int]:
    """A server of a hub in memory; the port."""
    async with SqliteStorage(":memory:") as storage:
        directory = Directory(storage, Settings(hubs=("orders",)))
        await directory.start()
        server = await start_server(
            directory, host="127.0.0.1", port=0, limits=limits or PortLimits()
        )
        try:
            yield server.port
        finally:
            await server.stop(0)
            await directory.close()


def channel(port: int) -> grpc.aio.Channel:
    return grpc.aio.insecure_channel(
        f"127.0.0.1:{port}", options=[("grpc.max_send_message_length", -1)]
    )


async def refused(call: object) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as found:
        await call  # type: ignore[misc]
    return found.value.code(), found.value.details() or ""


async def test_a_message_beyond_the_limit_is_refused() -> None:
    async with served(PortLimits(message_bytes=4 * MIB)) as port, channel(port) as to:
        stub = TaskHubSidecarServiceStub(to)
        request = pb.CreateInstanceRequest(name="Ship")
        request.input.value = "x" * (5 * MIB)

        code, _ = await refused(stub.StartInstance(request))

        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("compression", [grpc.Compression.Gzip, grpc.Compression.Deflate])
async def test_a_compressed_message_counts_as_what_it_unpacks_to(
    compression: grpc.Compression,
) -> None:
    async with served(PortLimits(message_bytes=4 * MIB)) as port, channel(port) as to:
        stub = TaskHubSidecarServiceStub(to)
        bomb, letter = pb.CreateInstanceRequest(name="Ship"), pb.CreateInstanceRequest(name="Ship")
        bomb.input.value = "0" * (64 * MIB)
        letter.input.value = "0" * (3 * MIB)

        assert (await stub.StartInstance(letter, compression=compression)).instanceId
        code, _ = await refused(stub.StartInstance(bomb, compression=compression))

        assert code is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads the memory of Linux")
async def test_a_bomb_is_not_unpacked_beyond_the_limit() -> None:
    """1 GiB of zeros, 1 MiB on the wire: a server that unpacked it first would have had it in memory."""
    program = "\n".join(
        (
            "import asyncio, pathlib, re",
            "from tests.security.limits.test_grpc_port import bombed",
            "asyncio.run(bombed())",
            # The peak of getrusage begins with that of the process which started this one.
            r"print(re.search(r'VmHWM:\s+(\d+) kB', pathlib.Path('/proc/self/status').read_text())[1])",
        )
    )
    ended = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await ended.communicate()

    assert int(told) * 1024 < 512 * MIB


async def bombed() -> None:
    """Serve, and have a bomb thrown."""
    zeros = zlib.compressobj(9, wbits=31)
    bomb = b"".join(zeros.compress(bytes(MIB)) for _ in range(1024)) + zeros.flush()
    head = [
        (":method", "POST"),
        (":scheme", "http"),
        (":path", f"/{SERVICE}/Hello"),
        (":authority", "durahub"),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
        ("grpc-encoding", "gzip"),
    ]
    async with served(PortLimits(message_bytes=4 * MIB)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b""))
        literal = b"".join(b"\x00" + text(name) + text(value) for name, value in head)
        writer.write(frame(1, 4, 1, literal))
        body = struct.pack("!BI", 1, len(bomb)) + bomb
        room, ended = 65_535, False  # of the connection; a stream's is larger than the bomb
        while not ended:
            while body and room >= 16_384:
                writer.write(frame(0, 1 if len(body) <= 16_384 else 0, 1, body[:16_384]))
                body, room = body[16_384:], room - 16_384
            size, kind = struct.unpack("!IB", b"\0" + await reader.readexactly(4))
            answer = (await reader.readexactly(5 + size))[5:]
            room += int.from_bytes(answer, "big") if kind == 8 else 0
            ended = kind in (1, 3)  # the answer's headers, or the end of the stream
        writer.close()


async def test_headers_beyond_the_limit_are_refused() -> None:
    async with served() as port, channel(port) as to:
        stub = TaskHubSidecarServiceStub(to)
        fitting = (("x-note", "n" * (HEADER_BYTES - 2_000)),)
        large = (("x-note", "n" * (HEADER_BYTES + 1)),)
        many = tuple((f"x-note-{n}", "n") for n in range(1_000))

        await stub.Hello(Empty(), metadata=fitting)
        for metadata in (large, many):
            code, _ = await refused(stub.Hello(Empty(), metadata=metadata))
            assert code is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_bytes_that_are_no_message_are_an_invalid_argument_without_a_traceback() -> None:
    async with served() as port, channel(port) as to:
        method = f"/{SERVICE}/StartInstance"

        code, said = await refused(to.unary_unary(method)(b"\xff\xff\xff"))

        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert said.startswith("DH135: ")


async def test_a_message_nested_more_deeply_than_protobuf_reads_is_an_invalid_argument() -> None:
    nested = b""
    for _ in range(200):  # the field innerFailure (4) of TaskFailureDetails, within each other
        nested = b"\x22" + varint(len(nested)) + nested
    activity = b"\x22" + varint(len(nested)) + nested
    async with served() as port, channel(port) as to:
        code, said = await refused(to.unary_unary(f"/{SERVICE}/CompleteActivityTask")(activity))

        assert code is grpc.StatusCode.INVALID_ARGUMENT
        assert said.startswith("DH135: ")


async def test_a_call_beyond_what_a_connection_may_have_waits_until_another_ends() -> None:
    async with served(PortLimits(streams=2)) as port, channel(port) as to:
        stub = TaskHubSidecarServiceStub(to)
        await stub.Hello(Empty())  # the settings of the connection have come
        streams = [stub.GetWorkItems(pb.GetWorkItemsRequest()) for _ in range(2)]
        for one in streams:
            await one.initial_metadata()
        third = asyncio.ensure_future(stub.Hello(Empty()))
        own = (("grpc.use_local_subchannel_pool", 1),)  # or it would share the connection
        async with grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=own) as other:
            await TaskHubSidecarServiceStub(other).Hello(Empty())
        assert not third.done()

        streams[0].cancel()

        await third
        streams[1].cancel()


async def test_a_connection_beyond_the_limit_is_closed_and_those_within_are_served() -> None:
    async with served(PortLimits(connections=4)) as port:
        async with channel(port) as to:
            stub = TaskHubSidecarServiceStub(to)
            await stub.Hello(Empty())
            with contextlib.ExitStack() as stack:
                answers = [await greeting(port, stack) for _ in range(20)]
                await stub.Hello(Empty())

            assert answers.count(b"") >= 16  # closed without a word
            assert any(answers)
        async with channel(port) as to:
            await TaskHubSidecarServiceStub(to).Hello(Empty(), wait_for_ready=True)


# -- the wire -----------------------------------------------------------------------------------


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*out, number))


def text(value: str) -> bytes:
    """A text as HPACK has it, in ASCII, of fewer than 127 bytes."""
    return bytes((len(value),)) + value.encode()


def frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    """A frame of HTTP/2."""
    return struct.pack("!I", len(content))[1:] + struct.pack("!BBI", kind, flags, stream) + content


async def greeting(port: int, stack: contextlib.ExitStack) -> bytes:
    """Connect, say that this is HTTP/2, and return what the server says to it."""
    loop = asyncio.get_running_loop()
    one = stack.enter_context(socket.socket())
    one.setblocking(False)
    await loop.sock_connect(one, ("127.0.0.1", port))
    try:
        await loop.sock_sendall(one, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0, b""))
        return await loop.sock_recv(one, 64)
    except ConnectionError:
        return b""

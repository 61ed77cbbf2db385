"""The HTTP port as a socket."""

import asyncio
import socket

from durahub.edge.listening import bind


async def test_answers_are_sent_at_once_and_do_not_wait_for_acknowledgements() -> None:
    without_delay: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        accepted = writer.get_extra_info("socket")
        without_delay.set_result(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    listener = bind("127.0.0.1", 0, "--http-port")
    server = await asyncio.start_server(accept, sock=listener)
    _, writer = await asyncio.open_connection("127.0.0.1", listener.getsockname()[1])

    assert await without_delay
    writer.close()
    server.close()

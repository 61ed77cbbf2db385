"""A storage account on bad days: a real Azurite behind a proxy that throttles, refuses or hangs."""

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from yarl import URL

from durahub.local.azurite import Azurite, connection_string
from tests.budget.proxy import HOP_BY_HOP, LARGEST, SIGNED

BUSY = (503, "ServerBusy")
DENIED = (403, "AuthorizationPermissionMismatch")


@dataclass
class Faulty:
    """The account; *refuses* is what it answers instead of what it should, *hangs* that it does not."""

    refuses: tuple[int, str] | None = None
    retry_after: int = 5
    hangs: bool = False
    asked: int = 0
    connection_string: str = ""

    def is_well(self) -> None:
        """Answer from now on."""
        self.refuses, self.hangs = None, False

    async def before(self) -> web.Response | None:
        """Return what is answered instead, if anything."""
        self.asked += 1
        while self.hangs:  # noqa: ASYNC110 (the test is in another thread)
            await asyncio.sleep(0.05)
        if self.refuses is None:
            return None
        status, code = self.refuses
        headers = {"x-ms-error-code": code}
        if self.refuses == BUSY:
            headers["Retry-After"] = str(self.retry_after)
        text = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>no</Message></Error>"
        return web.Response(
            status=status, text=text, content_type="application/xml", headers=headers
        )


@contextlib.contextmanager
def faulty(azurite: Azurite) -> Iterator[Faulty]:
    """Serve the account for the body, in a thread of its own."""
    account = Faulty()
    ready, loop = threading.Event(), asyncio.new_event_loop()
    ended = asyncio.Event()

    async def serve() -> None:
        async with contextlib.AsyncExitStack() as stack:
            session = await stack.enter_async_context(
                aiohttp.ClientSession(auto_decompress=False, trust_env=False)
            )
            urls = {}
            for service in ("blob", "queue", "table"):
                origin = URL(getattr(azurite, f"{service}_url")).origin()
                urls[f"{service}_url"] = await _passing(origin, session, account, stack)
            account.connection_string = connection_string(**urls)
            ready.set()
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert ready.wait(30)
        yield account
    finally:
        account.is_well()
        loop.call_soon_threadsafe(ended.set)
        thread.join()
        loop.close()


async def _passing(
    origin: URL, session: aiohttp.ClientSession, account: Faulty, stack: contextlib.AsyncExitStack
) -> str:
    async def handle(request: web.Request) -> web.Response:
        body = await request.read()
        if (instead := await account.before()) is not None:
            return instead
        headers = {k: v for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP}
        target = URL(f"{origin}{request.raw_path}", encoded=True)
        async with session.request(
            request.method,
            target,
            headers=headers,
            data=body or None,
            allow_redirects=False,
            skip_auto_headers=SIGNED,
        ) as answer:
            content = await answer.read()
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP}
            return web.Response(status=answer.status, body=content, headers=kept)

    app = web.Application(client_max_size=LARGEST)
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return f"http://127.0.0.1:{runner.addresses[0][1]}/devstoreaccount1"

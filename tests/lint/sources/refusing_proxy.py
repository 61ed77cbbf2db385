"""A proxy in front of a storage account that refuses one of its services, as for one without the right."""

import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp
from aiohttp import web
from yarl import URL

from durahub.local.azurite import connection_string
from tests.budget.proxy import HOP_BY_HOP, SIGNED
from tests.conftest import Storage
from tests.lint.sources.http_server import answering

Refuse = Callable[[str, str], tuple[int, str] | None]
"""Is told service and path of a request; returns status and error code, or lets it pass."""


@dataclass(frozen=True)
class Refusing:
    """Refuses everything of one service."""

    service: str
    status: int = 403
    code: str = "AuthorizationPermissionMismatch"

    def __call__(self, service: str, path: str) -> tuple[int, str] | None:
        return (self.status, self.code) if service == self.service else None


@contextlib.asynccontextmanager
async def refusing(storage: Storage, refuse: Refuse) -> AsyncIterator[str]:
    """Run a proxy for the body; yield the connection string that leads through it."""
    targets = {"blob": storage.blob_url, "queue": storage.queue_url, "table": storage.table_url}
    async with contextlib.AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
        urls = {
            f"{service}_url": await stack.enter_async_context(
                _passing(service, url, session, refuse)
            )
            for service, url in targets.items()
        }
        yield connection_string(**urls)


@contextlib.asynccontextmanager
async def _passing(
    service: str, url: str, session: aiohttp.ClientSession, refuse: Refuse
) -> AsyncIterator[str]:
    origin = URL(url).origin()

    async def handle(request: web.Request) -> web.Response:
        refused = refuse(service, request.raw_path)
        if refused is not None:
            status, code = refused
            return web.Response(status=status, headers={"x-ms-error-code": code})
        headers = {k: v for k, v in request.headers.items() if k.lower() not in HOP_BY_HOP}
        async with session.request(
            request.method,
            URL(f"{origin}{request.raw_path}", encoded=True),
            headers=headers,
            data=await request.read() or None,
            allow_redirects=False,
            skip_auto_headers=SIGNED,
        ) as answer:
            kept = {k: v for k, v in answer.headers.items() if k.lower() not in HOP_BY_HOP}
            return web.Response(status=answer.status, body=await answer.read(), headers=kept)

    async with answering(handle) as url:
        yield url

"""A receiver of notices: an HTTP server that answers as it is told, and keeps what it got."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import orjson
from aiohttp import web

from durahub_migrate.alerting.settings import Form, Receiver


@dataclass
class Got:
    """What was posted."""

    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass
class Desk:
    """Takes posts. *statuses* are answered first, one each, then 200; *slow* ones are never answered."""

    statuses: list[int] = field(default_factory=list)
    slow: int = 0
    got: list[Got] = field(default_factory=list)
    port: int = 0
    came: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook/s3cret-path"

    def receiver(
        self, name: str = "ops", key: str | None = None, form: Form = Form.JSON
    ) -> Receiver:
        return Receiver(name=name, url=self.url, key=key, form=form)

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        self.got.append(Got({k.lower(): v for k, v in request.headers.items()}, body))
        self.came.set()
        if self.slow:
            self.slow -= 1
            await asyncio.sleep(60)  # longer than anybody waits; the server's end cancels it
        return web.Response(status=self.statuses.pop(0) if self.statuses else 200)

    async def until(self, number: int) -> list[Got]:
        """Return what was posted when there is so much."""
        while len(self.got) < number:
            self.came.clear()
            await asyncio.wait_for(self.came.wait(), 60)
        return self.got

    def told(self) -> list[tuple[str, str | None, str]]:
        """Return rule, instance and state of every alert, in the order in which they came."""
        return [
            (one["rule"], one["instanceId"], one["state"])
            for got in self.got
            for one in got.json["alerts"]
        ]


@contextlib.asynccontextmanager
async def desk(port: int = 0, **more: Any) -> AsyncIterator[Desk]:
    """Run a receiver for the body."""
    made = Desk(**more)
    app = web.Application()
    app.router.add_post("/hook/{path}", made._take)
    runner = web.AppRunner(app, shutdown_timeout=0.01, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    made.port = runner.addresses[0][1]
    try:
        yield made
    finally:
        await runner.cleanup()

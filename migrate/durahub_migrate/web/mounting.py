"""The monitor in a server: `durahub.mounting` asks for it. It watches nothing before somebody looks."""

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from prometheus_client.core import Metric
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Receive, Scope, Send

from durahub.cli.text_file import read_text
from durahub.errors import LoginNeeded
from durahub.mounting import Host
from durahub_migrate.web.configuring.layers import settings_of
from durahub_migrate.web.configuring.settings import MonitorSettings

if TYPE_CHECKING:
    from durahub_migrate.watching.actor import OpenActor


@contextlib.asynccontextmanager
async def monitor(host: Host) -> AsyncIterator["MountedMonitor"]:
    """Mount the monitor for the body, or tell why it is off.

    Raises `BadSettingsFile`, and `LoginNeeded` where the monitor was asked for and everybody would get in.
    """
    config = host.config
    file = (str(config), read_text(config)) if config is not None else None
    settings = settings_of({}, os.environ, file, defaults={"allow_actions": host.is_local})
    try:
        settings.logins("").check_listening(host.settings.host)
    except LoginNeeded:
        if host.settings.monitor:
            raise
        yield MountedMonitor(None, "Monitor: off, for others could reach it (docs/monitor.md)")
        return
    watched = OnDemand(host, settings)
    mounted = MountedMonitor(watched, "Monitor: {url}")
    try:
        if settings.alerts is not None:
            await watched.start()  # nobody has to look at a page to be told
        yield mounted
    finally:
        await watched.close()


class MountedMonitor:
    """What the server is told of it."""

    def __init__(self, app: "OnDemand | None", told: str) -> None:
        self._app = app
        self.told = told

    @property
    def app(self) -> ASGIApp | None:
        """The application, if it is on."""
        return self._app

    @property
    def metrics(self) -> Collector | None:
        """What joins the server's metrics."""
        return self._app

    def end(self) -> None:
        """End what streams."""
        if self._app is not None:
            self._app.end()


class OnDemand(Collector):
    """The monitor's application, put together at the first request: until then it costs nothing."""

    def __init__(self, host: Host, settings: MonitorSettings) -> None:
        self._host = host
        self._settings = settings
        self._stack = contextlib.AsyncExitStack()
        self._turn = asyncio.Lock()
        self._app: ASGIApp | None = None
        self._metrics: Collector | None = None
        self._ended = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        app = await self.start()
        await app(scope, receive, send)

    async def start(self) -> ASGIApp:
        """Begin to watch, if it is not watched already."""
        if self._app is None:
            async with self._turn:
                if self._app is None:
                    self._app = await self._assemble()
        return self._app

    def describe(self) -> Iterable[Metric]:
        """Yield nothing: what is there is known when it is asked for."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the monitor's metrics: none before it watches, for a scrape does not make it begin."""
        if self._metrics is not None:
            yield from self._metrics.collect()

    async def _assemble(self) -> ASGIApp:
        # What these need takes a while to import, and most servers are never looked at.
        from durahub_migrate.watching.looks.opening import MakesLooks
        from durahub_migrate.watching.looks.settings import LookSettings
        from durahub_migrate.watching.opening import monitor_of_storage
        from durahub_migrate.web.assembling import assembled

        host, data = self._host, self._settings.data
        folder = Path(
            data
            if data is not None
            else self._stack.enter_context(tempfile.TemporaryDirectory(prefix="durahub-monitor-"))
        )
        app = await self._stack.enter_async_context(
            assembled(
                self._settings,
                lambda options, actor: monitor_of_storage(
                    host.storage,
                    host.store,
                    options,
                    access=host.access,
                    looks_of=MakesLooks(LookSettings(price=options.price), workers=host.workers),
                    open_actor=_in_server(actor, host),
                ),
                folder,
            )
        )
        if self._ended:
            app.state.web.close()
        self._end = app.state.web.close
        self._metrics = app.state.metrics
        return app

    def end(self) -> None:
        """End what streams, now and from now on."""
        self._ended = True
        if self._app is not None:
            self._end()

    async def close(self) -> None:
        """Watch nothing any more."""
        async with self._turn:
            await self._stack.aclose()


def _in_server(actor: "OpenActor | None", host: Host) -> "OpenActor | None":
    """Return what opens actors, which have the server itself delete a hub that it serves."""
    from durahub_migrate.acting.watched import open_watched_actor

    return partial(open_watched_actor, delete_hub=host.delete_hub) if actor is not None else None

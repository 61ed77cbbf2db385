"""The HTTP port: ``/healthz`` and ``/readyz`` for probes, ``/metrics``, and the HTTP APIs."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator, Sequence
from email.utils import formatdate

import uvicorn
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from durahub.authorization.gate import OPEN, Gate
from durahub.edge.http_connection import limited
from durahub.edge.metadata import HubDirectory
from durahub.edge.overload import Overload
from durahub.edge.port_limits import DEFAULT_LIMITS, HEADER_BYTES
from durahub.edge.readiness import Standing
from durahub.edge.web.gating import metrics_gated
from durahub.edge.web.mounts import api_mounts
from durahub.edge.web.overload import Admitted
from durahub.edge.web.paths import SentPaths

GRACE = 2  # seconds that requests have when the server stops


def application(
    registry: CollectorRegistry,
    *,
    directory: HubDirectory | None = None,
    keys: frozenset[str] = frozenset(),
    mounted: Sequence[ASGIApp] = (),
    overload: Overload | None = None,
    gate: Gate = OPEN,
    ready: Callable[[], Standing] = Standing,
    open_metrics: bool = False,
) -> Starlette:
    """Return the ASGI application; with a *directory* it serves the HTTP APIs over its hubs.

    *keys* are those of which Durable Functions' API wants one; without any it wants none. What none of
    these paths is for goes to the first of *mounted*. *ready* returns whether calls should come.
    """

    async def healthz(_: Request) -> Response:
        # Answered by the loop that does everything else: if that stands still, the probe's time runs out.
        return Response(status_code=204)

    async def readyz(_: Request) -> Response:
        standing = ready()
        return JSONResponse(
            standing.told(),
            status_code=200 if standing.is_ready else 503,
            headers={"cache-control": "no-store"},
        )

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    apis = api_mounts(directory, keys, gate) if directory is not None else []
    return Starlette(
        routes=[
            Route("/healthz", healthz),
            Route("/readyz", readyz),
            Route("/metrics", metrics_gated(metrics, OPEN if open_metrics else gate)),
            *apis,
            *(Mount("/", app=one) for one in mounted),
        ],
        middleware=[
            Middleware(Dated),
            Middleware(SentPaths),
            Middleware(Admitted, overload=overload or Overload()),
        ],
    )


class Dated:
    """Says in each response when it was made."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["date"] = formatdate(usegmt=True)
            await send(message)

        await self._app(scope, receive, send_dated)


class HttpServer(uvicorn.Server):
    """Uvicorn within our loop: signals and logging are ours, and nothing is done while nobody asks.

    Of itself it looks ten times a second whether it should end, and keeps the time for its responses.
    """

    def __init__(
        self,
        app: Starlette,
        listener: socket.socket,
        connections: int = DEFAULT_LIMITS.connections,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                date_header=False,
                lifespan="off",
                http=limited(connections),
                h11_max_incomplete_event_size=HEADER_BYTES,
                ws="none",
                timeout_graceful_shutdown=GRACE,
            )
        )
        if tls is not None:
            self.config.load()
            self.config.ssl = tls
        self._listener = listener
        self._stopped = asyncio.Event()

    @property
    def port(self) -> int:
        """The port that is listened on."""
        return int(self._listener.getsockname()[1])

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone: the command handles them."""
        yield

    async def main_loop(self) -> None:
        """Wait for the end."""
        await self.on_tick(0)  # sets the headers of all responses
        await self._stopped.wait()

    async def run_until_stopped(self) -> None:
        """Serve until `stop`."""
        await self.serve(sockets=[self._listener])

    def stop(self) -> None:
        """End `run_until_stopped`."""
        self.should_exit = True
        self._stopped.set()

"""The monitor as an ASGI application, to be served alone or mounted in another one.

::

    app = Starlette(routes=[Mount("/ops", application(monitor, logins=logins))])
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from durahub.dispatch.clock import Clock, system_clock
from durahub.edge.web.paths import SentPaths
from durahub.errors import BadRequest
from durahub_migrate.monitor.actions import JobView
from durahub_migrate.monitor.seam import Monitor
from durahub_migrate.web.answering import UNSAFE, Answering
from durahub_migrate.web.broadcasting import Broadcast
from durahub_migrate.web.csrf import Csrf
from durahub_migrate.web.files import Files
from durahub_migrate.web.guarding import Guarded
from durahub_migrate.web.handlers import (
    charts,
    documents,
    exports,
    histories,
    hubs,
    looking,
    queries,
)
from durahub_migrate.web.handlers.actions import Actions
from durahub_migrate.web.handlers.alerts import AlertHandlers, AlertView
from durahub_migrate.web.handlers.audit import AuditHandlers
from durahub_migrate.web.handlers.details import Details
from durahub_migrate.web.handlers.events import Events
from durahub_migrate.web.handlers.instances import Instances
from durahub_migrate.web.handlers.jobs import JobHandlers
from durahub_migrate.web.handlers.metrics import MetricsHandlers
from durahub_migrate.web.handlers.readiness import Readiness
from durahub_migrate.web.handlers.session import Session
from durahub_migrate.web.handlers.views import ViewHandlers
from durahub_migrate.web.logging_in import LoggingIn
from durahub_migrate.web.openapi import document
from durahub_migrate.web.operations import Operation
from durahub_migrate.web.parts import Parts
from durahub_migrate.web.refusing import refusal
from durahub_migrate.web.sessions import Sessions
from durahub_migrate.web.settings import WebSettings
from durahub_migrate.web.who.granting import local_grants
from durahub_migrate.web.who.logins import Logins, Person


def application(
    monitor: Monitor,
    settings: WebSettings | None = None,
    *,
    logins: Logins | None = None,
    parts: Parts | None = None,
    clock: Clock = system_clock,
) -> Starlette:
    """Return the application over *monitor*, which its caller starts and closes.

    Without *logins* whoever is at this machine may read everything and change nothing. Its `lifespan` ends
    the streams of events; where it is mounted in an application, which does not run that, call
    ``app.state.web.close()`` before the server is stopped.
    """
    ways_in = logins or Logins(local=local_grants(actions=False))
    return Web(monitor, settings or WebSettings(), ways_in, parts or Parts(), clock).app


class Web:
    """What the application is made of."""

    def __init__(
        self, monitor: Monitor, settings: WebSettings, logins: Logins, parts: Parts, clock: Clock
    ) -> None:
        self._settings = settings
        self._logins = replace(logins, oidc=parts.oidc is not None)
        self._parts = parts
        self._clock = clock
        self._csrf = Csrf()
        self._broadcast = Broadcast(monitor, settings.standing_every, self._jobs)
        self._answering = Answering(
            monitor,
            self._logins,
            self._csrf,
            clock,
            parts.redact,
            self._person,
            settings.public_url,
        )
        self._logging_in = self._login_routes()
        self.operations = self._operations()
        self.document = document(self.operations)
        self.app = self._application()

    def close(self) -> None:
        """End the streams of events, for the server stops."""
        self._broadcast.close()

    @property
    def pages(self) -> int:
        """How many pages are told of changes."""
        return self._broadcast.listeners

    def alert(self, alert: AlertView) -> None:
        """Tell pages of an alert."""
        self._broadcast.alert(alert.hub, alert)

    def _jobs(self) -> tuple[JobView, ...]:
        return self._parts.jobs.all() if self._parts.jobs is not None else ()

    def _login_routes(self) -> LoggingIn | None:
        if self._parts.oidc is None:
            return None
        return LoggingIn(
            self._parts.oidc,
            Sessions(self._clock),
            self._clock,
            self._settings.public_url,
            self._csrf.suffix,
            lambda request: not self._answering.has_token(request),
        )

    def _person(self, request: Request) -> Person | None:
        return self._logging_in.person(request) if self._logging_in is not None else None

    # -- routes --------------------------------------------------------------------------------

    def _operations(self) -> list[Operation]:
        settings, parts = self._settings, self._parts
        stream = Events(self._broadcast, settings.ping_every, self._answering.is_still_in)
        return [
            *Session(settings, self._csrf, has_login=self._logins.oidc).operations(),
            *hubs.operations(),
            *Instances(settings).operations(),
            *exports.operations(),
            *queries.operations(),
            *Details(settings).operations(),
            *histories.operations(),
            *charts.operations(),
            *documents.operations(),
            *looking.operations(),
            *Readiness().operations(),
            *Actions(settings, parts.audit, self._clock).operations(),
            *JobHandlers(parts.jobs, settings, parts.audit, parts.archives).operations(),
            *ViewHandlers(parts.views).operations(),
            *AuditHandlers(parts.log).operations(),
            *AlertHandlers(parts.alerts, parts.silencing, settings, parts.audit).operations(),
            *MetricsHandlers(parts.metrics).operations(),
            *stream.operations(),
        ]

    def _application(self) -> Starlette:
        routes = [
            Route(
                f"/{one.path}",
                self._answering.endpoint(one),
                methods=[one.method],
                name=one.name,
            )
            for one in self.operations
        ]
        if self._logging_in is not None:
            routes += self._logging_in.routes()
        routes += [
            Route("/api/openapi.json", self._describe),
            Route("/api/{path:path}", self._nothing, methods=["GET", *UNSAFE]),
            Route("/{path:path}", Files().serve),
        ]
        handlers: dict[Any, Any] = {HTTPException: self._no_method}
        addresses = self._logins.are_configured or self._logins.anonymous
        app = Starlette(
            routes=routes,
            middleware=[
                Middleware(SentPaths),
                Middleware(Guarded, self._settings.hosts, addresses=addresses),
            ],
            exception_handlers=handlers,
            lifespan=self._lifespan,
        )
        app.state.web = self
        return app

    @contextlib.asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            self.close()

    async def _describe(self, _: Request) -> Response:
        return JSONResponse(self.document)

    async def _nothing(self, _: Request) -> Response:
        answer = refusal(
            BadRequest("there is nothing at this path; api/openapi.json lists what there is")
        )
        answer.status_code = 404
        return answer

    async def _no_method(self, _: Request, error: HTTPException) -> Response:
        problem = BadRequest("this path does not answer to that method; see api/openapi.json")
        answer = refusal(problem)
        answer.status_code = error.status_code
        answer.headers.update(error.headers or {})
        return answer

"""The HTTP APIs' share in what a server takes on at once: 429 with ``Retry-After`` beyond it."""

from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Receive, Scope, Send

from durahub.edge.overload import Load, Overload
from durahub.edge.web.functions_parameters import Parameters
from durahub.edge.web.mounts import DASHBOARD, FUNCTIONS, SCHEDULER
from durahub.edge.web.refusals import functions_refusal, scheduler_refusal
from durahub.edge.web.scheduler_hub import HEADER
from durahub.errors import Overloaded

_APIS = (f"{SCHEDULER}/", f"{DASHBOARD}/", f"{FUNCTIONS}/")


class Admitted:
    """Lets requests to the APIs in, as far as *overload* does. Probes and pages are not counted."""

    def __init__(self, app: ASGIApp, overload: Overload) -> None:
        self._app = app
        self._overload = overload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(_APIS):
            await self._app(scope, receive, send)
            return
        load = Load.READ if scope["method"] in ("GET", "HEAD") else Load.WRITE
        headers = Headers(scope=scope)
        hub, size = _hub_of(scope, headers), _size_of(headers)
        try:
            self._overload.enter(load, hub, size)
        except Overloaded as error:
            refuse = functions_refusal if path.startswith(FUNCTIONS) else scheduler_refusal
            refusal = refuse(429, error)
            refusal.headers["retry-after"] = str(error.retry_after)
            await refusal(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            self._overload.leave(load, hub, size)


def _hub_of(scope: Scope, headers: Headers) -> str:
    """Return the hub that a request names, as its API reads it; ``""`` for the default one."""
    if not scope["path"].startswith(FUNCTIONS):
        return headers.get(HEADER, "").strip().casefold()
    given = Parameters(QueryParams(scope.get("query_string", b"")).multi_items())
    return (given.text("taskHub") or "").strip().casefold()


def _size_of(headers: Headers) -> int:
    told = headers.get("content-length", "")
    return int(told) if told.isdecimal() else 0

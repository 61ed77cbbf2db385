"""The gate before every route of the HTTP APIs; a refusal looks as the API's other refusals do."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from durahub.authorization.gate import Gate
from durahub.authorization.presented import Presented, bearer_of
from durahub.authorization.requirements import METRICS
from durahub.edge.http_connection import CERTIFICATE
from durahub.edge.metadata import HubDirectory
from durahub.edge.web import functions_base, scheduler_hub
from durahub.edge.web.functions_keys import given_key, is_allowed
from durahub.edge.web.functions_parameters import parameters
from durahub.edge.web.refusals import Handler, guarded


def scheduler_gated(route: Route, gate: Gate, directory: HubDirectory) -> Route:
    """Return a route of the scheduler's API for callers that pass the *gate*."""

    async def check(request: Request) -> None:
        hub = scheduler_hub.called_name(directory, request)
        await gate.admit(_call("scheduler", request, route), hub, presented(request))

    return _checked(route, gate, "scheduler", check)


def functions_gated(
    route: Route, gate: Gate, directory: HubDirectory, keys: frozenset[str]
) -> Route:
    """Return a route of Durable Functions' API for callers that pass the *gate*, or have one of *keys*."""

    async def check(request: Request) -> None:
        given = parameters(request)
        if keys and is_allowed(given_key(request, given), keys):
            return
        hub = functions_base.called_name(directory, given)
        await gate.admit(_call("functions", request, route), hub, presented(request))

    return _checked(route, gate, "functions", check)


def metrics_gated(handler: Handler, gate: Gate) -> Handler:
    """Return the handler of ``/metrics`` for callers that may read every hub."""
    if gate.is_open:
        return handler

    async def checked(request: Request) -> Response:
        await gate.admit(METRICS, None, presented(request))
        return await handler(request)

    return guarded(checked, "scheduler")


def presented(request: Request) -> Presented:
    """Return what a request presents."""
    found = bearer_of(request.headers.getlist("authorization"))
    names = request.scope.get("state", {}).get(CERTIFICATE, ())
    return replace(found, certificate=names) if names else found


def _call(api: str, request: Request, route: Route) -> str:
    method = "GET" if request.method == "HEAD" else request.method
    return f"{api} {method} {route.path}"


def _checked(
    route: Route, gate: Gate, api: str, check: Callable[[Request], Awaitable[None]]
) -> Route:
    if gate.is_open:
        return route

    async def checked(request: Request) -> Response:
        await check(request)
        answer: Response = await route.endpoint(request)
        return answer

    return Route(route.path, guarded(checked, api), methods=list(route.methods or ()))

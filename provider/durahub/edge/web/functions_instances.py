"""Durable Functions' API: the status of instances, one or many, and their deletion."""

from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from durahub.edge.hub import Hub
from durahub.edge.web import continuation
from durahub.edge.web.functions_base import Call, FunctionsApi, functions_route
from durahub.edge.web.functions_history import history_events
from durahub.edge.web.functions_values import (
    PENDING_CODE,
    RETRY_AFTER,
    instance_json,
    is_unended,
)
from durahub.edge.web.paths import part
from durahub.model.history import Event, Status
from durahub.model.instance import Instance
from durahub.store import InstanceQuery

DEFAULT_PAGE = 100
LARGEST_PAGE = 1_000
NO_FROM = "Please provide value for 'createdTimeFrom' parameter."


class Instances(FunctionsApi):
    """The routes ``/instances`` and ``/instances/{id}``."""

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            functions_route("/instances", self.list, "GET"),
            functions_route("/instances", self.purge_matching, "DELETE"),
            functions_route("/instances/{instanceId}", self.show, "GET"),
            functions_route("/instances/{instanceId}", self.purge, "DELETE"),
        ]

    async def list(self, request: Request) -> Response:
        """Return a page of statuses; the next page's token is in a header, empty at the end."""
        call = await self.call(request)
        show_input = call.parameters.flag("showInput", default=True)
        wanted = call.parameters.number("top") or DEFAULT_PAGE
        query = replace(
            _query(call),
            prefix=call.parameters.text("instanceIdPrefix") or "",
            page_size=min(wanted if wanted > 0 else DEFAULT_PAGE, LARGEST_PAGE),
            token=continuation.from_header(request.headers.get(continuation.HEADER, "")),
        )
        page = await call.hub.query(query)
        return JSONResponse(
            [instance_json(one, show_input=show_input) for one in page.instances],
            headers={continuation.HEADER: continuation.to_header(page.token)},
        )

    async def show(self, request: Request) -> Response:
        """Return the status of one instance: 202 until it has ended."""
        call = await self.call(request)
        instance = await call.hub.get(part(request, "instanceId"))
        if instance is None:
            return Response(status_code=404)
        return await status_answer(call, instance)

    async def purge(self, request: Request) -> Response:
        """Delete one instance that has ended."""
        call = await self.call(request)
        purged = await call.hub.purge(part(request, "instanceId"))
        if not purged.instances:
            return Response(status_code=404)
        return JSONResponse({"instancesDeleted": purged.instances})

    async def purge_matching(self, request: Request) -> Response:
        """Delete the ended instances that were created in a time and are in one of some states."""
        call = await self.call(request)
        query = _query(call)
        if query.created_from is None:
            return JSONResponse(NO_FROM, 400)
        purged, _ = await call.hub.purge_matching(query, time_limit=None)
        if not purged.instances:
            return Response(status_code=404)
        return JSONResponse({"instancesDeleted": purged.instances})


async def status_answer(
    call: Call, instance: Instance, *, failure_is_error: bool | None = None
) -> Response:
    """Return the answer to who asks for the status of *instance*."""
    given = call.parameters
    show_input = given.flag("showInput", default=True)
    history = None
    if given.flag("showHistory", default=False) and instance.status is not Status.Pending:
        history = history_events(
            await _events(call.hub, instance),
            show_input=show_input,
            show_output=given.flag("showHistoryOutput", default=False),
        )
    body = instance_json(instance, show_input=show_input, history=history)
    if is_unended(instance.status):
        again = {"Location": str(call.request.url), "Retry-After": RETRY_AFTER}
        return JSONResponse(body, PENDING_CODE, again)
    if failure_is_error is None:
        failure_is_error = given.flag("returnInternalServerErrorOnFailure", default=False)
    failed = instance.status is Status.Failed and failure_is_error
    return JSONResponse(body, 500 if failed else 200)


async def _events(hub: Hub, instance: Instance) -> list[Event]:
    return [event async for event in hub.history(instance.instance_id, instance.execution_id)]


def _query(call: Call) -> InstanceQuery:
    return InstanceQuery(
        statuses=call.parameters.statuses("runtimeStatus"),
        created_from=call.parameters.time("createdTimeFrom"),
        created_to=call.parameters.time("createdTimeTo"),
    )

"""Durable Functions' API: instances steered. What has ended answers 410, what is unknown 404."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from durahub.edge.web.bodies import parsed, text_body
from durahub.edge.web.functions_base import Call, FunctionsApi, functions_route
from durahub.edge.web.functions_start import started_answer, wait_of
from durahub.edge.web.paths import part
from durahub.errors import BadRequest, InstanceNotFound
from durahub.model.history import TERMINAL, Status

Operation: TypeAlias = Callable[[Call, str], Awaitable[None]]

INVALID_JSON = "Invalid JSON content"
NOT_JSON = "Only application/json request content is supported"
NO_INSTANCE = "InstanceId does not match a valid orchestration instance."
RAISE = "raiseEvent"
RESTART = "restart"


async def _terminate(call: Call, instance_id: str) -> None:
    await call.hub.terminate(instance_id, call.parameters.text("reason"), recursive=False)


async def _suspend(call: Call, instance_id: str) -> None:
    await call.hub.suspend(instance_id, call.parameters.text("reason"))


async def _resume(call: Call, instance_id: str) -> None:
    await call.hub.resume(instance_id, call.parameters.text("reason"))


async def _rewind(call: Call, instance_id: str) -> None:
    await call.hub.rewind(instance_id, call.parameters.text("reason"))


OPERATIONS: Mapping[str, Operation] = {
    "terminate": _terminate,
    "suspend": _suspend,
    "resume": _resume,
    "rewind": _rewind,
}
"""By name; names match in any case."""


class SteeredInstances(FunctionsApi):
    """The routes below ``/instances/{id}``."""

    def routes(self) -> list[Route]:
        """Return the routes."""
        one = "/instances/{instanceId}/{operation}"
        return [
            functions_route(one, self.steer, "POST"),
            functions_route(f"{one}/{{eventName}}", self.raise_event, "POST"),
        ]

    async def steer(self, request: Request) -> Response:
        """Ask an instance to end, pause, go on or begin again."""
        call = await self.call(request)
        name = part(request, "operation").casefold()
        if name == RESTART:
            return await self._restart(call)
        operation = OPERATIONS.get(name)
        if operation is None:
            return Response(status_code=404)
        ended = TERMINAL - {Status.Failed} if name == "rewind" else TERMINAL
        refused = await _refused(call, ended)
        if refused is not None:
            return refused
        await operation(call, part(request, "instanceId"))
        return Response(status_code=202)

    async def raise_event(self, request: Request) -> Response:
        """Send an external event; its data is the body, JSON."""
        call = await self.call(request)
        if part(request, "operation").casefold() != RAISE.casefold():
            return Response(status_code=404)
        refused = await _refused(call, TERMINAL)
        if refused is not None:
            return refused
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind != "application/json":
            return JSONResponse({"Message": NOT_JSON}, 400)
        text = (await text_body(request)).strip()
        try:
            parsed(text)
        except BadRequest as error:
            return invalid_json(error)
        name = part(request, "eventName")
        await call.hub.raise_event(part(request, "instanceId"), name, text)
        return Response(status_code=202)

    async def _restart(self, call: Call) -> Response:
        wait = wait_of(call)
        anew = call.parameters.flag("restartWithNewInstanceId", default=True)
        try:
            instance_id = await call.hub.restart(part(call.request, "instanceId"), new_id=anew)
        except InstanceNotFound as error:
            return JSONResponse({"Message": NO_INSTANCE, "ExceptionMessage": str(error)}, 400)
        return await started_answer(call, instance_id, wait)


def invalid_json(error: BadRequest) -> Response:
    """Return the answer to a body that is not JSON."""
    return JSONResponse({"Message": INVALID_JSON, "ExceptionMessage": str(error)}, 400)


async def _refused(call: Call, ended: frozenset[Status]) -> Response | None:
    """Return why an instance cannot be steered, ``None`` if it can."""
    instance = await call.hub.get(part(call.request, "instanceId"), payloads=False)
    if instance is None:
        return Response(status_code=404)
    return Response(status_code=410) if instance.status in ended else None

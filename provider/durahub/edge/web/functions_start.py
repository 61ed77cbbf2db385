"""Durable Functions' API: orchestrations started, and waited for a while."""

import anyio
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from durahub.dispatch.clients import StartRequest
from durahub.edge.web.bodies import parsed, text_body
from durahub.edge.web.functions_base import Call, FunctionsApi, functions_route
from durahub.edge.web.functions_instances import status_answer
from durahub.edge.web.functions_links import management_payload
from durahub.edge.web.functions_values import value_of_text
from durahub.edge.web.paths import part
from durahub.errors import BadRequest
from durahub.model.history import TERMINAL, Status

RETRY_AFTER = "10"  # seconds, of an instance that has just been started
LONGEST_WAIT = 3_600.0  # seconds


class StartedInstances(FunctionsApi):
    """The routes ``/orchestrators/{name}`` and ``/orchestrators/{name}/{id}``."""

    def routes(self) -> list[Route]:
        """Return the routes."""
        one = "/orchestrators/{functionName}"
        return [
            functions_route(one, self.start, "POST"),
            functions_route(f"{one}/{{instanceId}}", self.start, "POST"),
        ]

    async def start(self, request: Request) -> Response:
        """Start an orchestration; what has ended is replaced, what runs is not."""
        call = await self.call(request)
        wait = wait_of(call)
        text = (await text_body(request)).strip()
        try:
            if text:
                parsed(text)
        except BadRequest as error:
            body = {"Message": "Invalid JSON content", "ExceptionMessage": str(error)}
            return JSONResponse(body, 400)
        instance_id = await call.hub.start(
            StartRequest(
                name=part(request, "functionName"),
                instance_id=part(request, "instanceId")
                if "instanceId" in request.path_params
                else "",
                input=text or None,
                replaceable=TERMINAL,
            )
        )
        return await started_answer(call, instance_id, wait)


def wait_of(call: Call) -> float | None:
    """Return how many seconds the caller wants to wait for the end of an instance, if it does.

    It has to say how often to look, too; that is not needed here. Raises `BadRequest`.
    """
    timeout = call.parameters.seconds("timeout")
    interval = call.parameters.seconds("pollingInterval")
    if timeout is None or interval is None:
        return None
    if interval > timeout:
        raise BadRequest("timeout is shorter than pollingInterval")
    return min(timeout, LONGEST_WAIT)


async def started_answer(call: Call, instance_id: str, wait: float | None) -> Response:
    """Return the links of an instance, or what came of it within *wait* seconds."""
    if wait is None:
        return check_status(call, instance_id)
    with anyio.move_on_after(wait):
        instance = await call.hub.wait_for_completion(instance_id, payloads=True)
        if instance.status is Status.Completed:
            return JSONResponse(value_of_text(instance.output))
        return await status_answer(call, instance)
    return check_status(call, instance_id)


def check_status(call: Call, instance_id: str) -> Response:
    """Return 202 and the links by which an instance can be looked at and steered."""
    links = management_payload(call.place, instance_id)
    headers = {"Location": links["statusQueryGetUri"], "Retry-After": RETRY_AFTER}
    return JSONResponse(links, 202, headers)

"""The scheduler's API: orchestrations listed, shown, started, restarted and purged."""

from contextlib import aclosing

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from durahub.dispatch.clients import StartRequest
from durahub.edge.hub import Hub
from durahub.edge.instances import state_of
from durahub.edge.metadata import HubDirectory
from durahub.edge.web.bodies import (
    flag_member,
    ids_body,
    object_body,
    object_member,
    text_member,
    time_member,
)
from durahub.edge.web.event_texts import history_json
from durahub.edge.web.orchestration_query import orchestration_query, trivia
from durahub.edge.web.paths import part, quoted
from durahub.edge.web.protojson import json_of_message
from durahub.edge.web.refusals import guarded
from durahub.edge.web.scanning import scan_orchestrations
from durahub.edge.web.scheduler_hub import called_hub
from durahub.errors import BadRequest, InstanceNotFound
from durahub.model.history import ExecutionStarted, Tags
from durahub.model.instance import Instance

_PAYLOADS = ("input", "output", "customStatus", "orchestrationStatus", "failureDetails")


class Orchestrations:
    """The routes under ``/orchestrations`` that look, start and delete."""

    def __init__(self, directory: HubDirectory) -> None:
        self._directory = directory

    def routes(self) -> list[Route]:
        """Return the routes; the more special ones first."""
        one = "/orchestrations/{id}"
        return [
            _route("/orchestrations/query", self.query, "POST"),
            _route("/orchestrations/purge", self.purge_many, "DELETE"),
            _route("/orchestrations", self.start, "POST"),
            _route(one, self.show, "GET"),
            _route(one, self.purge, "DELETE"),
            _route(f"{one}/payloads", self.payloads, "GET"),
            _route(f"{one}/executions/{{execution}}/history", self.history, "GET"),
            _route(f"{one}/restart", self.restart, "POST"),
        ]

    async def query(self, request: Request) -> Response:
        """Return a page of the orchestrations that are meant, with how many there are in all."""
        asked = orchestration_query(await object_body(request))
        hub = await called_hub(self._directory, request)
        found, truncated = await scan_orchestrations(hub, asked)
        states = [await state_of(hub, one, payloads=False) for one in asked.page.of(found)]
        body = {
            "orchestrations": [asked.shown(json_of_message(state)) for state in states],
            "totalCount": len(found),
            "trivia": trivia(found),
        }
        return JSONResponse(body | ({"truncated": True} if truncated else {}))

    async def show(self, request: Request) -> Response:
        """Return what is known of one orchestration, without its payloads."""
        hub = await called_hub(self._directory, request)
        instance = await _existing(hub, part(request, "id"), payloads=False)
        state = json_of_message(await state_of(hub, instance, payloads=False))
        parent = await _parent_of(hub, instance)
        return JSONResponse(state | ({"parentInstanceId": parent} if parent else {}))

    async def payloads(self, request: Request) -> Response:
        """Return what one orchestration was given and what came of it."""
        hub = await called_hub(self._directory, request)
        instance = await _existing(hub, part(request, "id"), payloads=True)
        state = json_of_message(await state_of(hub, instance, payloads=True))
        return JSONResponse({name: state[name] for name in _PAYLOADS if name in state})

    async def history(self, request: Request) -> Response:
        """Return the history of one execution, as an object or as the array that the CLI reads."""
        hub = await called_hub(self._directory, request)
        instance = await _existing(hub, part(request, "id"), payloads=False)
        execution = part(request, "execution")
        if instance.execution_id is not None and execution != instance.execution_id:
            raise InstanceNotFound(f"{instance.instance_id} with the execution {execution}")
        events = await history_json(hub, instance.instance_id, execution)
        agent = request.headers.get("user-agent", "")
        return JSONResponse(events if reads_arrays(agent) else {"history": events})

    async def start(self, request: Request) -> Response:
        """Start an orchestration; its ID is in the header ``Location`` and in the body."""
        body = await object_body(request)
        hub = await called_hub(self._directory, request)
        instance_id = await hub.start(
            StartRequest(
                name=text_member(body, "name") or "",
                instance_id=text_member(body, "instanceId") or "",
                execution_id=text_member(body, "executionId") or None,
                version=text_member(body, "version"),
                input=text_member(body, "input"),
                scheduled_start=time_member(body, "scheduledStartTimestamp"),
                tags=_tags(object_member(body, "tags")),
            )
        )
        where = {"Location": f"orchestrations/{quoted(instance_id)}"}
        return JSONResponse({"instanceId": instance_id}, 201, where)

    async def restart(self, request: Request) -> Response:
        """Start an orchestration again; the body of the answer is the ID."""
        body = await object_body(request)
        hub = await called_hub(self._directory, request)
        anew = flag_member(body, "restartWithNewInstanceId", default=False)
        return PlainTextResponse(await hub.restart(part(request, "id"), new_id=anew))

    async def purge(self, request: Request) -> Response:
        """Delete an orchestration that has ended."""
        hub = await called_hub(self._directory, request)
        purged = await hub.purge(part(request, "id"))
        if not purged.instances:
            raise InstanceNotFound(part(request, "id"))
        return JSONResponse({"deletedInstanceCount": purged.instances})

    async def purge_many(self, request: Request) -> Response:
        """Delete those of the orchestrations that have ended."""
        ids = await ids_body(request)
        hub = await called_hub(self._directory, request)
        purged = await hub.purge_batch(ids, recursive=False)
        return JSONResponse({"deletedInstanceCount": purged.instances})


def reads_arrays(agent: str) -> bool:
    """Tell whether a client reads a history as a bare array: the ``dts`` command does, in Go.

    The extension of VS Code reads ``{"history": […]}``, and both call the same path.
    """
    return agent.startswith("Go-http-client/")


def _route(path: str, handler: object, method: str) -> Route:
    return Route(path, guarded(handler, "scheduler"), methods=[method])  # type: ignore[arg-type]


async def _existing(hub: Hub, instance_id: str, *, payloads: bool) -> Instance:
    instance = await hub.get(instance_id, payloads=payloads)
    if instance is None:
        raise InstanceNotFound(instance_id)
    return instance


async def _parent_of(hub: Hub, instance: Instance) -> str | None:
    """Return the ID of the parent, which only the start of the history tells."""
    async with aclosing(hub.history(instance.instance_id, instance.execution_id)) as events:  # type: ignore[type-var]
        async for event in events:
            if isinstance(event, ExecutionStarted):
                return event.parent.execution.instance_id if event.parent is not None else None
    return None


def _tags(found: dict[str, object]) -> Tags | None:
    if not all(isinstance(value, str) for value in found.values()):
        raise BadRequest("a tag is not a text")
    return {key: str(value) for key, value in found.items()} or None

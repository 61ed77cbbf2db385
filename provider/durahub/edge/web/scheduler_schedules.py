"""The scheduler's API: scheduled tasks, read off their entities and steered by signals to them."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from durahub.dispatch.entity_queries import EntityQuery
from durahub.edge.metadata import HubDirectory
from durahub.edge.web.bodies import object_body
from durahub.edge.web.paths import part
from durahub.edge.web.refusals import Handler, guarded
from durahub.edge.web.scheduler_entities import existing_entity
from durahub.edge.web.scheduler_hub import called_hub
from durahub.edge.web.schedules import (
    DELETE,
    PREFIX,
    SDKS,
    creation_input,
    schedule_entity,
    schedule_state,
    sdk_called,
)
from durahub.errors import InstanceNotFound

PAGE = 100


class Schedules:
    """The routes under ``/schedules``."""

    def __init__(self, directory: HubDirectory) -> None:
        self._directory = directory

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            _route("/schedules", self.list, "GET"),
            _route("/schedules", self.create, "POST"),
            _route("/schedules/{id}", self.show, "GET"),
            _route("/schedules/{id}", self.delete, "DELETE"),
            _route("/schedules/{id}/pause", self.pause, "POST"),
            _route("/schedules/{id}/resume", self.resume, "POST"),
        ]

    async def list(self, request: Request) -> Response:
        """Return a page of schedules."""
        hub = await called_hub(self._directory, request)
        token = request.query_params.get("continuationToken") or None
        query = EntityQuery(prefix=PREFIX, with_state=True, page_size=PAGE, token=token)
        page = await hub.query_entities(query)
        states = (schedule_state(entity.state) for entity in page.entities)
        body = {"entities": [state for state in states if state is not None]}
        return JSONResponse(body | ({"continuationToken": page.token} if page.token else {}))

    async def show(self, request: Request) -> Response:
        """Return one schedule."""
        hub = await called_hub(self._directory, request)
        entity_id = schedule_entity(part(request, "id"))
        state = schedule_state((await existing_entity(hub, entity_id, with_state=True)).state)
        if state is None:
            raise InstanceNotFound(entity_id)
        return JSONResponse(state)

    async def create(self, request: Request) -> Response:
        """Ask the entity to become a schedule; it does when its worker runs it."""
        sdk = sdk_called(request.query_params.get("sdk", ""))
        schedule_id, options = creation_input(await object_body(request), sdk)
        hub = await called_hub(self._directory, request)
        await hub.signal_entity(schedule_entity(schedule_id), SDKS[sdk].create, options)
        return Response(status_code=202)

    async def delete(self, request: Request) -> Response:
        """Ask a schedule to delete itself."""
        return await self._signal(request, DELETE)

    async def pause(self, request: Request) -> Response:
        """Ask a schedule to pause."""
        return await self._signal(request, SDKS[_sdk(request)].pause)

    async def resume(self, request: Request) -> Response:
        """Ask a schedule to go on."""
        return await self._signal(request, SDKS[_sdk(request)].resume)

    async def _signal(self, request: Request, operation: str) -> Response:
        hub = await called_hub(self._directory, request)
        entity_id = schedule_entity(part(request, "id"))
        await existing_entity(hub, entity_id, with_state=False)
        await hub.signal_entity(entity_id, operation, None)
        return Response(status_code=202)


def _sdk(request: Request) -> str:
    return sdk_called(request.query_params.get("sdk", ""))


def _route(path: str, handler: Handler, method: str) -> Route:
    return Route(path, guarded(handler, "scheduler"), methods=[method])

"""The scheduler's API: entities listed, shown and deleted."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from durahub.edge.entity_calls import entity_to_proto
from durahub.edge.hub import Hub
from durahub.edge.metadata import HubDirectory
from durahub.edge.web.bodies import ids_body, object_body
from durahub.edge.web.entity_query import entities_asked
from durahub.edge.web.paths import part
from durahub.edge.web.protojson import json_of_message
from durahub.edge.web.refusals import Handler, guarded
from durahub.edge.web.scanning import scan_entities
from durahub.edge.web.scheduler_hub import called_hub
from durahub.engine.entities.ids import check_entity_id
from durahub.engine.entities.work import Entity
from durahub.errors import InstanceNotFound


class Entities:
    """The routes under ``/entities``."""

    def __init__(self, directory: HubDirectory) -> None:
        self._directory = directory

    def routes(self) -> list[Route]:
        """Return the routes; the more special ones first."""
        return [
            _route("/entities/query", self.query, "POST"),
            _route("/entities/delete", self.delete_many, "DELETE"),
            _route("/entities/{id}", self.show, "GET"),
            _route("/entities/{id}", self.delete, "DELETE"),
            _route("/entities/{id}/state", self.state, "GET"),
        ]

    async def query(self, request: Request) -> Response:
        """Return a page of the entities that are meant, with how many there are in all."""
        asked = entities_asked(await object_body(request))
        hub = await called_hub(self._directory, request)
        found, truncated = await scan_entities(hub, asked)
        shown = [json_of_message(entity_to_proto(one)) for one in asked.page.of(found)]
        body = {"entities": shown, "totalCount": len(found) if asked.total else 0}
        return JSONResponse(body | ({"truncated": True} if truncated else {}))

    async def show(self, request: Request) -> Response:
        """Return what is known of one entity, without its state."""
        hub = await called_hub(self._directory, request)
        entity = await existing_entity(hub, part(request, "id"), with_state=False)
        return JSONResponse(json_of_message(entity_to_proto(entity)))

    async def state(self, request: Request) -> Response:
        """Return the state of an entity as it is stored."""
        hub = await called_hub(self._directory, request)
        entity = await existing_entity(hub, part(request, "id"), with_state=True)
        return Response(entity.state or "", media_type="application/json")

    async def delete(self, request: Request) -> Response:
        """Delete an entity with all that waits for it."""
        entity_id = part(request, "id")
        check_entity_id(entity_id)
        hub = await called_hub(self._directory, request)
        if not (await hub.purge(entity_id)).instances:
            raise InstanceNotFound(entity_id)
        return Response(status_code=204)

    async def delete_many(self, request: Request) -> Response:
        """Delete entities; those that do not exist are left out of the count."""
        ids = await ids_body(request)
        for entity_id in ids:
            check_entity_id(entity_id)
        hub = await called_hub(self._directory, request)
        count = sum([(await hub.purge(entity_id)).instances for entity_id in ids])
        return JSONResponse({"deletedInstanceCount": count})


async def existing_entity(hub: Hub, entity_id: str, *, with_state: bool) -> Entity:
    """Return an entity. Raises `BadInstanceId`, `InstanceNotFound`."""
    check_entity_id(entity_id)
    entity = await hub.get_entity(entity_id, with_state=with_state)
    if entity is None:
        raise InstanceNotFound(entity_id)
    return entity


def _route(path: str, handler: Handler, method: str) -> Route:
    return Route(path, guarded(handler, "scheduler"), methods=[method])

"""Durable Functions' API: entities listed, read and signalled."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from durahub.dispatch.entity_queries import EntityQuery
from durahub.edge.web import continuation
from durahub.edge.web.bodies import parsed, text_body
from durahub.edge.web.functions_base import FunctionsApi, functions_route
from durahub.edge.web.functions_values import entity_json, value_of_text
from durahub.edge.web.paths import part
from durahub.engine.entities.ids import EntityId
from durahub.errors import BadRequest
from durahub.model import json_text

DEFAULT_PAGE = 100
LARGEST_PAGE = 1_000
EMPTY_KEY = "$"  # stands for an empty key where an entity is read
DELETE = "delete"


class FunctionsEntities(FunctionsApi):
    """The routes ``/entities``, ``/entities/{name}`` and ``/entities/{name}/{key}``."""

    def routes(self) -> list[Route]:
        """Return the routes."""
        named = "/entities/{entityName}"
        one = f"{named}/{{entityKey}}"
        return [
            functions_route("/entities", self.list, "GET"),
            functions_route(named, self.list, "GET"),
            functions_route(named, self.signal, "POST", "DELETE"),
            functions_route(one, self.show, "GET"),
            functions_route(one, self.signal, "POST", "DELETE"),
        ]

    async def list(self, request: Request) -> Response:
        """Return a page of entities; the next page's token is in a header, empty at the end."""
        call = await self.call(request)
        given = call.parameters
        name = part(request, "entityName") if "entityName" in request.path_params else ""
        wanted = given.number("top") or DEFAULT_PAGE
        page = await call.hub.query_entities(
            EntityQuery(
                prefix=f"@{name.lower()}@" if name else "",
                modified_from=given.time("lastOperationTimeFrom"),
                modified_to=given.time("lastOperationTimeTo"),
                with_state=given.flag("fetchState", default=False),
                page_size=min(wanted if wanted > 0 else DEFAULT_PAGE, LARGEST_PAGE),
                token=continuation.from_header(request.headers.get(continuation.HEADER, "")),
            )
        )
        return JSONResponse(
            [entity_json(one) for one in page.entities],
            headers={continuation.HEADER: continuation.to_header(page.token)},
        )

    async def show(self, request: Request) -> Response:
        """Return the state of one entity."""
        call = await self.call(request)
        key = part(request, "entityKey")
        entity_id = _entity_id(request, "" if key == EMPTY_KEY else key)
        entity = await call.hub.get_entity(entity_id, with_state=True)
        if entity is None:
            return Response(status_code=404)
        return JSONResponse(value_of_text(entity.state))

    async def signal(self, request: Request) -> Response:
        """Send an operation: ``?op=``, and for DELETE ``delete``; the input is the body."""
        call = await self.call(request)
        key = part(request, "entityKey") if "entityKey" in request.path_params else ""
        name = DELETE if request.method == "DELETE" else call.parameters.text("op") or ""
        text = await text_body(request)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        try:
            sent = _input(text, kind)
        except BadRequest as error:
            message = f"Could not parse JSON content: {error.sentence}"
            return JSONResponse({"Message": message}, 400)
        await call.hub.signal_entity(_entity_id(request, key), name, sent)
        return Response(status_code=202)


def _input(text: str, kind: str) -> str | None:
    """Return the input of an operation as JSON text. Raises `BadRequest` if it should be and is not."""
    if not text:
        return None
    if kind != "application/json":
        return json_text.write(text)
    parsed(text)
    return text.strip()


def _entity_id(request: Request, key: str) -> str:
    return str(EntityId(part(request, "entityName").lower(), key))

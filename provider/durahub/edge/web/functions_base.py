"""What every call of Durable Functions' API begins with: its key, its task hub, its own address."""

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.routing import Route

from durahub.edge.hub import Hub
from durahub.edge.metadata import HubDirectory
from durahub.edge.web.functions_keys import given_key, is_allowed
from durahub.edge.web.functions_links import DEFAULT_CONNECTION, PATH, Place
from durahub.edge.web.functions_parameters import Parameters, parameters
from durahub.edge.web.refusals import Handler, guarded


@dataclass(frozen=True, slots=True)
class Call:
    """A request that may be answered."""

    request: Request
    parameters: Parameters
    hub: Hub
    place: Place


class FunctionsApi:
    """What the parts of the API share."""

    def __init__(self, directory: HubDirectory, keys: frozenset[str]) -> None:
        self._directory = directory
        self._keys = keys

    async def call(self, request: Request) -> Call:
        """Return the call of a request. Raises `HTTPException` (401), `HubNotFound`."""
        given = parameters(request)
        key = given_key(request, given)
        if not is_allowed(key, self._keys):
            raise HTTPException(401)
        hub = await self._directory.find(called_name(self._directory, given))
        connection = (given.text("connection") or "").strip() or DEFAULT_CONNECTION
        place = Place(f"{request.base_url}{PATH}", hub.name, connection, key)
        return Call(request, given, hub, place)


def called_name(directory: HubDirectory, given: Parameters) -> str:
    """Return the name of the hub that a request means."""
    return (given.text("taskHub") or "").strip() or directory.default


def functions_route(path: str, handler: Handler, *methods: str) -> Route:
    """Return a route whose errors are answered as Durable Functions does."""
    return Route(path, guarded(handler, "functions"), methods=list(methods))

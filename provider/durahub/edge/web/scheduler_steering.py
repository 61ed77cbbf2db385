"""The scheduler's API: orchestrations steered, one or many at a time."""

import logging

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from durahub.edge.hub import Hub
from durahub.edge.metadata import HubDirectory
from durahub.edge.web.bodies import object_body, text_member, texts
from durahub.edge.web.paths import part
from durahub.edge.web.refusals import Handler, guarded
from durahub.edge.web.scheduler_hub import called_hub
from durahub.edge.web.steering import Steering, steer, steering_of, steerings_of
from durahub.errors import NotThere, Refused, UsageError
from durahub.model.json_text import member

log = logging.getLogger(__name__)


class SteeredOrchestrations:
    """The routes under ``/orchestrations`` that add to what is to happen."""

    def __init__(self, directory: HubDirectory) -> None:
        self._directory = directory

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            _route("/orchestrations/addhistoryevents", self.add_many),
            _route("/orchestrations/forceterminate", self.force_terminate),
            _route("/orchestrations/{id}/history", self.add),
        ]

    async def add(self, request: Request) -> Response:
        """Add an event to one orchestration."""
        steering = steering_of(await object_body(request))
        hub = await called_hub(self._directory, request)
        await steer(hub, part(request, "id"), steering)
        return Response(status_code=202)

    async def add_many(self, request: Request) -> Response:
        """Add an event to each of many; return the IDs of those to which it could not be added."""
        wanted = steerings_of(await object_body(request))
        hub = await called_hub(self._directory, request)
        left = [key for key, steering in wanted.items() if not await _added(hub, key, steering)]
        return JSONResponse(left)

    async def force_terminate(self, request: Request) -> Response:
        """End orchestrations without asking them; return the IDs of those that were not ended."""
        body = await object_body(request)
        ids = texts(member(body, "instanceIds") or [], "InstanceIds")
        hub = await called_hub(self._directory, request)
        return JSONResponse(list(await hub.force_terminate(ids, text_member(body, "reason"))))


async def _added(hub: Hub, instance_id: str, steering: Steering) -> bool:
    """Add an event; tell whether the instance takes it."""
    try:
        await steer(hub, instance_id, steering)
    except (NotThere, Refused, UsageError) as error:
        log.info("event-not-added", extra={"hub": hub.name, "code": error.code})
        return False
    return True


def _route(path: str, handler: Handler) -> Route:
    return Route(path, guarded(handler, "scheduler"), methods=["POST"])

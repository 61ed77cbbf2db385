"""The scheduler's API: is the hub there, and who works for it."""

from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from durahub.dispatch.streams import WorkerNow
from durahub.edge.metadata import HubDirectory
from durahub.edge.web.refusals import guarded
from durahub.edge.web.scheduler_hub import called_hub


class Workers:
    """The routes ``/ping`` and ``/workers``."""

    def __init__(self, directory: HubDirectory) -> None:
        self._directory = directory

    def routes(self) -> list[Route]:
        """Return the routes."""
        return [
            Route("/ping", guarded(self.ping, "scheduler"), methods=["GET"]),
            Route("/workers", guarded(self.workers, "scheduler"), methods=["GET"]),
        ]

    async def ping(self, request: Request) -> Response:
        """Say that the hub is there."""
        await called_hub(self._directory, request)
        return Response(status_code=200)

    async def workers(self, request: Request) -> Response:
        """Return the workers that are connected to this server, and what each is doing."""
        hub = await called_hub(self._directory, request)
        return JSONResponse({"workers": [worker_json(worker) for worker in hub.workers_now()]})


def worker_json(worker: WorkerNow) -> dict[str, Any]:
    """Return a worker as clients of the scheduler read it."""
    return {
        "workerId": worker.worker_id,
        "activeOrchestrationsCount": worker.active_orchestrations,
        "maxOrchestrationsCount": worker.max_orchestrations,
        "activeActivitiesCount": worker.active_activities,
        "maxActivitiesCount": worker.max_activities,
        "activeEntitiesCount": worker.active_entities,
        "maxEntitiesCount": worker.max_entities,
    }

"""Where the HTTP APIs are: the scheduler's at two places, Durable Functions' at one."""

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from durahub.authorization.gate import OPEN, Gate
from durahub.edge.metadata import HubDirectory
from durahub.edge.web.functions_entities import FunctionsEntities
from durahub.edge.web.functions_instances import Instances
from durahub.edge.web.functions_links import PATH
from durahub.edge.web.functions_start import StartedInstances
from durahub.edge.web.functions_steering import SteeredInstances
from durahub.edge.web.gating import functions_gated, scheduler_gated
from durahub.edge.web.refusals import functions_route_errors, scheduler_route_errors
from durahub.edge.web.scheduler_entities import Entities
from durahub.edge.web.scheduler_orchestrations import Orchestrations
from durahub.edge.web.scheduler_schedules import Schedules
from durahub.edge.web.scheduler_steering import SteeredOrchestrations
from durahub.edge.web.scheduler_workers import Workers

SCHEDULER = "/v1/taskhubs"
DASHBOARD = "/api/v1/taskhubs"
"""Where DTS's emulator has the API beside its dashboard."""
FUNCTIONS = f"/{PATH}"


def api_mounts(directory: HubDirectory, keys: frozenset[str], gate: Gate = OPEN) -> list[Mount]:
    """Return the APIs over the hubs of *directory*, for callers that pass the *gate*.

    *keys* are those of Durable Functions' API: one of them is as good as every role, for that API.
    """
    scheduler = Starlette(
        routes=[scheduler_gated(one, gate, directory) for one in scheduler_routes(directory)],
        exception_handlers=scheduler_route_errors(),
    )
    asked = keys if gate.is_open else frozenset()
    functions = Starlette(
        routes=[
            functions_gated(one, gate, directory, keys)
            for one in functions_routes(directory, asked)
        ],
        exception_handlers=functions_route_errors(),
    )
    return [
        Mount(SCHEDULER, scheduler),
        Mount(DASHBOARD, scheduler),
        Mount(FUNCTIONS, functions),
    ]


def scheduler_routes(directory: HubDirectory) -> list[Route]:
    """Return the routes of the scheduler's API."""
    return [
        *Workers(directory).routes(),
        *SteeredOrchestrations(directory).routes(),
        *Orchestrations(directory).routes(),
        *Entities(directory).routes(),
        *Schedules(directory).routes(),
    ]


def functions_routes(directory: HubDirectory, keys: frozenset[str]) -> list[Route]:
    """Return the routes of Durable Functions' API."""
    return [
        *Instances(directory, keys).routes(),
        *SteeredInstances(directory, keys).routes(),
        *StartedInstances(directory, keys).routes(),
        *FunctionsEntities(directory, keys).routes(),
    ]

"""Every route of the HTTP APIs is documented, and every documented route exists."""

import re
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry

from durahub.edge.http import application
from durahub.edge.web.functions_steering import OPERATIONS, RAISE, RESTART
from durahub.edge.web.mounts import (
    DASHBOARD,
    FUNCTIONS,
    SCHEDULER,
    functions_routes,
    scheduler_routes,
)

TEXT = (Path(__file__).parents[2] / "docs/http.md").read_text()
SCHEDULERS, _, FUNCTIONS_OWN = TEXT.partition("## The management API of Durable Functions")


class NoHubs:
    """A directory that nobody asks."""

    default = "default"

    async def find(self, name: str) -> Any:
        raise AssertionError(name)


def documented(text: str) -> set[str]:
    return set(re.findall(r"^\| `([A-Z]+ /\S+)`", text, re.MULTILINE))


def mounted(routes: list[Any]) -> set[str]:
    return {
        f"{method} {route.path}" for route in routes for method in route.methods if method != "HEAD"
    }


def test_every_route_of_the_schedulers_api_is_documented_and_no_other() -> None:
    assert documented(SCHEDULERS) == mounted(scheduler_routes(NoHubs()))


def test_every_route_of_durable_functions_api_is_documented_and_no_other() -> None:
    one = "POST /instances/{instanceId}/"
    operations = {f"{one}{name}" for name in (*OPERATIONS, RESTART, f"{RAISE}/{{eventName}}")}
    routes = mounted(functions_routes(NoHubs(), frozenset()))

    generic = {f"{one}{{operation}}", f"{one}{{operation}}/{{eventName}}"}
    assert generic < routes
    assert documented(FUNCTIONS_OWN) == routes - generic | operations


def test_the_places_of_the_apis_are_documented() -> None:
    app = application(CollectorRegistry(), directory=NoHubs())

    paths = {route.path for route in app.routes}  # type: ignore[attr-defined]
    assert paths == {"/healthz", "/readyz", "/metrics", SCHEDULER, DASHBOARD, FUNCTIONS}
    for path in paths:
        assert f"`{path}`" in TEXT

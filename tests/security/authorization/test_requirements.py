"""No call can be forgotten: the table is held against the services and the routes."""

from typing import Any

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.authorization.gate import Gate
from durahub.authorization.presented import Presented
from durahub.authorization.principals import Grant, Principal
from durahub.authorization.requirements import FOR_WORK, METRICS, REQUIREMENTS
from durahub.authorization.roles import Need, Role
from durahub.edge.backend import backend_service_pb2 as bs
from durahub.edge.web.mounts import functions_routes, scheduler_routes
from durahub.errors import RoleMissing

SERVICES = (
    pb.DESCRIPTOR.services_by_name["TaskHubSidecarService"],
    bs.DESCRIPTOR.services_by_name["BackendService"],
)


class NoHubs:
    default = "default"

    async def find(self, name: str) -> Any:
        raise AssertionError(name)


class Everybody:
    """A way in for everybody, with every role there is."""

    async def principal(self, presented: Presented) -> Principal:
        return Principal("somebody", tuple(Grant(role, "*") for role in Role))


def served() -> set[str]:
    """Every call that a server answers."""
    calls = {f"/{s.full_name}/{method.name}" for s in SERVICES for method in s.methods}
    calls |= {f"{call}{FOR_WORK}" for call in calls if call.endswith("/StreamInstanceHistory")}
    routes = {"scheduler": scheduler_routes(NoHubs())}
    routes["functions"] = functions_routes(NoHubs(), frozenset())
    for api, found in routes.items():
        calls |= {f"{api} {m} {r.path}" for r in found for m in r.methods or () if m != "HEAD"}
    return calls | {METRICS}


def test_every_call_of_both_services_and_every_route_has_a_requirement_and_nothing_else_has() -> (
    None
):
    assert served() == set(REQUIREMENTS)


def test_every_call_needs_something() -> None:
    assert all(REQUIREMENTS.values())


async def test_a_call_that_is_not_in_the_table_is_denied_to_everybody() -> None:
    with pytest.raises(RoleMissing, match="nobody"):
        await Gate([Everybody()]).admit("/TaskHubSidecarService/New", "orders", Presented())


def test_the_contributor_may_do_everything_and_the_others_may_not_change_anything() -> None:
    assert all(Role.CONTRIBUTOR.allows(needs) for needs in REQUIREMENTS.values())
    changes = frozenset({Need.WRITE})
    assert not Role.READER.allows(changes)
    assert not Role.WORKER.allows(changes)
    assert not Role.READER.allows(frozenset({Need.WORK}))
    assert not Role.WORKER.allows(frozenset({Need.READ}))

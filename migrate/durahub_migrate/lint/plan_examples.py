"""Facts of plans for the examples of rules."""

from dataclasses import replace
from typing import Any

from durahub_migrate.lint.facts.plans import PlanFacts, UnitFacts
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.moving.capabilities import OWN_STORE, UNPROBED_ENDPOINT, Capabilities
from durahub_migrate.moving.plan import PlanEnd, PlanHead
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit

SOURCE = "orders.plan"
PROBED = replace(
    UNPROBED_ENDPOINT,
    probed=True,
    backend=True,
    rewind_history=True,
    probes={"probed": "2026-10-25T12:00:00Z"},  # a week before the examples
)
STORE = OWN_STORE
ENDPOINT = UNPROBED_ENDPOINT


def a_head(capabilities: Capabilities = ENDPOINT, **others: Any) -> PlanHead:
    """Return the head of a plan; *others* are fields of it."""
    fields: dict[str, Any] = {
        "tool": "durahub",
        "bundle": "orders.hub",
        "bundle_root": "0" * 64,
        "frozen": True,
        "source": "classic hub orders",
        "target": "dts:https://shop.westeurope.durabletask.io/orders",
        "settings": MoveSettings(),
    }
    return PlanHead(**{**fields, **others, "capabilities": capabilities})


def a_plan(
    capabilities: Capabilities = ENDPOINT,
    *,
    end: PlanEnd | None = None,
    problem: str | None = None,
    **others: Any,
) -> PlanFacts:
    """Return a plan; *others* are fields of its head."""
    place = Place(source=SOURCE, kind=PlaceKind.HUB)
    return PlanFacts(
        place=place,
        head=a_head(capabilities, **others),
        end=end or PlanEnd(),
        bundle_problem=problem,
    )


def a_unit(
    root_id: str = "order-7",
    strategy: Strategy = Strategy.GHOST,
    *,
    capabilities: Capabilities = ENDPOINT,
    in_bundle: int | None = None,
    locked_by: str | None = None,
    **others: Any,
) -> UnitFacts:
    """Return a unit of a plan; *others* are fields of it."""
    is_entity = root_id.startswith("@")
    fields: dict[str, Any] = {
        "root_id": root_id,
        "is_entity": is_entity,
        "why": "",
        "digest": "",
        "members": 1,
        "live": 1,
        "events": 4,
        "size": 400,
        "actions": 3,
    }
    kind = PlaceKind.ENTITY if is_entity else PlaceKind.INSTANCE
    return UnitFacts(
        place=Place(source=SOURCE, kind=kind, key=root_id),
        unit=Unit(**{**fields, **others}, strategy=strategy),
        head=a_head(capabilities),
        members=in_bundle,
        locked_by=locked_by,
    )

"""Bundles and plans for tests: entities, trees that have ended, and trees that are live."""

from dataclasses import dataclass, replace
from pathlib import Path

from durahub.stored import StoredInstance
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.moving import plan
from durahub_migrate.moving.capabilities import OWN_STORE
from durahub_migrate.moving.plan import PlanHead
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.moving.units import Unit
from tests.bundle.bundles import a_history, an_instance, written
from tests.targets.moves import units_of


@dataclass(frozen=True)
class Move:
    plan: Path
    units: tuple[Unit, ...]


def instances(live: int = 4, ended: int = 3, custom: str = "null") -> list[StoredInstance]:
    """Return trees that have ended, of one instance, and live ones, each with a child."""
    found = []
    for number in range(ended):
        found.append(an_instance(f"ended-{number}"))
    for number in range(live):
        found += [
            a_live_one(f"live-{number}", custom=custom),
            a_live_one(f"live-{number}:1", f"live-{number}"),
        ]
    return found


def a_live_one(instance_id: str, parent: str | None = None, custom: str = "null") -> StoredInstance:
    """Return one that waits for its activity."""
    return an_instance(
        instance_id,
        status="Running",
        completed=None,
        output=None,
        custom_status=custom,
        parent=parent,
        history=a_history(instance_id, parent)[:4],
    )


def balance_of(units: list[Unit]) -> dict[str, dict[str, int]]:
    """Return the sums of a plan of orchestrations without messages."""
    counts = {"source": sum(unit.members for unit in units)}
    for unit in units:
        name = "blocked" if unit.blockers else "imported" if unit.is_moved else "drained"
        counts[name] = counts.get(name, 0) + unit.members
    return {"orchestrations": counts, "entities": {}, "messages": {}}


def a_move(
    folder: Path,
    target: str = "sqlite:new.db/orders",
    *,
    live: int = 4,
    ended: int = 3,
    changed: dict[str, dict[str, object]] | None = None,
    frozen: bool = True,
    custom: str = "null",
    settings: MoveSettings | None = None,
) -> Move:
    """Write a bundle and its plan; *changed* has fields of units by root ID."""
    bundle = folder / "orders.hub"
    if not bundle.exists():
        written(bundle, instances(live, ended, custom))
    with open_content(bundle) as content:
        root = content.manifest.root
        units = [
            replace(unit, **(changed or {}).get(unit.root_id, {}))  # type: ignore[arg-type]
            for unit in units_of(content)
        ]
    head = PlanHead(
        tool="durahub test",
        bundle="orders.hub",
        bundle_root=root,
        frozen=frozen,
        source="classic hub orders",
        target=target,
        capabilities=OWN_STORE,
        settings=settings or MoveSettings(),
    )
    file = folder / "orders.plan"
    file.write_bytes(
        b"".join(plan.encode(head, units, ending=lambda: {"balance": balance_of(units)}))
    )
    return Move(file, tuple(units))

"""A plan for programs: its sums as one object, its units each as one."""

from dataclasses import asdict
from typing import Any

from durahub_migrate.moving.units import Unit
from durahub_migrate.planning.balance import residue
from durahub_migrate.planning.telling import Told


def sums(one: Told) -> dict[str, Any]:
    """Return what a plan says in all; keys are stable."""
    plan, found = one.plan, one.found
    head, end = plan.head, plan.end
    return {
        "plan": str(plan.path),
        "sha256": end.sha256,
        "bundle": head.bundle,
        "bundleRoot": head.bundle_root,
        "frozen": head.frozen,
        "source": head.source,
        "target": head.target,
        "probed": head.capabilities.probed,
        "strategies": {
            letter: asdict(group) for letter, group in found.groups.items() if group.units
        },
        "losses": {
            code: {"count": count, "trees": trees} for code, count, trees, _ in found.told_losses()
        },
        "needingAttention": found.needing,
        "strays": end.strays,
        "rejected": end.rejected,
        "hidden": end.hidden,
        "balance": {kind: dict(counts) for kind, counts in end.balance.items()},
        "residue": residue(end.balance),
    }


def unit(one: Unit) -> dict[str, Any]:
    """Return one unit, as the plan's file has it."""
    return {"unit": {**asdict(one), "strategy": one.strategy.value}}

"""What has to be true before a plan is carried out."""

from durahub.errors import JobMismatch, MoveBlocked
from durahub_migrate.moving.plan import BLOCKED, PlanEnd, PlanHead


def check_bundle(plan: str, head: PlanHead, root: str) -> None:
    """Raise `JobMismatch` unless the bundle is the one that was planned for."""
    if root != head.bundle_root:
        raise JobMismatch(
            plan,
            f"its bundle has the root {root[:12]}, and had {head.bundle_root[:12]} when it was planned;"
            " plan again",
        )


def check_plan(head: PlanHead, end: PlanEnd, *, skip_blocked: bool) -> None:
    """Raise `MoveBlocked` where a plan may not be carried out as it is."""
    if not head.frozen and not head.settings.allow_unfrozen:
        raise MoveBlocked(
            "the bundle is of a hub that was in use: what happened on it since would be missing",
            "freeze the hub (durahub hub freeze), export and plan it again,"
            " or plan it with --allow-unfrozen",
        )
    if end.unseen and not head.settings.allow_unseen:
        raise MoveBlocked(
            f"up to {end.unseen:,} messages were not read: storage shows 32 of a queue",
            "export the frozen hub with --take and plan again, or plan with --allow-unseen:"
            " then events among them are lost to the target",
        )
    blocked = end.units.get(BLOCKED, 0)
    if blocked and not skip_blocked:
        raise MoveBlocked(
            f"{blocked:,} units of the plan are blocked (durahub plan --show tells by what)",
            "see to them and plan again, or leave them where they are with --skip-blocked",
        )
    if end.units and not sum(count for name, count in end.units.items() if name != BLOCKED):
        raise MoveBlocked("all units of the plan are blocked", "there is nothing to apply")

"""What people do around a move, in its order, and how they go back: written before anything is moved."""

from collections.abc import Iterator, Mapping

from durahub_migrate.moving.place import PlaceKind
from durahub_migrate.moving.plan import PlanHead
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.planning.summary import Summary

ASK_NUMBERING = (
    "Say with --numbering what the app at the target is written in: .NET, Java and Go count actions from 0, "
    "Python and JavaScript from 1, and an app that counts otherwise than its histories fails them. A durahub "
    "server takes 0 for all, and is recognized."
)


def lacks_numbering(head: PlanHead, units: Mapping[str, int]) -> bool:
    """Tell whether an endpoint is given histories, and nobody has said how its app counts.

    *units* are the plan's, by strategy.
    """
    told = (Strategy.GHOST, Strategy.REWIND, Strategy.BACKEND)
    return head.settings.numbering is None and any(units.get(one.value) for one in told)


def order_of_work(head: PlanHead, found: Summary, plan: str) -> Iterator[str]:
    """Yield what is to be done, step by step. *plan* is the plan's file."""
    to_endpoint = head.capabilities.kind is PlaceKind.ENDPOINT
    if to_endpoint:
        yield (
            "Write down the scheduler's retention policy, then set it to the longest period or delete it: it "
            "counts from the end of an instance, and what ended long ago would be purged on arrival."
        )
    else:
        yield "Keep retention at the target off until the end: what ended long ago is due at once."
    if lacks_numbering(head, {name: group.units for name, group in found.groups.items()}):
        yield ASK_NUMBERING
    if found.blocked:
        yield f"Settle the {found.blocked:,} blocked trees, or leave them (--skip; apply --skip-blocked)."
    if found.groups[Strategy.DRAIN.value].units:
        yield "Send new work to the target, and let the old app run until what drains has ended."
    if not head.frozen:
        yield "Stop the app, freeze the hub (durahub hub freeze), and plan again: this plan is a preview."
    else:
        yield "See that the hub is still frozen and its app stopped."
    yield "Keep the app at the target stopped: it would take the work that is being moved."
    yield f"Move: durahub apply {plan}. What is interrupted is resumed."
    yield f"Verify: durahub verify {head.bundle} {head.target} --plan {plan}."
    yield "Cut over: start the app at the target, send callers and webhooks there."
    yield (
        f"Confirm when it has run for a while: durahub job confirm {plan}. Purge the old hub later, when "
        "nobody needs it."
    )
    if to_endpoint:
        yield "Restore the retention policy."


def way_back(head: PlanHead, plan: str) -> Iterator[str]:
    """Yield how to go back, at each stage. *plan* is the plan's file."""
    yield (
        f"Before the cut-over: abort the move (durahub job abort {plan}). What it has put at the target is "
        "removed again. Thaw the hub (durahub hub thaw), start the old app. The old hub was never written to."
    )
    yield (
        "Point of no return: the first activity that the app at the target runs. From then on the target "
        "knows what the old hub does not."
    )
    yield (
        f"After the cut-over: stop the app at the target, export it (durahub export {head.target} back.hub), "
        "and plan the way back (durahub plan back.hub …). Nothing is merged: what ran on at the target "
        "replaces its old self, and what the old hub has besides stays."
    )
    yield "The bundle is the state to go back to; keep it until the move is confirmed."

"""The smallest plan that fails as a failing one does: without what does not matter for it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import TypeVar

from tests.simulation.whole.plan import CALM, Call, Plan
from tests.simulation.whole.recipe import Step
from tests.simulation.whole.storage import Make
from tests.simulation.whole.world import Outcome, Plant, play

T = TypeVar("T")

MOST = 400  # plans that are tried


def shrunk(outcome: Outcome, make: Make, plant: Plant | None = None) -> Outcome:
    """Return the outcome of a plan from which nothing can be left out without its going well."""
    tries = MOST
    smaller = True
    while smaller:
        smaller = False
        for plan in _smaller(outcome.plan):
            tries -= 1
            if tries <= 0:
                return outcome
            found = play(plan, make, plant)
            if found.violations:
                outcome, smaller = found, True
                break
    return outcome


def _smaller(plan: Plan) -> Iterator[Plan]:
    """Yield plans that have a little less, the boldest cuts first."""
    if plan.line != CALM:
        yield replace(plan, line=CALM)
    if plan.skew:
        yield replace(plan, skew=0.0)
    for ids in sorted({call.instance_id for call in plan.calls}):
        rest = tuple(call for call in plan.calls if call.instance_id != ids)
        yield replace(plan, calls=rest)
    for number in range(len(plan.incidents)):
        yield replace(plan, incidents=_without(plan.incidents, number))
    for number in range(len(plan.calls)):
        yield replace(plan, calls=_without(plan.calls, number))
    if len(plan.workers) > 1:
        for number in range(len(plan.workers)):
            left = _without(plan.workers, number)
            names = {worker.name for worker in plan.workers}
            rest = tuple(
                one
                for one in plan.incidents
                if one.who not in names or one.who in {worker.name for worker in left}
            )
            yield replace(plan, workers=left, incidents=rest)
    for number, call in enumerate(plan.calls):
        for steps in _fewer(call.steps):
            calls: list[Call] = list(plan.calls)
            calls[number] = replace(call, steps=steps)
            yield replace(plan, calls=tuple(calls))


def _fewer(steps: tuple[Step, ...]) -> Iterator[tuple[Step, ...]]:
    for number, step in enumerate(steps):
        yield _without(steps, number)
        for inner in _fewer(step.steps):
            changed = list(steps)
            changed[number] = replace(step, steps=inner)
            yield tuple(changed)


def _without(items: tuple[T, ...], number: int) -> tuple[T, ...]:
    return items[:number] + items[number + 1 :]

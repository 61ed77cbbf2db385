"""A fixed scenario that does a little of everything, and a crash at each call to storage in it.

A point is a call, before its effect or after it. How many there are is counted in a run without a crash;
then the scenario is played once for each.
"""

from dataclasses import replace

from tests.simulation.whole.gate import Point
from tests.simulation.whole.plan import CALM, Call, Incident, Plan, WorkerPlan
from tests.simulation.whole.program import entity
from tests.simulation.whole.recipe import Step
from tests.simulation.whole.storage import Make
from tests.simulation.whole.world import Outcome, play

_A, _B = entity("a"), entity("b")

SCENARIO = Plan(
    seed=0,
    servers=1,
    skew=0.0,
    line=CALM,
    workers=(WorkerPlan(name="w1", room=4, seconds=0.01),),
    calls=(
        Call(
            at=0.1,
            what="start",
            instance_id="seq",
            steps=(Step("act"), Step("act", 1, 0.5), Step("act")),
        ),
        Call(
            at=0.1,
            what="start",
            instance_id="fan",
            steps=(Step("fan", 4), Step("note"), Step("sleep", seconds=1.0)),
        ),
        Call(
            at=0.2,
            what="start",
            instance_id="parent",
            steps=(
                Step("child", name="parent-child", steps=(Step("act"), Step("call", name=_A))),
                Step("act"),
            ),
        ),
        Call(
            at=0.2,
            what="start",
            instance_id="again",
            steps=(
                Step("hear", seconds=9.0, name="go"),
                Step("again"),
                Step("hear", seconds=9.0, name="go"),
                Step("again"),
                Step("act"),
            ),
        ),
        Call(at=0.3, what="raise", instance_id="again", name="go"),
        Call(at=0.31, what="raise", instance_id="again", name="go"),
        Call(
            at=0.4,
            what="start",
            instance_id="locks",
            steps=(Step("lock", name=f"{_A},{_B}", steps=(Step("act"),)), Step("signal", name=_B)),
        ),
        Call(at=0.4, what="signal", instance_id=_A),
        Call(at=0.42, what="signal", instance_id=_B),
        Call(at=0.5, what="suspend", instance_id="seq"),
        Call(at=1.0, what="resume", instance_id="seq"),
        Call(at=1.0, what="start", instance_id="short", steps=(Step("sleep", seconds=30.0),)),
        Call(at=1.5, what="terminate", instance_id="short"),
        Call(at=3.0, what="purge", instance_id="fan"),
        Call(
            at=4.0, what="start", instance_id="fan", steps=(Step("tell", name="again"), Step("act"))
        ),
        Call(at=5.0, what="query"),
    ),
    incidents=(),
    calm_at=12.0,
)


def points_of(make: Make, plan: Plan = SCENARIO) -> list[Point]:
    """Return the points of *plan*: two for each call of a run in which nothing crashes."""
    outcome = play(plan, make)
    if outcome.violations:
        raise AssertionError(str(outcome))
    return [Point(call, after) for call in range(outcome.calls) for after in (False, True)]


def crashes_at(point: Point, make: Make, plan: Plan = SCENARIO) -> Outcome:
    """Play *plan* with a crash at *point*."""
    crash = Incident(at=0.0, what="crash-in", who="s1", point=point)
    return play(replace(plan, incidents=(crash,)), make)

"""Small fixed scenarios, in which a server is killed at every request: two servers, two workers, calm."""

from collections.abc import Mapping

from tests.simulation.whole.plan import CALM, Call, Incident, Plan, WorkerPlan
from tests.simulation.whole.program import entity
from tests.simulation.whole.recipe import PROGRAM, Step

LARGE = "x" * 50_000  # characters: a start with it stands in a blob
A, B = entity("a"), entity("b")


def _plan(*calls: Call, incidents: tuple[Incident, ...] = (), calm_at: float = 4.0) -> Plan:
    workers = tuple(WorkerPlan(name=name, room=5, seconds=0.02) for name in ("w1", "w2"))
    return Plan(
        seed=10,
        servers=2,
        skew=0.5,
        line=CALM,
        workers=workers,
        calls=calls,
        incidents=incidents,
        calm_at=calm_at,
    )


def _start(instance_id: str, *steps: Step, at: float = 1.0) -> Call:
    return Call(at=at, what="start", instance_id=instance_id, name=PROGRAM, steps=steps)


_ACT = Step("act")

SCENARIOS: Mapping[str, Plan] = {
    "a sequence of activities": _plan(_start("i0", _ACT, _ACT, _ACT)),
    "a fan-out with large payloads": _plan(
        _start("i0", Step("fan", 4), Step("hear", seconds=0.5, name=LARGE), _ACT)
    ),
    "a sub-orchestration": _plan(
        _start("i0", Step("child", name="i0-child", steps=(_ACT, Step("note"))), _ACT)
    ),
    "an entity with a lock": _plan(
        _start("i0", Step("call", name=A), Step("lock", name=f"{A},{B}", steps=(_ACT,))),
        Call(at=1.1, what="signal", instance_id=A),
    ),
    "continue-as-new": _plan(
        _start(
            "i0", _ACT, Step("again"), Step("hear", seconds=9.0, name="go"), Step("again"), _ACT
        ),
        Call(at=1.3, what="raise", instance_id="i0", name="go"),
    ),
    "continue-as-new, and then the end": _plan(_start("i0", _ACT, Step("again"))),
    "start, terminate, purge": _plan(
        _start("i0", _ACT, Step("hear", seconds=60.0, name="go")),
        Call(at=1.5, what="terminate", instance_id="i0"),
        Call(at=2.0, what="purge", instance_id="i0"),
        _start("i0", _ACT, at=2.5),
    ),
    "a hand-over": _plan(
        _start("i0", _ACT, Step("sleep", seconds=3.0), _ACT),
        _start("i1", _ACT, Step("sleep", seconds=3.0), Step("fan", 2)),
        incidents=(Incident(at=2.0, what="stop", who="s1", seconds=1.0),),
    ),
}
"""By what happens in them."""

"""What happens without a fault and is no violation, and what of its kind would be one."""

from random import Random

import pytest

from tests.simulation.account.storage import AccountStorage
from tests.simulation.account.weather import Weather
from tests.simulation.whole.gate import Gate
from tests.simulation.whole.plan import CALM, Call, Plan, WorkerPlan
from tests.simulation.whole.program import entity
from tests.simulation.whole.recipe import PROGRAM, Step
from tests.simulation.whole.world import Outcome, play

A = entity("a")
STEPS = (Step("signal", name=A),)


def _plan(*calls: Call, seed: int = 3) -> Plan:
    return Plan(
        seed=seed,
        servers=2,
        skew=0.0,
        line=CALM,
        workers=(WorkerPlan(name="w1", room=5, seconds=0.02),),
        calls=calls,
        incidents=(),
        calm_at=40.0,
    )


def _start(at: float, instance_id: str = "i0") -> Call:
    return Call(at=at, what="start", instance_id=instance_id, name=PROGRAM, steps=STEPS)


def _undisturbed(plan: Plan) -> Outcome:
    def make(gate: Gate, seed: int) -> AccountStorage:
        return AccountStorage(gate, seed, weather=Weather())

    outcome = play(plan, make)
    assert not outcome.violations, str(outcome)
    return outcome


def test_an_event_to_what_was_ended_before_it_began_is_not_lost() -> None:
    """A start that another server took is still to be received when the partition's own server ends it."""
    calls = []
    for number in range(6):  # some at the one server, and some at the other
        at, name = 30.0 + 10 * number, f"i{number}"
        calls.append(_start(at, name))
        calls.append(Call(at=at + 0.3, what="terminate", instance_id=name))
        calls.append(Call(at=at + 5.0, what="raise", instance_id=name, name="go"))
    _undisturbed(_plan(*calls))


def test_signals_that_two_servers_took_may_change_places() -> None:
    signals = [Call(at=30.0 + n / 2, what="signal", instance_id=A) for n in range(8)]
    assert _undisturbed(_plan(*signals)).tolerated > 0


def test_an_operation_is_done_twice_where_a_purge_meets_the_next_start() -> None:
    """The purge deletes the history that the checkpoint of the next execution would have replaced."""
    purge = Call(at=4.0, what="purge", instance_id="i0")
    plans = [_plan(_start(1.0), purge, _start(4.0 + n / 1000), seed=1) for n in range(-4, 5)]
    assert any(_undisturbed(plan).tolerated for plan in plans)


@pytest.mark.parametrize(
    ("violation", "overtaken", "is_tolerated"),
    [
        ("@diary@a did i0/run/001 twice", {"i0"}, True),
        ("@diary@a did i0/run/001 enter section twice", {"i0"}, True),
        ("@diary@a did i0/run/001 enter section while section had it locked", {"i0"}, True),
        ("i1: the event i0/run/001 is there twice", {"i0"}, True),
        ("@diary@a did i0/run/001 twice", {"i1"}, False),
        ("i1: the event i0/run/001 is there twice", {"i1"}, False),
        ("@diary@a did client/c0001 twice", {"i0"}, False),
        ("i0 lost the event c0001, which was acknowledged", {"i0"}, False),
        ("@diary@a did client/c2 before client/c1, which was sent first", {"i0"}, False),
    ],
)
def test_without_a_fault_only_what_a_lost_checkpoint_explains_is_tolerated(
    violation: str, overtaken: set[str], is_tolerated: bool
) -> None:
    storage = AccountStorage(Gate(Random(1), lambda server: None), 1, weather=Weather())
    assert storage.tolerates(violation, overtaken) is is_tolerated

"""Whole hubs, simulated: whatever the order of messages, wherever the server dies, the results are right."""

import random
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durahub.model.history import ExecutionTerminated, Status
from durahub.model.ticks import later
from tests.unit.engine.orchestrators import (
    Await,
    Call,
    Child,
    Orchestrator,
    Raise,
    Retried,
    Sleep,
    expected,
    work,
)
from tests.unit.engine.simulated_hub import SimulatedHub
from tests.unit.engine.storage_rules import status_of

ORCHESTRATORS = {
    "Leaf": Orchestrator(((Call("pick"),),)),
    "Quick": Orchestrator(()),
    "Flaky": Orchestrator(((Call("try"),),), fails=2),
    "Chain": Orchestrator(((Call("a"),), (Sleep(30.0),), (Call("b"),))),
    "Fan": Orchestrator(((Call("a"), Call("b"), Child("Leaf"), Child("Quick")), (Child("Leaf"),))),
    "Events": Orchestrator(((Await("go"), Call("a")), (Await("go"),), (Await("stop"),))),
    "Loop": Orchestrator(((Call("a"),), (Await("go"),)), again=2),
    "Parents": Orchestrator(((Child("Quick", "fixed"),), (Child("Leaf", "fixed"),)), again=2),
    "Patient": Orchestrator(((Retried("Flaky", "flaky"),), (Call("a"),))),
    "Talker": Orchestrator(((Raise("listener", "hello"),), (Call("a"),))),
    "Listener": Orchestrator(((Await("hello"),),)),
    "Deep": Orchestrator(((Child("Fan"), Child("Chain")), (Sleep(1.0), Child("Quick")))),
}

EVENTS = {"Events": ("go", "go", "stop"), "Loop": ("go", "go", "go")}


def play(names: list[str], chance: random.Random, crashes: int) -> SimulatedHub:
    hub = SimulatedHub(partial(work, ORCHESTRATORS), chance, crashes)
    for name in names:
        hub.start(name, name.lower())
        for event in EVENTS.get(name, ()):
            hub.raise_event(name.lower(), event)
    hub.run()
    assert not hub.queue
    return hub


@pytest.mark.parametrize("name", sorted(set(ORCHESTRATORS) - {"Flaky"}))  # that is a child only
def test_an_undisturbed_run_has_the_expected_result(name: str) -> None:
    names = [name, "Talker"] if name == "Listener" else [name]
    hub = play(names, random.Random(0), crashes=0)
    assert hub.rows[name.lower()].output == expected(name, ORCHESTRATORS)


ROOTS = sorted(set(ORCHESTRATORS) - {"Flaky", "Listener", "Talker"})


@given(
    st.lists(st.sampled_from(ROOTS), min_size=1, max_size=3, unique=True),
    st.integers(0, 2**32),
    st.integers(0, 5),
)
@settings(max_examples=150, deadline=None)
def test_after_any_crash_the_hub_comes_to_the_same_result(  # [18] [22] [30]
    names: list[str], seed: int, crashes: int
) -> None:
    hub = play([*names, "Talker", "Listener"], random.Random(seed), crashes)

    for name in [*names, "Talker", "Listener"]:
        row = hub.rows[name.lower()]
        assert (row.status, row.output) == (Status.Completed, expected(name, ORCHESTRATORS))
    for instance_id, history in hub.histories.items():
        row = hub.rows[instance_id]
        assert row.status is status_of(history.events)
        assert row.execution_id == history.version.execution_id
        assert row.name is not None


@given(st.integers(0, 2**32), st.integers(0, 5), st.integers(0, 20))
@settings(max_examples=60, deadline=None)
def test_a_recursive_termination_leaves_nothing_running(  # [33]
    seed: int, crashes: int, steps: int
) -> None:
    hub = SimulatedHub(partial(work, ORCHESTRATORS), random.Random(seed), crashes)
    hub.start("Deep", "deep")
    for _ in range(steps):
        if hub.visible():
            hub.step(hub.visible())
        hub.now = later(hub.now, 0.5)
    hub.tell("deep", ExecutionTerminated(timestamp=hub.now, input="stop", recurse=True))
    hub.run()

    assert not hub.queue
    assert hub.rows["deep"].status in (Status.Terminated, Status.Completed)
    for instance_id, row in hub.rows.items():
        assert row.status.is_terminal
        if instance_id in hub.histories:  # a termination before the start leaves none
            assert row.status is status_of(hub.histories[instance_id].events)

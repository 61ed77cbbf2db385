"""What the checker of a chaos run finds, what a plan is, what a power loss leaves: without any process."""

import json
from collections.abc import Mapping
from random import Random
from typing import Any

import pytest

from tests.fault.chaos.checker import Held, Left, judge
from tests.fault.chaos.plan import plan
from tests.fault.chaos.records import Records
from tests.fault.power.images import Disk, Kept
from tests.fault.power.journal import HEADER, Step, steps_of

DONE = {"EventType": 1, "EventId": 9}


def instance(
    output: object, *events: Mapping[str, Any], status: str = "Completed"
) -> dict[str, Any]:
    start = {"EventType": 0, "EventId": -1}
    return {"status": status, "output": json.dumps(output), "history": [start, *events, DONE]}


def records(*lines: Mapping[str, Any]) -> Records:
    found = Records()
    for number, line in enumerate(lines):
        found.take(number, line)
    return found


def started(instance_id: str) -> tuple[Mapping[str, Any], ...]:
    return {"asks": "start", "id": instance_id}, {"told": "start", "id": instance_id}


def event(text: str) -> tuple[Mapping[str, Any], ...]:
    said = {"id": "events-1", "text": text}
    return {"asks": "event", **said}, {"told": "event", **said}


RAN = tuple({"ran": f"timers-0/{step}"} for step in range(2))
TIMERS = instance(["0", "1"])
OPERATIONS = {f"ledger-0/{name}": 1 for name in ("signal", "first", "second")}


def broken(said: Records, held: Held, *, exactly_once: bool = True) -> list[str]:
    return list(judge(said, held, exactly_once=exactly_once).broken)


def test_what_is_as_it_must_be_is_not_broken() -> None:
    said = records(*started("timers-0"), *RAN, *started("ledger-0"))
    both = {"timers-0": TIMERS, "ledger-0": instance("added")}

    assert broken(said, Held(both, {0: OPERATIONS}, [])) == []


@pytest.mark.parametrize(
    ("said", "held", "found"),
    [
        (records(*started("timers-0"), *RAN), {}, "is not there"),
        (records(*started("timers-0"), *RAN), instance(None, status="Running"), "it is Running"),
        (records(*started("timers-0"), *RAN), instance(["0"]), "its output is"),
        (records(*started("timers-0"), RAN[0]), TIMERS, "never ran"),
        (records(*started("timers-0"), RAN[1], RAN[0]), TIMERS, "before the one before it"),
        (
            records(*started("timers-0"), *RAN),
            instance(
                ["0", "1"],
                {"EventType": 4, "EventId": 0},
                *[{"EventType": 5, "EventId": -1, "TaskScheduledId": 0}] * 2,
            ),
            "action 0 is answered 2 times",
        ),
    ],
)
def test_an_instance_that_is_not_as_it_must_be_is_found(
    said: Records, held: Mapping[str, Any], found: str
) -> None:
    (one,) = broken(said, Held({"timers-0": held} if held else {}, {}, []))
    assert found in one


@pytest.mark.parametrize(
    ("seen", "found"),
    [
        (["a"], "b was accepted, and is lost"),
        (["a", "b", "a"], "a came 2 times"),
        (["a", "b", "c"], "nobody"),
    ],
)
def test_an_event_that_is_lost_doubled_or_made_up_is_found(seen: list[str], found: str) -> None:
    said = records(*started("events-1"), *event("a"), *event("b"))
    (one,) = broken(said, Held({"events-1": instance(seen)}, {}, []))
    assert found in one


def test_an_operation_that_is_lost_or_doubled_is_found() -> None:
    said = records(*started("ledger-0"))
    lost = {"ledger-0/signal": 1, "ledger-0/second": 1}
    twice = {**OPERATIONS, "ledger-0/first": 2}
    there = {"ledger-0": instance("added")}

    assert "operation first of ledger 0 is lost" in broken(said, Held(there, {0: lost}, []))[0]
    assert "ledger-0/first 2 times" in broken(said, Held(there, {0: twice}, []))[0]
    assert broken(said, Held(there, {0: twice}, []), exactly_once=False) == []


def test_messages_and_findings_that_are_left_are_found_but_for_a_start_that_nobody_accepted() -> (
    None
):
    finding = {"rule": "start-without-row", "instanceId": "timers-7"}
    left = Left("control-00", "ExecutionStarted", "timers-7")
    refused = records({"asks": "start", "id": "timers-7"})

    assert broken(refused, Held({}, {}, [left], [finding])) == []
    assert len(broken(records(), Held({}, {}, [left], [finding]))) == 2
    raised = Left("control-00", "EventRaised", "timers-7")
    assert len(broken(refused, Held({}, {}, [raised], []))) == 1


def test_a_plan_comes_from_its_seed() -> None:
    assert plan(7, 60, 2, azurite=True) == plan(7, 60, 2, azurite=True)
    assert plan(7, 60, 2, azurite=True) != plan(8, 60, 2, azurite=True)
    assert {act.what for act in plan(7, 60, 2, azurite=True)} >= {"kill", "pause", "reset"}


def test_a_power_loss_keeps_what_was_synced_and_may_keep_the_rest() -> None:
    disk = Disk()
    for step in (
        Step("C", "hub.db", 0, b"", 1),
        Step("W", "hub.db", 0, b"first", 2),
        Step("S", "hub.db", 0, b"", 3),
        Step("S", "", 0, b"", 4),
        Step("W", "hub.db", 5, b" second", 5),
        Step("C", "hub.db-wal", 0, b"", 6),
    ):
        disk.do(step)

    assert disk.after_loss(Kept.NOTHING, Random(1)) == {"hub.db": b"first"}
    everything = {"hub.db": b"first second", "hub.db-wal": b""}
    assert disk.after_loss(Kept.EVERYTHING, Random(1)) == everything


def test_a_journal_that_is_cut_off_ends_with_its_last_whole_step() -> None:
    note = HEADER.pack(ord("W"), 6, 4096, 3) + b"hub.db" + b"abc"

    assert list(steps_of(note + note[:-1])) == [Step("W", "hub.db", 4096, b"abc", len(note))]

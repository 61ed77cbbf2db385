"""An entity's scheduler state becomes facts, whatever stands in it."""

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.entities.messages import Request
from durahub.engine.entities.scheduler_state import (
    SchedulerState,
    Sorting,
    scheduler_state_text,
)
from durahub.engine.entities.sorter import Sender
from durahub.engine.entities.stamps import NONE, stamp_of
from durahub_migrate.lint.facts.entity_reading import entity_of

COUNTER = "@counter@a@b"
GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"
EARLY, LATE = stamp_of("2026-11-01T10:00:00Z"), stamp_of("2026-11-01T11:00:00Z")


def request(stamp: object = LATE) -> Request:
    return replace(Request(id=GUID, operation="add"), timestamp=stamp)


def test_an_idle_entity_has_its_state_and_nothing_that_waits() -> None:
    facts = entity_of(COUNTER, scheduler_state_text(SchedulerState(state="5")))
    assert (facts.name, facts.key, facts.state) == ("counter", "a@b", "5")
    assert (facts.backlog, facts.held, facts.locked_by) == (0, 0, None)
    assert not facts.sorts
    assert facts.problem is None


def test_without_any_text_the_entity_does_not_exist() -> None:
    assert entity_of(COUNTER, None).state is None
    assert entity_of(COUNTER, "").problem is None


def test_a_deleted_entity_of_durable_functions_2_does_not_exist() -> None:
    text = json.dumps({"exists": False, "state": None, "sorter": {}})
    assert entity_of(COUNTER, text).state is None


def test_what_waits_for_a_lock_and_its_holder_are_told() -> None:
    state = SchedulerState(state="5", queue=(request(), request()), locked_by="order-7")
    facts = entity_of(COUNTER, scheduler_state_text(state))
    assert facts.backlog == 2
    assert facts.locked_by == "order-7"


def test_what_the_sorter_holds_back_is_counted_and_its_newest_time_told() -> None:
    senders = {"a": Sender(last=EARLY), "b": Sender(last=NONE, held=(request(LATE),))}
    sorting = Sorting(sent={"c": EARLY}, senders=senders, receive_horizon=EARLY)
    facts = entity_of(COUNTER, scheduler_state_text(SchedulerState(sorting=sorting)))
    assert facts.held == 1
    assert facts.sorts
    assert facts.sorted_last == LATE.ticks


def test_a_sorter_with_a_horizon_alone_remembers_nothing() -> None:
    sorting = Sorting(sent={}, senders={}, receive_horizon=EARLY, send_horizon=EARLY)
    facts = entity_of(COUNTER, scheduler_state_text(SchedulerState(sorting=sorting)))
    assert not facts.sorts
    assert facts.sorted_last is None


def test_a_text_that_is_no_scheduler_state_is_told_as_a_problem() -> None:
    for text in ("{", "[]", '{"queue": 7}', '{"state": 7}', '{"queue": [{}]}'):
        assert entity_of(COUNTER, text).problem


def test_an_id_that_is_no_entitys_is_told_as_a_problem() -> None:
    assert entity_of("@counter", None).problem
    assert entity_of("@@key", None).problem


@given(st.text(), st.none() | st.text() | st.recursive(st.none(), st.lists).map(json.dumps))
def test_no_text_whatever_raises(instance_id: str, text: str | None) -> None:
    facts = entity_of(instance_id, text)
    assert facts.problem is None or facts.state is None

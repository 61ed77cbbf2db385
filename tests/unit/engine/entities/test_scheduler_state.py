"""The scheduler state and the status of an entity."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.entities.scheduler_state import (
    SchedulerState,
    Sorting,
    scheduler_state_of,
    scheduler_state_text,
    status_of,
    status_text,
)
from durahub.engine.entities.sorter import Sender
from durahub.engine.entities.stamps import stamp_of
from durahub.engine.entities.work import EntityStatus
from durahub.errors import BadMessage

from .counters import call, signal
from .test_messages import REQUESTS, STAMPS, TEXTS

SENDERS = st.builds(
    Sender,
    last=STAMPS,
    execution_id=st.none() | TEXTS,
    held=st.none()
    | st.lists(REQUESTS, max_size=3, unique_by=lambda r: r.timestamp.ticks).map(
        lambda held: tuple(sorted(held, key=lambda r: r.timestamp.ticks))
    ),
)
IDS = TEXTS.filter(lambda text: text != "$type")
STATES = st.builds(
    SchedulerState,
    state=st.none() | TEXTS,
    queue=st.lists(REQUESTS, max_size=3).map(tuple),
    locked_by=st.none() | TEXTS,
    suspended=st.booleans(),
    sorting=st.builds(
        Sorting,
        sent=st.none() | st.dictionaries(IDS, STAMPS, max_size=3),
        senders=st.none() | st.dictionaries(IDS, SENDERS, max_size=3),
        receive_horizon=STAMPS,
        send_horizon=STAMPS,
    ),
)


@given(STATES)
def test_a_scheduler_state_is_read_as_it_was_written(state: SchedulerState) -> None:
    text = scheduler_state_text(state)
    assert scheduler_state_of(text) == state
    assert scheduler_state_text(scheduler_state_of(text)) == text


def test_what_has_its_default_value_is_left_out_but_the_sorter() -> None:
    assert scheduler_state_text(SchedulerState()) == '{"sorter":{}}'


def test_members_stand_in_dotnets_order() -> None:
    state = SchedulerState(
        state="3",
        queue=(signal(),),
        locked_by="order-9",
        suspended=True,
        sorting=Sorting(
            sent={"@log@x": stamp_of("2031-05-06T07:08:10.5Z")},
            senders={"order-7": Sender(last=stamp_of("2031-05-06T07:08:10.5"), held=())},
            receive_horizon=stamp_of("2031-05-06T06:38:10.5Z"),
            send_horizon=stamp_of("2031-05-06T06:38:10.5Z"),
        ),
    )
    text = scheduler_state_text(state)
    assert text.startswith('{"state":"3","queue":[{"op":"add",')
    assert text.endswith(
        '}],"lockedBy":"order-9","suspended":true,"sorter":'
        '{"LastSentToInstance":{"@log@x":"2031-05-06T07:08:10.5Z"},'
        '"ReceivedFromInstance":{"order-7":{"Last":"2031-05-06T07:08:10.5","Buffered":{}}},'
        '"ReceiveHorizon":"2031-05-06T06:38:10.5Z","SendHorizon":"2031-05-06T06:38:10.5Z"}}'
    )


def test_what_is_held_back_is_keyed_by_its_time() -> None:
    held = Sender(held=(call(at=stamp_of("2031-05-06T07:08:10.5Z").ticks),))
    text = scheduler_state_text(SchedulerState(sorting=Sorting(senders={"order-7": held})))
    assert '"Buffered":{"2031-05-06T07:08:10.5Z":{"op":"add",' in text


@pytest.mark.parametrize("text", [None, "", "null"])
def test_an_entity_without_a_state_is_new(text: str | None) -> None:
    assert scheduler_state_of(text) == SchedulerState()


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "{",
        '{"state":{}}',
        '{"queue":{}}',
        '{"queue":[1]}',
        '{"queue":[{}]}',
        '{"sorter":{"LastSentToInstance":{"a":1}}}',
        '{"sorter":{"ReceivedFromInstance":{"a":1}}}',
        '{"sorter":{"ReceivedFromInstance":{"a":{"Buffered":{"x":1}}}}}',
        '{"sorter":{"ReceiveHorizon":"never"}}',
    ],
)
def test_what_cannot_be_a_scheduler_state_is_refused(text: str) -> None:
    with pytest.raises(BadMessage):
        scheduler_state_of(text)


def test_functions_member_exists_is_written_again_where_it_was_read() -> None:
    text = '{"exists":true,"state":"1","sorter":{}}'
    assert scheduler_state_text(scheduler_state_of(text)) == text
    without = '{"state":"1","sorter":{}}'
    assert scheduler_state_text(scheduler_state_of(without)) == without


def test_a_state_that_functions_says_does_not_exist_is_none() -> None:
    assert scheduler_state_of('{"exists":false,"state":"1","sorter":{}}').state is None


def test_a_status_leaves_out_what_is_not_so() -> None:
    assert status_text(EntityStatus()) == "{}"
    assert status_text(EntityStatus(exists=True, backlog=1, locked_by="order-9")) == (
        '{"entityExists":true,"queueSize":1,"lockedBy":"order-9"}'
    )


@given(st.builds(EntityStatus, exists=st.booleans(), backlog=st.integers(0, 9), locked_by=TEXTS))
def test_a_status_is_read_as_it_was_written(status: EntityStatus) -> None:
    assert status_of(status_text(status)) == status


@pytest.mark.parametrize("text", [None, "", "{", "[]", '{"queueSize":"1","lockedBy":2}'])
def test_a_status_that_says_nothing_is_that_of_no_entity(text: str | None) -> None:
    assert status_of(text) == EntityStatus()


def test_functions_current_operation_in_a_status_is_passed_over() -> None:
    text = '{"entityExists":true,"currentOperation":{"op":"add","id":"1"}}'
    assert status_of(text) == EntityStatus(exists=True)


def test_of_an_unreadable_status_existence_is_told_as_dotnet_finds_it() -> None:
    assert status_of('{"entityExists":true').exists

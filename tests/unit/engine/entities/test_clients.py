"""What clients send to entities, see of them, and clean up."""

from typing import Any

import pytest

from durahub.engine.entities.cleaning import Cleaning, cleaning_of, is_orphaned
from durahub.engine.entities.clients import release_orphan, signal_message
from durahub.engine.entities.messages import request_of
from durahub.engine.entities.reading import entity_of
from durahub.engine.entities.work import Entity, EntityStatus
from durahub.errors import BadRequest
from durahub.model.history import EventRaised, Execution, Status, Trace
from durahub.model.instance import Instance
from durahub.model.message import CLIENT
from durahub.model.ticks import later

from .counters import ENTITY, NOW, guid


def row(**more: Any) -> Instance:
    facts: dict[str, Any] = {
        "instance_id": ENTITY,
        "execution_id": "run-1",
        "name": ENTITY,
        "version": "",
        "status": Status.Running,
        "created": NOW,
        "last_updated": later(NOW, 1),
        "custom_status": '{"entityExists":true}',
        "input": '{"state":"3","sorter":{}}',
    }
    return Instance(**(facts | more))


# -- signals -------------------------------------------------------------------------------------


def test_a_signal_of_a_client_has_no_parent_and_no_label() -> None:
    message = signal_message(ENTITY, "add", "1", request_id=guid(7).upper(), now=NOW)
    event = message.event
    assert isinstance(event, EventRaised)
    assert event.name == "op"
    assert event.input == (
        f'{{"op":"add","signal":true,"input":"1","id":"{guid(7)}",'
        '"Timestamp":"0001-01-01T00:00:00","Predecessor":"0001-01-01T00:00:00",'
        '"IsLockRequest":false,"createTrace":false}'
    )
    assert message.target == Execution(ENTITY)
    assert message.sender == CLIENT
    assert message.due is None


def test_a_scheduled_signal_is_due_at_its_time_but_in_six_days_at_most() -> None:
    far = later(NOW, 30 * 86_400)
    for due, delivered in ((later(NOW, 60), later(NOW, 60)), (far, later(NOW, 6 * 86_400))):
        message = signal_message(ENTITY, "add", None, request_id=guid(7), now=NOW, scheduled=due)
        assert message.due == delivered
        assert isinstance(message.event, EventRaised)
        assert request_of(message.event.input).due == due


def test_a_traced_signal_wants_a_span() -> None:
    trace = Trace(trace_parent="00-aa-bb-01")
    message = signal_message(
        ENTITY, "add", None, request_id=guid(7), now=NOW, trace=trace, requested=NOW
    )
    assert isinstance(message.event, EventRaised)
    assert '"createTrace":true' in (message.event.input or "")
    assert request_of(message.event.input).trace == trace


def test_the_request_id_of_a_signal_is_a_guid() -> None:
    with pytest.raises(BadRequest):
        signal_message(ENTITY, "add", None, request_id="seven", now=NOW)


# -- reading -------------------------------------------------------------------------------------


def test_an_entity_was_modified_when_its_row_was_made() -> None:
    assert entity_of(row(), with_state=True) == Entity(
        instance_id=ENTITY, last_modified=NOW, status=EntityStatus(exists=True), state="3"
    )


def test_the_state_is_told_only_where_it_is_asked_for() -> None:
    assert entity_of(row(), with_state=False).state is None


def test_an_entity_whose_state_cannot_be_read_is_shown_without_it() -> None:
    entity = entity_of(row(input="{"), with_state=True)
    assert entity.status.exists
    assert entity.state is None


# -- cleaning ------------------------------------------------------------------------------------

EMPTY = row(custom_status="{}")
AFTER_THE_WINDOW = later(NOW, 1 + 1800.1)


def test_an_empty_entity_is_removed_once_the_window_is_over() -> None:
    assert cleaning_of(EMPTY, AFTER_THE_WINDOW) is Cleaning.REMOVE
    assert cleaning_of(EMPTY, later(NOW, 1800)) is Cleaning.KEEP


@pytest.mark.parametrize("status", ['{"entityExists":true}', '{"queueSize":1}'])
def test_what_exists_or_has_work_is_kept(status: str) -> None:
    assert cleaning_of(row(custom_status=status), AFTER_THE_WINDOW) is Cleaning.KEEP


def test_a_locked_entitys_holder_is_looked_for() -> None:
    locked = row(custom_status='{"lockedBy":"order-7"}')
    assert cleaning_of(locked, NOW) is Cleaning.CHECK_LOCK


@pytest.mark.parametrize(
    ("status", "orphaned"),
    [
        (Status.Running, False),
        (Status.Suspended, False),
        (Status.Pending, False),
        (Status.Completed, True),
        (Status.Failed, True),
        (Status.Terminated, True),
        (Status.Canceled, True),
    ],
)
def test_a_lock_is_orphaned_when_its_holder_has_ended(status: Status, orphaned: bool) -> None:
    assert is_orphaned(row(status=status)) is orphaned


def test_a_lock_is_orphaned_when_its_holder_is_gone() -> None:
    assert is_orphaned(None)


def test_an_orphaned_lock_is_released_in_the_name_of_its_holder() -> None:
    message = release_orphan(ENTITY, "order-7", NOW)
    assert isinstance(message.event, EventRaised)
    assert message.event.name == "release"
    assert message.event.input == '{"parent":"order-7","id":"fix-orphaned-lock"}'
    assert message.target == Execution(ENTITY)

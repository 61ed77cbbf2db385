from dataclasses import replace

import pytest

from durahub.answers.entities import entity_answer
from durahub.errors import BadMessage
from durahub.model.ticks import parse
from durahub.stored import StoredInstance

AT = parse("2026-03-01T10:00:00Z")
ENTITY = StoredInstance(
    instance_id="@counter@a",
    execution_id="e",
    name="@counter@a",
    version="",
    status="Running",
    created=AT,
    last_updated=AT,
    completed=None,
    scheduled_start=None,
    input='{"state":"{\\"n\\":1}","sorter":{}}',
    output=None,
    custom_status='{"entityExists":true,"queueSize":2,"lockedBy":"x"}',
    tags=None,
    generation=None,
)


def test_an_entity_is_told_with_its_state_its_backlog_and_its_lock() -> None:
    assert entity_answer(ENTITY) == {
        "entityId": "@counter@a",
        "lastModifiedTime": "2026-03-01T10:00:00.0000000Z",
        "backlogQueueSize": 2,
        "lockedBy": "x",
        "state": '{"n":1}',
    }


def test_functions_tells_the_state_as_a_value_and_whether_there_is_one() -> None:
    there = entity_answer(ENTITY, functions=True)
    gone = entity_answer(replace(ENTITY, input='{"sorter":{}}'), functions=True)

    assert (there["listed"], there["exists"], there["read"]) == ({"n": 1}, True, {"n": 1})
    assert (gone["listed"], gone["exists"], gone["read"]) == (None, False, None)


def test_a_scheduler_state_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(BadMessage):
        entity_answer(replace(ENTITY, input="no JSON"))

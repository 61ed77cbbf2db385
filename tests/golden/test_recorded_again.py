"""What other tests leave out of what was recorded is read and written again, too: rows alone, and blobs."""

import json

import pytest
from recorded import HUBS, HUBS_WITH_PAYLOADS, RecordedHub, Row

from durahub.classic.columns import from_odata, to_odata
from durahub.classic.instance_rows import checkpoint, decode
from durahub.classic.payloads import pack, unpack
from durahub.engine.commit import InstanceUpdate
from durahub.model.history import Execution, ExecutionStarted
from durahub.model.json_text import read, write

JSON_COLUMNS = (
    "OrchestrationInstance",
    "ParentInstance",
    "Tags",
    "FailureDetails",
    "ParentTraceContext",
)


def written_again(hub: RecordedHub, row: Row) -> Row:
    """Return an instance row from what was read of it, as one checkpoint would write all of it."""
    found = decode(row).instance
    update = InstanceUpdate(
        execution_id=found.execution_id or "",
        last_updated=found.last_updated,
        custom_status=found.custom_status,
        started=ExecutionStarted(
            timestamp=found.created,
            execution=Execution(found.instance_id, found.execution_id),
            name=found.name,
            version=found.version,
            tags=found.tags,
            scheduled_start=found.scheduled_start,
            generation=found.generation,
        ),
        status=found.status,
        completed=found.completed,
        sets_output=True,
    )
    hub_name = hub.settings["hub"]
    return checkpoint(
        found.instance_id, update, hub_name, input_text=found.input, output_text=found.output
    )


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_an_instance_row_is_written_again(hub: RecordedHub) -> None:
    for entity in hub.instances:
        row = from_odata(entity)
        for left_alone in ("Timestamp", "InputBlobName"):
            row.pop(left_alone, None)
        again = written_again(hub, row)
        if "CustomStatus" not in row:  # no checkpoint yet
            del again["CustomStatus"]
        if hub.is_1x and "TaskHubName" not in row:  # 1.x checkpoints lack them
            del again["TaskHubName"], again["Tags"]
        assert again == row


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_the_objects_in_columns_are_written_again_letter_for_letter(hub: RecordedHub) -> None:
    for entity in (*hub.history, *hub.instances):
        for name in JSON_COLUMNS:
            text = entity.get(name)
            assert not text or write(read(text)) == text


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_every_row_is_sent_with_the_types_it_has(hub: RecordedHub) -> None:
    for name in hub.queue_and_table_names()[1]:
        for entity in hub.table(name):
            again = json.loads(json.dumps(to_odata(from_odata(entity))))
            assert list(again.items()) == list(entity.items())


@pytest.mark.parametrize("hub", HUBS_WITH_PAYLOADS, ids=str)
def test_a_blob_is_packed_again(hub: RecordedHub) -> None:
    for name, content in hub.payloads.items():
        text = unpack(content, name)
        packed = pack(text)
        assert unpack(packed, name) == text
        assert packed[:8] == content[:8]  # method, flags and time of gzip

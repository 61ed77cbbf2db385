"""Every recorded History row is read, and written again column for column."""

from itertools import accumulate, pairwise

import pytest
from recorded import HUBS, HUBS_WITH_PAYLOADS, RecordedHub, Row, in_expectations

from durahub.classic.batches import MOST_ROWS, cut
from durahub.classic.columns import DateTime, from_odata, to_odata
from durahub.classic.event_json import write_event
from durahub.classic.history_rows import SENTINEL, decode, encode, sentinel
from durahub.classic.keys import unescape
from durahub.classic.payloads import is_large_property, large_columns, unpack, with_blobs
from durahub.model.history import GenericEvent
from durahub.model.ticks import PER_SECOND


def event_rows(hub: RecordedHub) -> list[Row]:
    return [from_odata(entity) for entity in hub.history if entity["RowKey"] != SENTINEL]


def without_system_columns(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "Timestamp"}


def was_rewound(row: Row) -> bool:
    """Tell whether a rewind made a GenericEvent of this row; the old columns are still there."""
    return row["EventType"] == "GenericEvent" and str(row.get("Reason")).startswith("Rewound: ")


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_an_entity_is_written_again_with_its_types(hub: RecordedHub) -> None:
    for entity in hub.history:
        assert list(to_odata(from_odata(entity)).items()) == list(entity.items())


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_a_row_is_written_again_column_for_column(hub: RecordedHub) -> None:
    rows = event_rows(hub)
    assert rows or hub.name == "crash-outbox"  # killed before the first checkpoint
    for row in rows:
        again = encode(decode(row), unescape(str(row["PartitionKey"])), hub.dialect)
        recorded = without_system_columns(row)
        if was_rewound(row):  # the order means nothing, and here it tells the event it once was
            assert again == recorded
        else:
            assert list(again.items()) == list(recorded.items())


def test_rewound_rows_were_recorded() -> None:
    rewound = [row for hub in HUBS for row in event_rows(hub) if was_rewound(row)]
    assert len(rewound) >= 15


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_a_rewound_row_is_inert_whatever_it_was(hub: RecordedHub) -> None:
    for row in filter(was_rewound, event_rows(hub)):
        event = decode(row).event
        assert isinstance(event, GenericEvent)
        assert event.data is None


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_a_sentinel_is_written_again(hub: RecordedHub) -> None:
    sentinels = [from_odata(entity) for entity in hub.history if entity["RowKey"] == SENTINEL]
    assert sentinels or hub.name == "crash-outbox"
    for row in sentinels:
        completed = row["CheckpointCompletedTimestamp"]
        assert isinstance(completed, DateTime)
        again = sentinel(
            unescape(str(row["PartitionKey"])), str(row["ExecutionId"]), completed.ticks
        )
        assert again == without_system_columns(row)


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_the_events_of_an_instance_are_those_that_dotnet_reads(hub: RecordedHub) -> None:
    compared = 0
    for instance_id, expected in hub.expected.items():
        rows = [
            row
            for key, found in hub.current_history.items()
            if unescape(key) == instance_id
            for row in found
            if row["ExecutionId"] == expected["executionId"]
        ]
        events = [in_expectations(write_event(decode(row).event, hub.dialect)) for row in rows]
        assert events == expected["history"]
        compared += len(events)
    assert compared or hub.name == "crash-outbox"


@pytest.mark.parametrize("hub", HUBS_WITH_PAYLOADS, ids=str)
def test_a_large_value_goes_to_the_column_that_was_recorded(hub: RecordedHub) -> None:
    moved = 0
    for row in event_rows(hub):
        found = decode(row)
        values = {name: unpack(hub.payloads[blob], blob) for name, blob in found.blobs.items()}
        inline = without_system_columns(row) | values
        for name in found.blobs:
            del inline[name + "BlobName"]
        assert large_columns(inline) == values
        assert with_blobs(inline, found.blobs) == without_system_columns(row)
        moved += len(values)
    assert moved


@pytest.mark.parametrize("hub", HUBS, ids=str)
def test_a_value_in_a_row_is_not_large(hub: RecordedHub) -> None:
    for row in event_rows(hub):
        assert not any(
            isinstance(value, str) and is_large_property(value) for value in row.values()
        )


def test_a_checkpoint_of_many_rows_is_cut_where_dotnet_cut_it() -> None:
    """The emulator stamps the rows of a transaction one after the other; a gap is between two."""
    (hub,) = (hub for hub in HUBS if hub.name == "edges")
    first_episode = hub.current_history["three-megabytes"][:203]
    assert first_episode[-1]["EventType"] == "OrchestratorCompleted"
    times = [row["Timestamp"] for row in first_episode]
    ticks = [time.ticks for time in times if isinstance(time, DateTime)]
    gaps = [
        index
        for index, (before, after) in enumerate(pairwise(ticks), 1)
        if after - before > PER_SECOND // 100
    ]
    sizes = [len(batch) for batch in cut(first_episode)]
    assert sizes == [MOST_ROWS, MOST_ROWS, 5]
    assert gaps == list(accumulate(sizes))[:-1]

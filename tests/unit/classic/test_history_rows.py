import pytest
from event_strategies import column_ticks, int32s, json_values, names, row_events, texts
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.columns import Columns, DateTime, Value, from_odata, to_odata
from durahub.classic.dialect import DTFX_1_17, DTFX_2_9
from durahub.classic.history_rows import HistoryRow, decode, encode, row_key, sentinel
from durahub.errors import BadRow
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    ExecutionTerminated,
    GenericEvent,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerFired,
)
from durahub.model.json_text import write
from durahub.model.ticks import Ticks, parse

EXECUTION = "9d2c7a51f0b34e0c8f6d1a2b3c4d5e6f"
NOW = parse("2026-01-15T09:30:02.01Z")
DONE = HistoryRow(TaskCompleted(timestamp=NOW, task_scheduled_id=0, result='"r"'), EXECUTION, 6)


def columns_of(event: Event, index: int = 0) -> dict[str, Value]:
    return encode(HistoryRow(event, EXECUTION, index), "order-42", DTFX_2_9)


@given(row_events, texts, st.integers(0, 2**31), texts)
def test_an_event_survives_its_row(
    event: Event, execution_id: str, index: int, instance_id: str
) -> None:
    row = HistoryRow(event, execution_id, index)
    assert decode(from_odata(to_odata(encode(row, instance_id, DTFX_2_9)))) == row


EXAMPLE = [
    (
        OrchestratorStarted(timestamp=parse("2026-01-15T09:30:01.9Z")),
        {
            "EventId": -1,
            "IsPlayed": False,
            "_Timestamp": "2026-01-15T09:30:01.9000000Z",
            "_Timestamp@odata.type": "Edm.DateTime",
            "EventType": "OrchestratorStarted",
        },
    ),
    (
        ExecutionStarted(
            timestamp=parse("2026-01-15T09:30:01.123456Z"),
            is_played=True,
            execution=Execution("order-42", EXECUTION),
            name="ProcessOrder",
            version="",
            input='{"sku":7}',
            generation=0,
        ),
        {
            "ParentInstance": "null",
            "Name": "ProcessOrder",
            "Version": "",
            "Input": '{"sku":7}',
            "Tags": "null",
            "ParentTraceContext": "null",
            "Generation": 0,
            "GenerateNewTrace": False,
            "OrchestrationInstance": f'{{"InstanceId":"order-42","ExecutionId":"{EXECUTION}"}}',
            "EventId": -1,
            "IsPlayed": True,
            "_Timestamp": "2026-01-15T09:30:01.1234560Z",
            "_Timestamp@odata.type": "Edm.DateTime",
            "EventType": "ExecutionStarted",
        },
    ),
    (
        TaskScheduled(timestamp=NOW, event_id=0, name="ChargeCard", version=""),
        {
            "Name": "ChargeCard",
            "Version": "",
            "ParentTraceContext": "null",
            "Tags": "null",
            "EventId": 0,
            "IsPlayed": False,
            "_Timestamp": "2026-01-15T09:30:02.0100000Z",
            "_Timestamp@odata.type": "Edm.DateTime",
            "EventType": "TaskScheduled",
        },
    ),
    (
        OrchestratorCompleted(timestamp=parse("2026-01-15T09:30:02.02Z")),
        {
            "EventId": -1,
            "IsPlayed": False,
            "_Timestamp": "2026-01-15T09:30:02.0200000Z",
            "_Timestamp@odata.type": "Edm.DateTime",
            "EventType": "OrchestratorCompleted",
        },
    ),
]


@pytest.mark.parametrize(
    ("index", "event", "written"),
    [(index, event, written) for index, (event, written) in enumerate(EXAMPLE)],
    ids=[event.type.name for event, _ in EXAMPLE],
)
def test_the_first_episode_of_an_order_is_written_as_dotnet_writes_it(
    index: int, event: Event, written: dict[str, object]
) -> None:
    keys = {"PartitionKey": "order-42", "RowKey": f"000000000000000{index}"}
    again = to_odata(columns_of(event, index))
    assert list(again.items()) == list((keys | written | {"ExecutionId": EXECUTION}).items())


def test_a_row_key_is_sixteen_upper_case_hex_digits() -> None:
    assert row_key(0) == "0000000000000000"
    assert row_key(0x1AB) == "00000000000001AB"
    assert decode(columns_of(DONE.event, 0x1AB)).index == 0x1AB


def test_the_partition_key_is_the_escaped_id() -> None:
    assert encode(DONE, "order/42", DTFX_2_9)["PartitionKey"] == "order^042"


def test_a_status_is_a_name_in_a_row() -> None:
    ended = ExecutionCompleted(timestamp=NOW, event_id=3, status=Status.Terminated)
    assert columns_of(ended)["OrchestrationStatus"] == "Terminated"


def test_objects_in_rows_have_no_type() -> None:
    failure = Failure(error_type="E", message="m", inner=Failure(error_type="F", message="n"))
    failed = TaskFailed(timestamp=NOW, task_scheduled_id=0, failure=failure)
    assert columns_of(failed)["FailureDetails"] == (
        '{"ErrorType":"E","ErrorMessage":"m","StackTrace":null,"InnerFailure":'
        '{"ErrorType":"F","ErrorMessage":"n","StackTrace":null,"InnerFailure":null,'
        '"IsNonRetriable":false,"Properties":null},"IsNonRetriable":false,"Properties":null}'
    )


def test_null_texts_are_left_out_and_null_objects_are_the_text_null() -> None:
    failed = TaskFailed(timestamp=NOW, task_scheduled_id=0)
    assert not {"Reason", "Details"} & set(columns_of(failed))
    assert columns_of(failed)["FailureDetails"] == "null"


def test_null_objects_are_left_out_for_dotnet_1x() -> None:
    row = HistoryRow(TaskFailed(timestamp=NOW, task_scheduled_id=0), EXECUTION, 0)
    columns = encode(row, "order-42", DTFX_1_17)
    assert "FailureDetails" not in columns
    assert decode(columns) == row


def test_an_empty_dictionary_of_tags_is_not_none() -> None:
    for tags in ({}, None):
        scheduled = TaskScheduled(timestamp=NOW, name="N", tags=tags)
        assert decode(columns_of(scheduled)).event == scheduled


def test_whether_children_are_terminated_does_not_stand_in_a_row() -> None:
    terminated = ExecutionTerminated(timestamp=NOW, input="why", recurse=True)
    assert "Recurse" not in columns_of(terminated)


@given(st.sets(st.sampled_from(["Reason", "Details", "FailureDetails"]), min_size=1))
def test_a_value_in_a_blob_leaves_an_empty_column_and_the_blob_s_name(moved: set[str]) -> None:
    values = {"Reason": "r", "Details": "d"}
    here = {name.lower(): text for name, text in values.items() if name not in moved}
    outside = {name.lower(): "" for name in values if name in moved}
    event = TaskFailed(timestamp=NOW, task_scheduled_id=0, **(here | outside))  # type: ignore[arg-type]
    row = HistoryRow(event, EXECUTION, 0, blobs={name: f"{name}.gz" for name in sorted(moved)})
    columns = encode(row, "a", DTFX_2_9)
    for name in moved:
        assert columns[name] == ""
        assert columns[f"{name}BlobName"] == f"{name}.gz"
    assert decode(columns) == row


def test_the_blobs_of_a_row_come_in_the_order_of_its_columns() -> None:
    columns = columns_of(TaskFailed(timestamp=NOW, task_scheduled_id=0))
    names = ("Reason", "Details", "FailureDetails")
    columns |= {f"{name}BlobName": name for name in reversed(names)}
    assert tuple(decode(columns).blobs) == names


def test_columns_that_the_event_does_not_have_are_kept() -> None:
    """A rewind makes a GenericEvent of a failure and leaves its other columns."""
    columns = columns_of(TaskFailed(timestamp=NOW, task_scheduled_id=0, details="d"))
    columns |= {"EventType": "GenericEvent", "Reason": "Rewound: TaskFailed"}
    row = decode(columns)
    assert row.event == GenericEvent(timestamp=NOW)
    assert row.extra == {
        "TaskScheduledId": 0,
        "Reason": "Rewound: TaskFailed",
        "Details": "d",
        "FailureDetails": "null",
    }
    assert encode(row, "order-42", DTFX_2_9) == columns


def test_the_service_s_own_timestamp_is_no_column_of_the_row() -> None:
    columns = encode(DONE, "a", DTFX_2_9) | {"Timestamp": DateTime(NOW)}
    assert decode(columns) == DONE


@given(texts, texts, column_ticks)
def test_a_sentinel_closes_a_checkpoint(
    instance_id: str, execution_id: str, completed: Ticks
) -> None:
    columns = sentinel(instance_id, execution_id, completed)
    assert columns["RowKey"] == "sentinel"
    assert columns["ExecutionId"] == execution_id
    assert columns["IsCheckpointComplete"] is True
    assert columns["CheckpointCompletedTimestamp"] == DateTime(completed)


def test_the_sentinel_of_an_earlier_batch_does_not_say_that_all_is_written() -> None:
    assert sentinel("order/42", EXECUTION, None) == {
        "PartitionKey": "order^042",
        "RowKey": "sentinel",
        "ExecutionId": EXECUTION,
        "IsCheckpointComplete": False,
    }


def test_a_sentinel_is_no_event() -> None:
    with pytest.raises(BadRow):
        decode(sentinel("a", EXECUTION, NOW))


@pytest.mark.parametrize(
    "wrong",
    [
        {"EventType": "ExecutionFailed"},
        {"EventType": "taskcompleted"},
        {"EventType": 5},
        {"EventId": "-1"},
        {"EventId": True},
        {"_Timestamp": "2026-01-15T09:30:02Z"},
        {"RowKey": "x"},
        {"ExecutionId": 5},
        {"TaskScheduledId": "0"},
        {"Result": 5},
    ],
    ids=str,
)
def test_a_column_of_another_type_is_a_bad_row_with_its_place(wrong: dict[str, Value]) -> None:
    columns = encode(DONE, "order-42", DTFX_2_9) | wrong
    with pytest.raises(BadRow) as raised:
        decode(columns)
    assert raised.value.location == f"order-42/{columns['RowKey']}"


@pytest.mark.parametrize("name", ["EventType", "EventId", "_Timestamp", "ExecutionId", "RowKey"])
def test_a_row_without_a_column_that_all_have_is_bad(name: str) -> None:
    columns = encode(DONE, "order-42", DTFX_2_9)
    del columns[name]
    with pytest.raises(BadRow):
        decode(columns)


@pytest.mark.parametrize(
    ("event", "wrong"),
    [
        (TimerFired(timestamp=NOW, timer_id=1, fire_at=NOW), {"FireAt": "tomorrow"}),
        (ExecutionCompleted(timestamp=NOW, status=Status.Failed), {"OrchestrationStatus": "Lost"}),
        (TaskFailed(timestamp=NOW, task_scheduled_id=0), {"FailureDetails": "{"}),
        (TaskFailed(timestamp=NOW, task_scheduled_id=0), {"FailureDetails": "[]"}),
        (TaskFailed(timestamp=NOW, task_scheduled_id=0), {"FailureDetails": "[" * 100_000}),
        (
            ExecutionStarted(timestamp=NOW, execution=Execution("a"), name="N"),
            {"OrchestrationInstance": "null"},
        ),
        (
            ExecutionStarted(timestamp=NOW, execution=Execution("a"), name="N"),
            {"GenerateNewTrace": "no"},
        ),
    ],
    ids=lambda one: one.type.name if hasattr(one, "type") else str(one)[:40],
)
def test_a_value_that_its_event_cannot_have_is_a_bad_row(
    event: Event, wrong: dict[str, Value]
) -> None:
    with pytest.raises(BadRow):
        decode(columns_of(event) | wrong)


values: st.SearchStrategy[Value] = st.one_of(
    texts, st.booleans(), int32s, st.builds(DateTime, column_ticks), json_values.map(write)
)


@given(row_events, st.dictionaries(names, values, max_size=1), st.data())
def test_a_damaged_row_is_refused_or_can_be_written_again(
    event: Event, extra: Columns, data: st.DataObject
) -> None:
    columns = columns_of(event) | extra
    columns[data.draw(st.sampled_from(sorted(columns)))] = data.draw(values)
    try:
        row = decode(columns)
    except BadRow:
        return
    assert decode(encode(row, "order-42", DTFX_2_9)) == row

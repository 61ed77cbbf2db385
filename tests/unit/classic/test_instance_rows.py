from dataclasses import replace

import pytest
from event_strategies import column_ticks, int32s, names, tags, texts
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.columns import Columns, DateTime, Value, from_odata, to_odata
from durahub.classic.instance_rows import (
    checkpoint,
    created,
    decode,
    terminated_before_start,
    told,
)
from durahub.engine.commit import InstanceUpdate
from durahub.errors import BadRow
from durahub.model.history import Execution, ExecutionStarted, Status, Tags
from durahub.model.instance import Instance
from durahub.model.ticks import MINIMUM, Ticks, parse

START = parse("2026-01-15T09:30:01Z")
NOW = parse("2026-01-15T09:30:02Z")
STARTED = ExecutionStarted(
    timestamp=START,
    execution=Execution("order/42", "e1"),
    name="ProcessOrder",
    version="1.2",
    input='{"sku":7}',
    tags={"team": "blue"},
    generation=0,
)
UPDATE = InstanceUpdate(execution_id="e1", last_updated=NOW, custom_status=None)

starts = st.builds(
    ExecutionStarted,
    timestamp=column_ticks,
    execution=st.builds(Execution, texts, texts),
    name=st.none() | texts,
    version=st.none() | texts,
    input=st.none() | texts,
    tags=st.none() | tags,
    scheduled_start=st.none() | column_ticks,
    generation=st.none() | int32s,
)


@given(starts, texts, column_ticks)
def test_a_new_row_reads_as_a_pending_instance(
    started: ExecutionStarted, hub: str, now: Ticks
) -> None:
    columns = from_odata(to_odata(created(started, hub, now, started.input)))
    assert columns["TaskHubName"] == hub
    assert decode(columns, "etag").instance == Instance(
        instance_id=started.execution.instance_id,
        execution_id=started.execution.execution_id,
        name=started.name,
        version=started.version,
        status=Status.Pending,
        created=started.timestamp,
        last_updated=now,
        input=started.input,
        scheduled_start=started.scheduled_start,
        generation=started.generation,
        tags=started.tags or None,
        etag="etag",
    )


updates = st.builds(
    InstanceUpdate,
    execution_id=texts,
    last_updated=column_ticks,
    custom_status=st.none() | texts | st.just("null") | st.just("x" * 40_000),
    status=st.none() | st.sampled_from([Status.Running, Status.Suspended, Status.Completed]),
    sets_output=st.booleans(),
    output=st.none() | texts,
)


@given(starts, column_ticks, st.lists(updates, max_size=4))
def test_what_is_told_without_reading_is_what_the_row_reads_as(
    started: ExecutionStarted, now: Ticks, later: list[InstanceUpdate]
) -> None:
    instance_id = started.execution.instance_id
    row = created(started, "hub", now, started.input)
    for number, update in enumerate(later):
        first = replace(update, started=started) if number == 0 else update
        if first.status is not None and first.status.is_terminal:
            first = replace(first, completed=now)
        row |= checkpoint(
            instance_id, first, "hub", input_text=started.input, output_text=first.output
        )
        found = told(instance_id, started, first)
        if found is not None:
            assert found == decode(from_odata(to_odata(row))).instance


def test_what_does_not_follow_from_the_last_update_is_not_told() -> None:
    end = replace(UPDATE, status=Status.Completed, completed=NOW, sets_output=True, output="7")
    assert told("order/42", STARTED, end) is not None
    assert told("order/42", replace(STARTED, generation=None), end) is None
    assert told("order/42", STARTED, replace(end, sets_output=False)) is None
    assert told("order/42", STARTED, replace(end, output=None)) is None  # an older one stays
    assert told("order/42", STARTED, replace(end, status=None)) is None
    assert told("order/42", STARTED, replace(end, custom_status="x" * 40_000)) is None


def test_a_new_row_is_written_as_dotnet_writes_it() -> None:
    scheduled = replace(STARTED, scheduled_start=parse("2026-01-16T00:00:00Z"))
    assert list(to_odata(created(scheduled, "MyHub", NOW, scheduled.input)).items()) == [
        ("PartitionKey", "order^042"),
        ("RowKey", ""),
        ("Input", '{"sku":7}'),
        ("CreatedTime", "2026-01-15T09:30:01.0000000Z"),
        ("CreatedTime@odata.type", "Edm.DateTime"),
        ("Name", "ProcessOrder"),
        ("Version", "1.2"),
        ("RuntimeStatus", "Pending"),
        ("LastUpdatedTime", "2026-01-15T09:30:02.0000000Z"),
        ("LastUpdatedTime@odata.type", "Edm.DateTime"),
        ("TaskHubName", "MyHub"),
        ("ScheduledStartTime", "2026-01-16T00:00:00.0000000Z"),
        ("ScheduledStartTime@odata.type", "Edm.DateTime"),
        ("ExecutionId", "e1"),
        ("Generation", 0),
        ("Tags", '{"team":"blue"}'),
    ]


def test_no_tags_are_the_text_null() -> None:
    for nothing in (None, {}):
        columns = created(replace(STARTED, tags=nothing), "MyHub", NOW, None)
        assert columns["Tags"] == "null"
        assert decode(columns).instance.tags is None


def test_null_values_are_left_out() -> None:
    bare = ExecutionStarted(timestamp=START, execution=Execution("a", "e"), name=None)
    columns = created(bare, "MyHub", NOW, None)
    assert not {"Input", "Name", "Version", "Generation", "ScheduledStartTime"} & set(columns)


def test_every_checkpoint_writes_four_columns() -> None:
    assert checkpoint("order/42", UPDATE, "MyHub") == {
        "PartitionKey": "order^042",
        "RowKey": "",
        "CustomStatus": "null",
        "ExecutionId": "e1",
        "LastUpdatedTime": DateTime(NOW),
        "TaskHubName": "MyHub",
    }


def test_a_checkpoint_with_the_start_writes_what_started() -> None:
    update = replace(UPDATE, started=STARTED, status=Status.Running)
    every = checkpoint("order/42", UPDATE, "MyHub")
    columns = checkpoint("order/42", update, "MyHub", input_text="where the input is")
    assert {name: columns[name] for name in columns if name not in every} == {
        "Name": "ProcessOrder",
        "Version": "1.2",
        "CreatedTime": DateTime(START),
        "RuntimeStatus": "Running",
        "Tags": '{"team":"blue"}',
        "Input": "where the input is",
        "Generation": 0,
    }


def test_a_checkpoint_with_the_end_writes_the_output() -> None:
    update = replace(UPDATE, status=Status.Completed, completed=NOW, sets_output=True)
    every = checkpoint("order/42", UPDATE, "MyHub")
    columns = checkpoint("order/42", update, "MyHub", output_text='"done"')
    assert {name: columns[name] for name in columns if name not in every} == {
        "RuntimeStatus": "Completed",
        "CompletedTime": DateTime(NOW),
        "Output": '"done"',
    }


def test_an_output_is_written_only_where_the_episode_sets_it() -> None:
    assert "Output" not in checkpoint("a", UPDATE, "MyHub", output_text="stale")
    setting = replace(UPDATE, sets_output=True)
    assert "Output" not in checkpoint("a", setting, "MyHub", output_text=None)


@given(st.none() | texts.filter(lambda text: text != "null"))
def test_a_custom_status_survives_and_none_is_the_text_null(status: str | None) -> None:
    columns = checkpoint("a", replace(UPDATE, custom_status=status), "MyHub")
    assert columns["CustomStatus"] == ("null" if status is None else status)
    assert decode(columns).instance.custom_status == status


def test_a_termination_before_the_start_says_nothing_of_an_execution() -> None:
    update = replace(UPDATE, completed=NOW)
    assert terminated_before_start("order/42", update, output_text="too late") == {
        "PartitionKey": "order^042",
        "RowKey": "",
        "RuntimeStatus": "Terminated",
        "LastUpdatedTime": DateTime(NOW),
        "CompletedTime": DateTime(NOW),
        "Output": "too late",
    }


@pytest.mark.parametrize("status", [one for one in Status if one is not Status.ContinuedAsNew])
def test_a_status_reads_by_its_name(status: Status) -> None:
    assert decode({"PartitionKey": "a", "RuntimeStatus": status.name}).instance.status is status


@pytest.mark.parametrize("value", ["ContinuedAsNew", "Paused", "running", "", 0, None])
def test_any_other_status_reads_as_running(value: Value | None) -> None:
    columns: dict[str, Value] = {"PartitionKey": "a"}
    if value is not None:
        columns["RuntimeStatus"] = value
    assert decode(columns).instance.status is Status.Running


def test_a_row_of_an_old_writer_may_lack_everything_but_its_key() -> None:
    assert decode({"PartitionKey": "a^0b", "RowKey": ""}).instance == Instance(
        instance_id="a/b",
        execution_id=None,
        name=None,
        version=None,
        status=Status.Running,
        created=MINIMUM,
        last_updated=MINIMUM,
    )


def test_a_key_that_no_writer_makes_is_the_id_itself() -> None:
    assert decode({"PartitionKey": "a^"}).instance.instance_id == "a^"


@pytest.mark.parametrize(
    ("columns", "blob"),
    [
        ({"Input": "", "InputBlobName": "b"}, "b"),
        ({"InputBlobName": "b"}, "b"),
        ({"Input": "here", "InputBlobName": "stale"}, None),
        ({"Input": ""}, None),
    ],
    ids=str,
)
def test_an_input_s_blob_is_followed_only_while_the_input_is_empty(
    columns: dict[str, Value], blob: str | None
) -> None:
    assert decode({"PartitionKey": "a", **columns}).input_blob == blob


@pytest.mark.parametrize("text", ["null", "", "{", "[]", "5", "[" * 100_000])
def test_tags_that_are_no_dictionary_are_none(text: str) -> None:
    assert decode({"PartitionKey": "a", "Tags": text}).instance.tags is None


@given(tags.filter(bool))
def test_tags_survive(given_tags: Tags) -> None:
    started = replace(STARTED, tags=given_tags)
    assert decode(created(started, "MyHub", NOW, None)).instance.tags == given_tags


@pytest.mark.parametrize(
    "wrong",
    [
        {"Name": 5},
        {"Output": True},
        {"CreatedTime": "2026-01-15T09:30:01Z"},
        {"CompletedTime": 5},
        {"CustomStatus": 5},
    ],
    ids=str,
)
def test_a_column_of_another_type_is_a_bad_row(wrong: dict[str, Value]) -> None:
    with pytest.raises(BadRow):
        decode(created(STARTED, "MyHub", NOW, None) | wrong)


def test_a_row_without_a_key_is_bad() -> None:
    with pytest.raises(BadRow):
        decode({"RowKey": ""})


values: st.SearchStrategy[Value] = st.one_of(
    texts, st.booleans(), int32s, st.builds(DateTime, column_ticks)
)


@given(starts, st.dictionaries(names, values), st.data())
def test_a_damaged_row_is_refused_or_reads(
    started: ExecutionStarted, extra: Columns, data: st.DataObject
) -> None:
    columns = created(started, "MyHub", NOW, started.input) | dict(extra)
    columns[data.draw(st.sampled_from(sorted(columns)))] = data.draw(values)
    try:
        found = decode(columns)
    except BadRow:
        return
    assert found.instance.status in Status

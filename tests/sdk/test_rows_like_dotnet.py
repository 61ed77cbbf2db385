"""What stands in tables when the recorded apps have run here: row by row what .NET wrote for the same."""

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import pytest

from tests.sdk.neutral_texts import neutral_ids
from tests.sdk.raw_tables import RawRow, columns
from tests.sdk.row_differences import COLUMNS, TABLE, Difference, alike
from tests.sdk.written_hubs import GROUPS, SENTINEL, WrittenHub

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

CONSUMED = "DurahubConsumed"
SEVEN_DECIMALS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")

Rows = Sequence[RawRow]
Tables = dict[str, list[RawRow]]  # rows by the key of their partition, i.e. of their instance
Written = dict[str, WrittenHub]


def by_instance(rows: Rows) -> Tables:
    """Return rows by instance; a child with an ID made from its parent's is ``<child>``."""
    found: Tables = defaultdict(list)
    for row in rows:
        found[neutral_ids(row["PartitionKey"])].append(row)
    return found


RECORDED = {
    group: (by_instance(hub.history), by_instance(hub.instances)) for group, hub in GROUPS.items()
}
INSTANCES = [(group, key) for group, (_, instances) in RECORDED.items() for key in instances]
every_instance = pytest.mark.parametrize(("group", "key"), INSTANCES)


@pytest.fixture(scope="module")
def stored(written: Written) -> dict[str, tuple[Tables, Tables]]:
    """The rows that we wrote, of both tables, by group."""
    return {
        group: (by_instance(hub.history), by_instance(hub.instances))
        for group, hub in written.items()
    }


def events(rows: Rows) -> list[RawRow]:
    return [row for row in rows if row["RowKey"] != SENTINEL]


def sentinels(rows: Rows) -> list[RawRow]:
    return [row for row in rows if row["RowKey"] == SENTINEL]


@pytest.mark.parametrize("group", GROUPS)
def test_the_instances_are_those_that_dotnet_had(group: str, stored: Any) -> None:
    for ours, theirs in zip(stored[group], RECORDED[group], strict=True):
        assert ours.keys() == theirs.keys()


@every_instance
def test_the_history_is_the_one_dotnet_wrote(group: str, key: str, stored: Any) -> None:
    ours, theirs = (events(tables[0].get(key, [])) for tables in (stored[group], RECORDED[group]))

    assert alike(ours, ours=True) == alike(theirs, ours=False)
    assert [row["RowKey"] for row in ours] == [f"{n:016X}" for n in range(len(ours))]


@every_instance
def test_the_instance_row_is_the_one_dotnet_wrote(group: str, key: str, stored: Any) -> None:
    ours, theirs = (tables[1][key] for tables in (stored[group], RECORDED[group]))

    assert alike(ours, ours=True) == alike(theirs, ours=False)
    assert [row["RowKey"] for row in ours] == [""]


@every_instance
def test_the_sentinel_is_the_one_dotnet_wrote(group: str, key: str, stored: Any) -> None:
    rows = stored[group][0].get(key, [])
    ours, theirs = sentinels(rows), sentinels(RECORDED[group][0].get(key, []))

    assert alike(ours, ours=True) == alike(theirs, ours=False)
    assert {row["ExecutionId"] for row in ours} == {row["ExecutionId"] for row in rows[:1]}


@pytest.mark.parametrize(
    "left_out", [one for one in TABLE if not one.by_chance], ids=lambda one: one.reason
)
def test_every_allowed_difference_of_a_value_is_there(left_out: Difference, stored: Any) -> None:
    strict = [difference for difference in TABLE if difference is not left_out]

    assert any(
        alike(stored[group][table].get(key, []), ours=True, table=strict)
        != alike(RECORDED[group][table].get(key, []), ours=False, table=strict)
        for group, key in INSTANCES
        if not left_out.instances or key in left_out.instances
        for table in (0, 1)
    )


@pytest.mark.parametrize("left_out", COLUMNS)
def test_every_allowed_difference_of_columns_is_there(
    left_out: tuple[str, str], stored: Any
) -> None:
    strict = [column for column in COLUMNS if column != left_out]

    assert any(
        alike(stored[group][table].get(key, []), ours=True, missing=strict)
        != alike(RECORDED[group][table].get(key, []), ours=False, missing=strict)
        for group, key in INSTANCES
        for table in (0, 1)
    )


def test_the_sentinel_lists_what_was_consumed(written: Written) -> None:
    listing = [row for hub in written.values() for row in sentinels(hub.history) if CONSUMED in row]

    assert listing
    for row in listing:
        assert columns(row)[-1] == (CONSUMED, "Edm.String")
        ids = json.loads(row[CONSUMED])
        assert isinstance(ids, list)
        assert all(isinstance(message_id, str) for message_id in ids)


def test_the_causes_of_a_failure_are_kept(stored: Any) -> None:
    ours, theirs = (
        [row for row in tables[0]["fails-deep"] if row.get("EventType") == "TaskFailed"]
        for tables in (stored["finished"], RECORDED["finished"])
    )

    assert messages(ours[0]) == messages(theirs[0])
    assert len(messages(ours[0])) == 3


def messages(failed: RawRow) -> list[str]:
    """Return the messages of a failure and of its causes, outermost first."""
    found = []
    failure = json.loads(failed["FailureDetails"])
    while failure:
        found.append(failure["ErrorMessage"])
        failure = failure["InnerFailure"]
    return found


def test_all_times_have_seven_decimals(written: Written) -> None:
    rows = [row for hub in written.values() for row in (*hub.history, *hub.instances)]
    times = [row[name] for row in rows for name, type_ in columns(row) if type_ == "Edm.DateTime"]

    assert [time for time in times if not SEVEN_DECIMALS.fullmatch(time)] == []

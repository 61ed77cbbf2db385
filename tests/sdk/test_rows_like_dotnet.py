"""What stands in storage when the recorded app has run here: row by row what .NET wrote for the same."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import pytest

from durahub.classic.keys import escape
from tests.conftest import Storage
from tests.golden.recorded import RecordedHub
from tests.sdk.raw_tables import RawRow, columns, raw_rows
from tests.sdk.recorded_plays import recorded_instances, start, take_steps
from tests.sdk.row_differences import alike
from tests.sdk.travel_hub import travel_hub

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

RECORDED = RecordedHub("finished")
SENTINEL = "sentinel"
CONSUMED = "DurahubConsumed"
SEVEN_DECIMALS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z")
STARTED = (
    "answered",
    "a/b\\c#d?e^f%20 g+h'i;j:k",
    "big-29990",
    "big-31000",
    "big-70000",
    "compensates",
    "echo-unicode",
    "eternal",
    "event-target",
    "fails-deep",
    "fails-in-child",
    "fails-itself",
    "fan-out",
    "five-cities",
    "object",
    "parent",
    "race-event",
    "race-timer",
    "retries",
    "reused",
    "scheduled-start",
    "sender",
    "slept",
    "suspended-and-resumed",
    "terminated",
    "wide-history",
)
CHILDREN = ("fails-in-child/failing", "parent:child-1")

Tables = dict[str, list[RawRow]]  # rows by the key of their partition, i.e. of their instance


@pytest.fixture(scope="module")
def stored(
    azurite: Storage, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Tables]]:
    """The rows of the instances by table, once they have all been played again."""
    instances = recorded_instances()
    with travel_hub(azurite, tmp_path_factory.mktemp("state")) as hub:
        hub.start_worker()
        for instance_id in STARTED:
            soon = datetime.now(timezone.utc) + timedelta(seconds=2)
            start(hub, instances[instance_id], soon if instance_id == "scheduled-start" else None)
        for instance_id in STARTED:
            take_steps(hub, instance_id)
        for instance_id in (*STARTED, *CHILDREN):
            hub.ended(instance_id)
        yield {
            table: by_instance(raw_rows(azurite.connection_string, hub.name + table))
            for table in ("History", "Instances")
        }


def by_instance(rows: list[RawRow]) -> Tables:
    found: Tables = defaultdict(list)
    for row in rows:
        found[row["PartitionKey"]].append(row)
    return found


def events(rows: list[RawRow]) -> list[RawRow]:
    return [row for row in rows if row["RowKey"] != SENTINEL]


def sentinel(rows: list[RawRow]) -> RawRow:
    [found] = [row for row in rows if row["RowKey"] == SENTINEL]
    return found


@pytest.mark.parametrize("instance_id", [*STARTED, *CHILDREN])
def test_the_history_is_the_one_dotnet_wrote(instance_id: str, stored: dict[str, Tables]) -> None:
    ours = events(stored["History"][escape(instance_id)])
    theirs = events(by_instance(RECORDED.history)[escape(instance_id)])

    assert alike(ours, ours=True) == alike(theirs, ours=False)
    assert [row["RowKey"] for row in ours] == [f"{n:016X}" for n in range(len(ours))]


@pytest.mark.parametrize("instance_id", [*STARTED, *CHILDREN])
def test_the_instance_row_is_the_one_dotnet_wrote(
    instance_id: str, stored: dict[str, Tables]
) -> None:
    ours = stored["Instances"][escape(instance_id)]
    theirs = by_instance(RECORDED.instances)[escape(instance_id)]

    assert alike(ours, ours=True) == alike(theirs, ours=False)
    assert [row["RowKey"] for row in ours] == [""]


@pytest.mark.parametrize("instance_id", [*STARTED, *CHILDREN])
def test_the_sentinel_is_the_one_dotnet_wrote_and_one_column(
    instance_id: str, stored: dict[str, Tables]
) -> None:
    ours = sentinel(stored["History"][escape(instance_id)])
    theirs = sentinel(by_instance(RECORDED.history)[escape(instance_id)])

    assert alike([ours], ours=True) == alike([theirs], ours=False)
    last = stored["History"][escape(instance_id)][-2]
    assert ours["ExecutionId"] == last["ExecutionId"]


def test_the_sentinel_lists_what_was_consumed(stored: dict[str, Tables]) -> None:
    sentinels = [sentinel(rows) for rows in stored["History"].values()]
    listing = [row for row in sentinels if CONSUMED in row]

    assert listing
    for row in listing:
        assert columns(row)[-1] == (CONSUMED, "Edm.String")
        ids = json.loads(row[CONSUMED])
        assert isinstance(ids, list)
        assert all(isinstance(message_id, str) for message_id in ids)


def test_the_causes_of_a_failure_are_kept(stored: dict[str, Tables]) -> None:
    ours, theirs = (
        [row for row in rows if row.get("EventType") == "TaskFailed"]
        for rows in (
            stored["History"]["fails-deep"],
            by_instance(RECORDED.history)["fails-deep"],
        )
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


def test_all_times_have_seven_decimals(stored: dict[str, Tables]) -> None:
    rows = [row for tables in stored.values() for rows in tables.values() for row in rows]
    times = [row[name] for row in rows for name, type_ in columns(row) if type_ == "Edm.DateTime"]

    assert [time for time in times if not SEVEN_DECIMALS.fullmatch(time)] == []

"""``durahub instance list``: the query language on the command line, without an index."""

import csv
import io
import json

import pytest

from durahub.errors import BadQuery, NotInRows
from durahub_migrate.cli.entity import entity
from durahub_migrate.cli.instance import instance
from tests.monitor.cli.commands import Answer, Run


def ids(answer: Answer) -> list[str]:
    assert answer.error is None, answer.error
    return [json.loads(line)["instanceId"] for line in answer.lines]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["order-0", "order-1", "order-2", "order-3"]),
        ("status:Completed", ["order-0", "order-3"]),
        ("status:Completed name:order", ["order-0"]),
        ("-is:ended or name:Ref*", ["order-1", "order-3"]),
        ("id:order-2", ["order-2"]),
        ('"step 2"', ["order-2"]),
        ("input~1", ["order-1"]),
        ("created<2001-01-01", []),
    ],
)
def test_a_query_finds_what_it_says(run: Run, query: str, found: list[str]) -> None:
    assert ids(run(instance, "list", query, "--format", "json")) == found


def test_options_and_a_query_hold_together(run: Run) -> None:
    found = run(
        instance,
        *("list", "name:order", "--status", "completed", "--status", "failed"),
        *("--prefix", "order-", "--created-from", "2020-01-01", "--format", "json"),
    )
    assert ids(found) == ["order-0", "order-2"]


def test_json_has_the_members_of_before_and_those_of_the_monitor(run: Run) -> None:
    (line,) = run(instance, "list", "id:order-1", "--format", "json").lines
    found = json.loads(line)
    assert found["status"] == "Running"
    assert found["input"] == '{"number":1}'
    assert found["customStatus"] == '"step 1"'
    assert found["lastUpdated"] == found["updated"]
    assert found["hub"] == "Shop@hub"
    assert found["kind"] == "orchestration"


def test_a_list_is_sorted_and_cut_behind_that(run: Run) -> None:
    found = run(instance, "list", "--sort", "-id", "--limit", "2", "--format", "json")
    assert ids(found) == ["order-3", "order-2"]
    assert "the first 2; more with --limit" in found.err
    found = run(instance, "list", "--limit", "4", "--format", "json")
    assert "more" not in found.err


def test_columns_are_chosen_and_a_csv_has_one_header(run: Run) -> None:
    found = run(instance, "list", "--format", "csv", "--columns", "instanceId,name")
    assert list(csv.reader(io.StringIO(found.out))) == [
        ["instanceId", "name"],
        *(["order-0", "Order"], ["order-1", "Order"], ["order-2", "Order"]),
        ["order-3", "Refund"],
    ]
    found = run(instance, "list", "--columns", "name,status", "--format", "table")
    assert found.lines[3] == "Refund\tCompleted"
    found = run(instance, "list", "id:order-3", "--columns", "name", "--format", "json")
    assert found.out == '{"name": "Refund"}\n'
    found = run(instance, "list", "id:order-3", "--columns", "name", "--format", "jsonl")
    assert found.out == '{"name": "Refund"}\n'
    assert run(instance, "list", "--columns", "colour").status == 2


def test_only_the_number_is_told_by_status_and_in_all(run: Run) -> None:
    found = run(instance, "list", "--count", "--format", "json")
    assert json.loads(found.out) == {
        "total": 4,
        "statuses": {"Completed": 2, "Failed": 1, "Running": 1},
    }
    assert run(instance, "list", "--total").lines[-1] == "total\t4"


def test_a_script_is_told_by_the_exit_status_that_there_are_any(run: Run) -> None:
    assert run(instance, "list", "status:Failed", "--fail-if-any").status == 1
    assert run(instance, "list", "status:Pending", "--fail-if-any").status == 0


def test_a_condition_on_what_rows_do_not_tell_is_refused(run: Run) -> None:
    found = run(instance, "list", "size>1MB")
    assert isinstance(found.error, NotInRows)
    assert found.status == 2
    assert isinstance(run(instance, "list", "partition:2").error, NotInRows)
    assert isinstance(run(instance, "list", "--sort", "size").error, NotInRows)


def test_a_query_that_cannot_be_read_is_refused_with_the_place(run: Run) -> None:
    assert isinstance(run(instance, "list", "status:Gone").error, BadQuery)


def test_entities_are_listed_where_they_are_asked_for(run: Run) -> None:
    assert run(entity, "signal", "@counter@a", "add", "5").status == 0
    assert ids(run(instance, "list", "--format", "json", "status:Running")) == ["order-1"]
    assert run(entity, "list", "--format", "json").status == 0

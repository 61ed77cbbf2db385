"""``durahub verify``."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner, Result

import durahub_migrate.verifying
from durahub.errors import BadBundle, BadRow, HubNotFound
from durahub.model.history import Execution, ExecutionStarted
from durahub.model.message import Message
from durahub.stored import NotRead, StoredMessage
from durahub_migrate.cli.verify import verify
from tests.bundle.bundles import NOON, an_instance, written
from tests.verifying.places import HUB, moved_into_file

SCHEMA = json.loads(
    (Path(durahub_migrate.verifying.__file__).parent / "verify-results.schema.json").read_bytes()
)


def start_of(instance_id: str) -> StoredMessage:
    started = ExecutionStarted(
        timestamp=NOON, execution=Execution(instance_id, "e1"), name="Order", input='"in"'
    )
    message = Message(event=started, target=started.execution)
    return StoredMessage(queue="control-00", message_id=instance_id, message=message)


@pytest.fixture
async def places(tmp_path: Path) -> tuple[str, str]:
    """A bundle, and the file that it was moved into."""
    instances = [an_instance(f"order-{number}") for number in range(5)]
    instances.append(an_instance("new", status="Pending", history=[], completed=None, output=None))
    written(tmp_path / "orders.hub", instances, [start_of("new")])
    await moved_into_file(tmp_path / "orders.hub", tmp_path / "hub.db")
    return str(tmp_path / "orders.hub"), f"sqlite:{tmp_path / 'hub.db'}/{HUB}"


def ran(*arguments: str) -> Result:
    return CliRunner().invoke(verify, arguments, catch_exceptions=False)


def change(places: tuple[str, str], sql: str) -> None:
    file = places[1].removeprefix("sqlite:").removesuffix(f"/{HUB}")
    with closing(sqlite3.connect(file)) as db, db:
        assert db.execute(sql).rowcount > 0


def told(result: Result) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(result.stdout)
    jsonschema.validate(found, SCHEMA)
    return found


def test_equal_places_end_with_0_and_the_sums(places: tuple[str, str]) -> None:
    result = ran(*places)
    assert result.exit_code == 0
    assert "6 = equal (6 exact)" in result.stdout
    assert "orchestrations  6 = 6 imported" in result.stdout
    assert "messages        1 seen = 1 needed" in result.stdout


def test_a_difference_is_named_without_payloads_and_ends_with_1(places: tuple[str, str]) -> None:
    change(places, "UPDATE instances SET input = '\"secret\"' WHERE id = 'order-3'")
    result = ran(*places)
    assert result.exit_code == 1
    assert "* order-3  row: input differs" in result.stdout
    assert "secret" not in result.stdout


def test_the_json_follows_its_schema_and_is_the_same_each_time(
    places: tuple[str, str], tmp_path: Path
) -> None:
    change(places, "DELETE FROM inbox")
    change(places, "DELETE FROM instances WHERE id = 'order-1'")
    change(places, "UPDATE instances SET output = NULL WHERE id = 'order-2'")
    change(places, "UPDATE instances SET id = 'other' WHERE id = 'order-4'")
    result = ran(*places, "--format", "json", "--output", str(tmp_path / "verify.json"))
    found = told(result)
    assert found["equal"] is False
    symbols = {one["id"]: one["symbol"] for one in found["instances"]}
    assert symbols == {
        "new": "*",
        "order-0": "=",
        "order-1": "-",
        "order-2": "*",
        "order-3": "=",
        "order-4": "-",
        "other": "+",
    }
    assert found["kinds"] == {"orchestration": {"source": 6, "imported": 4, "residue": 2}}
    assert (tmp_path / "verify.json").read_text() == result.stdout
    assert ran(*places, "--format", "json").stdout == result.stdout


def test_jsonl_has_a_line_for_each_instance_and_one_for_the_run(places: tuple[str, str]) -> None:
    lines = [json.loads(one) for one in ran(*places, "--format", "jsonl").stdout.splitlines()]
    assert [one.pop("type") for one in lines] == ["instance"] * 6 + ["run"]
    *instances, run = lines
    jsonschema.validate({**run, "instances": instances}, SCHEMA)


DOUBLED = (
    "UPDATE events SET event = (SELECT first.event FROM events AS first"
    " WHERE first.history = events.history AND first.position = 0) WHERE position = 2"
)


@pytest.mark.parametrize(
    ("level", "sql", "status"),
    [
        ("counts", "UPDATE instances SET output = NULL", 0),
        ("counts", "UPDATE instances SET name = 'Other'", 1),
        ("state", DOUBLED, 0),
        ("state", "UPDATE instances SET output = NULL", 1),
        ("history", "DELETE FROM inbox", 0),
        ("history", DOUBLED, 1),
        ("open", "DELETE FROM inbox", 1),
    ],
)
def test_a_level_looks_so_deep_and_no_deeper(
    places: tuple[str, str], level: str, sql: str, status: int
) -> None:
    change(places, sql)
    assert ran(*places, "--level", level).exit_code == status


def test_only_some_are_told(places: tuple[str, str]) -> None:
    change(places, "UPDATE instances SET output = NULL WHERE id = 'order-2'")
    assert ran(*places, "--only", "order-2").exit_code == 1
    found = told(ran(*places, "--only", "order-[01]", "--format", "json"))
    assert [one["id"] for one in found["instances"]] == ["order-0", "order-1"]
    assert found["equal"] is True


def test_a_sample_is_always_the_same_one(places: tuple[str, str]) -> None:
    found = told(ran(*places, "--sample", "2", "--format", "json"))
    sampled = [one["id"] for one in found["instances"] if "match" in one]
    assert len(sampled) == 2
    change(places, "UPDATE instances SET input = NULL")
    found = told(ran(*places, "--sample", "2", "--format", "json"))
    assert [one["id"] for one in found["instances"] if one["symbol"] == "*"] == sampled


def test_what_retention_has_purged_is_no_fault(places: tuple[str, str]) -> None:
    change(places, "DELETE FROM instances WHERE id = 'order-1'")
    assert ran(*places, "--retention", "100000").exit_code == 1
    result = ran(*places, "--retention", "0", "--all")
    assert result.exit_code == 0
    assert "- order-1  purged" in result.stdout


def test_what_the_export_rejected_is_told_and_no_fault(tmp_path: Path) -> None:
    reject = NotRead("row 'a'", BadRow("row 'a'", "it is empty"), b"raw", "a")
    written(tmp_path / "orders.hub", [an_instance()], rejects=[reject])
    bundle = str(tmp_path / "orders.hub")
    result = ran(bundle, bundle)
    assert result.exit_code in (0, 1)
    assert "! a" in result.stdout


def test_a_place_that_is_not_there_is_an_error(places: tuple[str, str], tmp_path: Path) -> None:
    with pytest.raises(HubNotFound):
        ran(places[0], f"sqlite:{tmp_path / 'none.db'}/orders")


def test_a_bundle_that_was_changed_is_an_error(places: tuple[str, str]) -> None:
    segment = next((Path(places[0]) / "segments").iterdir())
    segment.write_bytes(segment.read_bytes() + b"x")
    with pytest.raises(BadBundle):
        ran(*places)


def test_a_hub_is_equal_to_itself(places: tuple[str, str]) -> None:
    assert ran(places[1], places[1]).exit_code == 0
    assert ran(places[0], f"bundle:{places[0]}").exit_code == 0

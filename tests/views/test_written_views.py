"""Views of whole bundles: as the Python SDK's own export writes them, as tables, and what is open apart."""

import gzip
import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from durabletask.client import OrchestrationState, parse_orchestration_state
from durabletask.extensions.history_export import (
    HistoryExportContext,
    run_export_instance_history,
)
from durabletask.history import HistoryEvent
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.history_helpers import collect_history_events

from durahub.errors import BadBundle, BadRequest
from durahub.model.ticks import later
from durahub.stored import StoredInstance
from durahub_migrate.bundle import records
from durahub_migrate.bundle.archive import pack
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.cli.bundle import bundle as command
from durahub_migrate.views.writing import View, Viewed, write, write_into
from tests.bundle.bundles import NOON, a_history, an_instance, written
from tests.views.test_dotnet_view import EVENTS

HUB = (
    an_instance("order-7", history=EVENTS, status="Completed"),
    an_instance("order-8", status="Running"),  # its row is one checkpoint behind
    an_instance("order-9", status="Running", history=a_history("order-9")[:4]),
    an_instance("@counter@1", status="Completed"),
    an_instance("old", created=0, tags={"a": "b"}, output=None),
    an_instance("\ud800", parent="order-9"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    written(tmp_path / "orders.hub", HUB)
    return tmp_path / "orders.hub"


def listed(view: Path) -> dict[str, str]:
    """Return the file of each instance in a view's folder."""
    lines = (view / "_names.jsonl").read_text().splitlines()
    return {one["instanceId"]: one["file"] for one in map(json.loads, lines)}


@pytest.mark.parametrize("view", [View.DOTNET, View.PYTHON])
def test_what_has_not_ended_stands_apart(folder: Path, view: View) -> None:
    assert write_into(folder, [view]) == {view: Viewed(ended=4, open=2)}
    target = folder / view.folder
    assert set(listed(target)) == {"order-7", "order-8", "old", "\ud800"}
    assert set(listed(target / "open")) == {"order-9", "@counter@1"}
    files = {one.name for one in target.iterdir() if one.suffix == ".gz"}
    assert files == set(listed(target).values())
    BundleReader(folder).verify()


def test_a_view_is_the_same_every_time(folder: Path) -> None:
    found = []
    for _ in range(2):
        write_into(folder, list(View))
        files = sorted(one for one in folder.glob("compat/**/*") if one.is_file())
        found.append([(one.relative_to(folder), one.read_bytes()) for one in files])
    assert found[0] == found[1]


class Client:
    """What the SDK's export asks a client for, answered from a bundle's instance."""

    def __init__(self, instance: StoredInstance) -> None:
        self._state = records.head_of(instance, "a test").state
        parts = records.parts_of(instance.history)
        self._chunks = [pb.HistoryChunk(events=part.events) for part in parts]

    def get_orchestration_state(self, _: str, *, fetch_payloads: bool) -> OrchestrationState:
        assert fetch_payloads
        return parse_orchestration_state(self._state)

    def get_orchestration_history(self, _: str) -> list[HistoryEvent]:
        return collect_history_events(self._chunks)


class Blobs(dict[str, bytes]):
    """What the SDK's export writes to."""

    def write(self, *, blob_name: str, payload: bytes, **_: Any) -> None:
        self[blob_name] = payload


@pytest.mark.parametrize("instance", [HUB[1], HUB[4]], ids=["plain", "old"])
def test_the_python_view_is_what_the_sdk_itself_exports(
    tmp_path: Path, instance: StoredInstance
) -> None:
    blobs = Blobs()
    asked: Mapping[str, Any] = {
        "instance_id": instance.instance_id,
        "destination": {"container": "c"},
    }
    ended = an_instance(
        instance.instance_id,
        created=instance.created,
        tags=instance.tags,
        last_updated=later(NOON, 9),
    )
    done = run_export_instance_history(HistoryExportContext(Client(ended), blobs), asked)
    assert done["success"], done

    written(tmp_path / "b", [ended])
    write(tmp_path / "b", View.PYTHON, tmp_path / "view")
    [(name, payload)] = blobs.items()
    assert (tmp_path / "view" / name).read_bytes() == payload


def test_a_failure_is_in_the_first_line_of_the_python_view(folder: Path) -> None:
    write_into(folder, [View.PYTHON])
    view = folder / View.PYTHON.folder
    lines = gzip.decompress((view / listed(view)["order-7"]).read_bytes()).splitlines()
    head = json.loads(lines[0])
    assert head["metadata"]["failure_details"]["inner_failure"]["message"] == "empty"
    assert len(lines) == 1 + len(EVENTS)


def test_the_tables_have_a_row_for_each_instance_and_each_event(folder: Path) -> None:
    assert write_into(folder, [View.PARQUET]) == {View.PARQUET: Viewed(ended=4, open=2)}
    table = pq.read_table(folder / "compat/parquet/instances.parquet")
    updated = table.column("last_updated").cast("int64").to_pylist()
    assert {one % 1000 for one in updated} == {300}  # nanoseconds: three ticks
    instances = table.drop_columns(TIMES).to_pylist()
    by_id = {one["instance_id"]: one for one in instances}
    assert set(by_id) == {"order-7", "order-8", "old", "?"}
    assert table.column("created").null_count == 1  # of the year 1
    assert by_id["old"]["tags"] == '{"a": "b"}'
    assert by_id["?"]["parent_instance_id"] == "order-9"
    table = pq.read_table(folder / "compat/parquet/events.parquet")
    events = table.drop_columns(["timestamp", "fire_at"]).to_pylist()
    assert len(events) == sum(one["events"] for one in instances)
    [failed] = [one for one in events if one["event_type"] == "TaskFailed" and one["error_type"]]
    assert (failed["task_id"], failed["error_type"]) == (1, "Shop.NoStock")
    assert json.loads(failed["json"])["eventType"] == "TaskFailed"
    left = pq.read_table(folder / "compat/parquet/open/instances.parquet")
    assert left.num_rows == 2


TIMES = ["created", "last_updated", "completed", "scheduled_start"]

WITHOUT = """
import sys
sys.modules["pyarrow"] = None
from durahub_migrate.cli.bundle import bundle
bundle(["view", sys.argv[1], sys.argv[2], "--as", "parquet"])
"""


def test_without_pyarrow_it_says_what_to_install(folder: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, str(folder), str(tmp_path / "view")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "DH117" in done.stderr
    assert "durahub[parquet]" in done.stderr
    assert not (tmp_path / "view").exists()


def test_another_folder_is_left_alone(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("do not delete")
    with pytest.raises(BadRequest):
        write(folder, View.DOTNET, tmp_path)


def test_nothing_is_left_of_a_view_that_was_not_finished(folder: Path, tmp_path: Path) -> None:
    segment = folder / "segments/entities-00000.pb.zst"
    segment.write_bytes(segment.read_bytes()[::-1])
    for view in View:
        with pytest.raises(BadBundle):
            write(folder, view, tmp_path / "view")
        assert not (tmp_path / "view").exists()


# -- the command ---------------------------------------------------------------------------------


def test_the_command_writes_a_view_of_a_tar(folder: Path, tmp_path: Path) -> None:
    pack(folder, tmp_path / "b.tar")
    done = CliRunner().invoke(
        command, ["view", str(tmp_path / "b.tar"), str(tmp_path / "v"), "--as", "dotnet"]
    )
    assert done.exit_code == 0, done.output
    assert "4 that have ended, 2 open" in done.output
    assert len(listed(tmp_path / "v")) == 4


def test_the_command_checks_a_bundle(folder: Path) -> None:
    done = CliRunner().invoke(command, ["check", str(folder), "--format", "json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["instances"] == 5

    segment = folder / "segments/instances-00000.pb.zst"
    segment.write_bytes(segment.read_bytes()[::-1])
    done = CliRunner().invoke(command, ["check", str(folder)])
    assert isinstance(done.exception, BadBundle)
    assert done.exception.member == "segments/instances-00000.pb.zst"

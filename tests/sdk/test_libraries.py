"""Scheduled tasks and history export: libraries of the Python SDK, made of entities and orchestrations."""

import gzip
import json
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from durabletask.extensions.history_export import (
    ExportDestination,
    ExportFormat,
    ExportFormatKind,
    ExportHistoryClient,
    ExportJobCreationOptions,
    ExportJobStatus,
    ExportMode,
)
from durabletask.scheduled import (
    ScheduleClient,
    ScheduleCreationOptions,
    ScheduledTaskClient,
    ScheduleQuery,
    ScheduleStatus,
    ScheduleUpdateOptions,
)

from tests.sdk.apps.mixed import FolderWriter
from tests.sdk.python_hub import PythonHub, new_id, python_worker
from tests.sdk.travel_hub import until
from tests.sdk.two_stores import BOTH_STORES, new_hub, server_on

pytestmark = pytest.mark.sdk

scheduled_tasks = pytest.mark.feature("scheduled tasks", sdk="python")
history_export = pytest.mark.feature("history export", sdk="python")
NOW = datetime.now(timezone.utc)
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("exports")


@pytest.fixture(scope="module", params=BOTH_STORES)
def hub(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, exports: Path
) -> Iterator[PythonHub]:
    name, state = new_hub("Lib"), tmp_path_factory.mktemp("state")
    with server_on(request.param, request, state, name) as server:
        hub = PythonHub(server.ready.endpoint, name)
        with hub.client, python_worker(hub.endpoint, name, "--exports", str(exports)):
            yield hub


def schedule(
    hub: PythonHub, begin: datetime, given: Any = None, prefix: str = ""
) -> ScheduleClient:
    return ScheduledTaskClient(hub.client).create_schedule(
        ScheduleCreationOptions(
            schedule_id=f"{prefix}{new_id()}",
            orchestration_name="py_greet_all",
            interval=timedelta(seconds=1),
            orchestration_input=given or ["Lima"],
            start_at=begin,
            start_immediately_if_late=True,
        )
    )


def runs(hub: PythonHub, city: str) -> int:
    """Return how many orchestrations greeted *city* to the end."""
    wanted = json.dumps([f"Hello, {city}!"])
    states = hub.client.get_all_orchestration_states()
    ended = [hub.state(one.instance_id) for one in states if one.name == "py_greet_all"]
    return sum(state.serialized_output == wanted for state in ended)


@scheduled_tasks
def test_a_schedule_runs_its_orchestration_again_and_again(hub: PythonHub) -> None:
    city = new_id()
    running = schedule(hub, NOW, [city])

    until(lambda: runs(hub, city) >= 2)

    found = running.describe()
    assert found.status is ScheduleStatus.ACTIVE
    assert found.last_run_at is not None
    running.delete()


@scheduled_tasks
def test_a_paused_schedule_is_resumed(hub: PythonHub) -> None:
    city = new_id()
    running = schedule(hub, NOW, [city])
    until(lambda: runs(hub, city) >= 1)

    running.pause()

    assert running.describe().status is ScheduleStatus.PAUSED
    before = runs(hub, city)
    running.resume()
    assert running.describe().status is ScheduleStatus.ACTIVE
    until(lambda: runs(hub, city) > before)
    running.delete()


@scheduled_tasks
def test_a_schedule_is_updated_listed_and_deleted(hub: PythonHub) -> None:
    prefix, client = f"{new_id()}-", ScheduledTaskClient(hub.client)
    made = [schedule(hub, NOW + HOUR, prefix=prefix) for _ in range(3)]

    made[0].update(ScheduleUpdateOptions(interval=timedelta(seconds=7)))

    assert made[0].describe().interval == timedelta(seconds=7)
    listed = client.list_schedules(ScheduleQuery(schedule_id_prefix=prefix))
    assert {one.schedule_id for one in listed} == {one.schedule_id for one in made}
    for one in made:
        one.delete()
    until(lambda: client.get_schedule(made[0].schedule_id) is None)


@history_export
@pytest.mark.parametrize("kind", [ExportFormatKind.JSONL_GZIP, ExportFormatKind.JSON])
def test_histories_are_exported(kind: ExportFormatKind, hub: PythonHub, exports: Path) -> None:
    begin = datetime.now(timezone.utc)
    ended = [hub.run("py_greet_all", [city]) for city in ("Tokyo", "Cairo", "Lima")]
    client = ExportHistoryClient(hub.client, FolderWriter(exports))
    folder = new_id()

    job = client.create_job(
        ExportJobCreationOptions(
            mode=ExportMode.BATCH,
            completed_time_from=begin,
            completed_time_to=datetime.now(timezone.utc),
            destination=ExportDestination(container=folder, prefix="of-test"),
            format=ExportFormat(kind=kind),
            max_instances_per_batch=2,
        )
    )
    final = client.wait_for_job(job.job_id, timeout=60, poll_interval=0.2)

    assert final.status is ExportJobStatus.COMPLETED
    assert final.failed_instances == 0
    assert final.exported_instances >= len(ended)
    texts = [_text(file) for file in (exports / folder).rglob("*") if file.is_file()]
    assert all(any(state.instance_id in text for text in texts) for state in ended)


def _text(file: Path) -> str:
    content = file.read_bytes()
    return (gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content).decode()

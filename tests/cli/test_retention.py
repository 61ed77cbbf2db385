"""``durahub retention``: asking first, then purging."""

import asyncio
import json
from pathlib import Path

import pytest

from durahub.dispatch.clock import system_clock
from durahub.engine.commit import InstanceUpdate
from durahub.model.history import Execution, ExecutionStarted, Status
from durahub.model.ticks import later
from durahub.storage import SqliteStorage
from tests.cli.command import durahub
from tests.cli.test_bad_input import sentence

DAY = 86_400.0


@pytest.fixture
def hub(tmp_path: Path) -> str:
    """The address of a hub with instances that ended 40 days ago."""
    file = tmp_path / "hub.db"

    async def fill() -> None:
        moment = later(system_clock(), -40 * DAY)
        async with SqliteStorage(str(file)) as storage:
            store = storage.store("Shop")
            await store.open(create=True)
            for name, status in (("a", Status.Completed), ("b", Status.Failed)):
                event = ExecutionStarted(
                    timestamp=moment, execution=Execution(name, "x"), name="Order", version=""
                )
                update = InstanceUpdate(
                    execution_id="x",
                    last_updated=moment,
                    custom_status=None,
                    started=event,
                    status=status,
                    completed=moment,
                )
                await store.repair(name, update, insert=True)
            await store.close()

    asyncio.run(fill())
    return f"sqlite:{file}/Shop"


def test_a_plan_tells_what_would_go_and_apply_does_it(hub: str, tmp_path: Path) -> None:
    arguments = (hub, "--completed", "30d", "--failed", "90d", "--format", "json")
    planned = durahub("retention", "plan", *arguments, state=tmp_path)
    applied = durahub("retention", "apply", *arguments, "--yes", state=tmp_path)
    after = durahub("retention", "plan", *arguments, state=tmp_path)

    assert planned.status == applied.status == after.status == 0, planned.err + applied.err
    assert json.loads(planned.out)["instances"] == 1
    assert list(json.loads(planned.out)["byStatus"]) == ["Completed"]
    assert json.loads(applied.out) == json.loads(planned.out)
    assert json.loads(after.out)["instances"] == 0
    left = durahub("instance", "list", "--hub", hub, "--format", "json", state=tmp_path)
    assert [json.loads(line)["instanceId"] for line in left.out.splitlines()] == ["b"]


def test_without_a_yes_nothing_is_purged(hub: str, tmp_path: Path) -> None:
    refused = durahub("retention", "apply", hub, "--all", "0", state=tmp_path)
    planned = durahub("retention", "plan", hub, "--all", "0", "--format", "json", state=tmp_path)

    assert refused.status != 0
    assert json.loads(planned.out)["instances"] == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("durahub.toml", '[hubs.shop.retention]\nall = "30d"'),
        ("policy.json", '[{"retentionPeriodInDays": 30}]'),
    ],
)
def test_the_retention_comes_from_a_settings_file_or_a_policy(
    name: str, text: str, hub: str, tmp_path: Path
) -> None:
    file = tmp_path / name
    file.write_text(text)
    option = "--config" if name.endswith("toml") else "--policy"
    answer = durahub("retention", "plan", hub, option, str(file), state=tmp_path)

    assert answer.status == 0, answer.err
    assert "2 instances in all" in answer.err
    assert durahub("retention", "check", str(file), state=tmp_path).status == 0


def test_a_policy_that_means_nothing_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "policy.json"
    file.write_text('[{"retentionPeriodInDays": 91}]')
    answer = durahub("retention", "check", str(file), state=tmp_path)

    assert answer.status == 2
    assert "retentionPolicies[0].retentionPeriodInDays" in sentence(answer, "DH108")


@pytest.mark.parametrize("arguments", [(), ("--all", "30d", "--policy", "p.json")])
def test_a_retention_is_told_once(arguments: tuple[str, ...], hub: str, tmp_path: Path) -> None:
    answer = durahub("retention", "plan", hub, *arguments, state=tmp_path)

    assert answer.status == 2
    assert "one of --config, --policy" in sentence(answer, "DH105")

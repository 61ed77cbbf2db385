"""``durahub hub doctor``: a hub is damaged in many ways, found out, repaired; and everything in it ends."""

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.client import OrchestrationState, OrchestrationStatus

from durahub.classic.account import Account
from durahub.classic.doctor.doctor import Doctor
from durahub.classic.doctor.examination import Report
from durahub.classic.doctor.rules import RULES
from durahub.dispatch.clock import system_clock
from durahub.local.child import Child
from durahub.local.server import ServerProcess
from tests.cli.command import Answer, durahub
from tests.conftest import STORE, Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS
from tests.sdk.bare_hub import BareHub
from tests.sdk.travel_hub import TRAVEL, until

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

WITHIN = 60.0  # seconds
SLEEP = 20.0  # seconds: longer than it takes from there until the server has stopped
NOBODYS = "gone/history-0000000000000001-TaskCompleted-00000007-Result.json.gz"


@pytest.fixture
def hub(azurite: Storage, hub_name: str) -> BareHub:
    return BareHub(azurite, hub_name)


@pytest.fixture
def doctor(hub: BareHub, tmp_path: Path) -> Callable[..., Answer]:
    """Run the command on the hub."""

    def run(*arguments: str) -> Answer:
        address = f"env:{STORE}/{hub.name}"
        env = {STORE: hub.storage.connection_string}
        return durahub("hub", "doctor", address, *arguments, state=tmp_path, env=env)

    return run


def examined(hub: BareHub) -> Report:
    """Return what the doctor finds, without the time that a command takes to start."""

    async def examine() -> Report:
        text = hub.storage.connection_string
        async with Account.from_connection_string(text, "the test") as account:
            return await Doctor(hub.name, account, system_clock).examine(grace=0)

    return asyncio.run(examine())


def client(server: ServerProcess, hub: BareHub) -> DurableTaskSchedulerClient:
    return DurableTaskSchedulerClient(
        host_address=server.ready.endpoint,
        taskhub=hub.name,
        token_credential=None,
        secure_channel=False,
    )


def rules(answer: Answer) -> set[str]:
    """Return the names of the rules that were found broken, the notes left out."""
    lines = [json.loads(line) for line in answer.out.splitlines()]
    return {line["rule"] for line in lines if line.get("severity", "note") != "note"}


def begun(server: ServerProcess, hub: BareHub) -> None:
    """Start one instance of each kind that waits, and wait until it does."""
    with client(server, hub) as caller:
        caller.schedule_new_orchestration("Echo", input="done", instance_id="done")
        caller.schedule_new_orchestration("Busy", input="b", instance_id="busy")
        caller.schedule_new_orchestration("UsesParts", instance_id="parts")
        given = {"entities": ["@counter@a"], "amount": 1, "wait": True}
        caller.schedule_new_orchestration("Locks", input=given, instance_id="holder")
        until(lambda: status(caller, "holder") == '"locked"', WITHIN)
        caller.wait_for_orchestration_completion("done", timeout=WITHIN)
        kinds = {"busy": "TaskCompleted", "parts:waits": "Orchestrator", "parts": "TaskCompleted"}
        for one, kind in kinds.items():
            until(lambda one=one, kind=kind: kind in str(hub.rows("History", one)), WITHIN)
        caller.schedule_new_orchestration("Sleeps", input=SLEEP, instance_id="sleeps")
        caller.schedule_new_orchestration(
            "Echo",
            input="late",
            instance_id="late",
            start_at=datetime.now(timezone.utc) + timedelta(seconds=SLEEP),
        )
        until(lambda: "TimerCreated" in str(hub.rows("History", "sleeps")), WITHIN)


def status(caller: DurableTaskSchedulerClient, instance_id: str) -> str | None:
    state = caller.get_orchestration_state(instance_id)
    return state.serialized_custom_status if state is not None else None


def damage(hub: BareHub) -> None:
    """Lose all messages, a child, a lock's holder; spoil a row; leave a blob and a lease behind."""
    hub.clear_queues()
    for gone in ("parts:waits", "holder"):
        hub.lose("History", gone)
        hub.lose("Instances", gone)
    hub.change("Instances", "done", "", RuntimeStatus="Running")
    hub.write_payload(NOBODYS)
    partition = hub.rows("Partitions")[0]["RowKey"]
    owner = {"CurrentOwner": "somebody", "ExpiresAt": datetime(2026, 1, 1, tzinfo=timezone.utc)}
    hub.change("Partitions", "", partition, **owner)


def ended(caller: DurableTaskSchedulerClient, instance_id: str) -> OrchestrationState:
    state = caller.wait_for_orchestration_completion(instance_id, timeout=WITHIN)
    assert state is not None
    assert state.runtime_status is OrchestrationStatus.COMPLETED, (instance_id, state)
    return state


def result(state: OrchestrationState) -> Any:
    return json.loads(state.serialized_output or "null")


@pytest.mark.timeout(300)
def test_a_damaged_hub_is_found_out_repaired_and_ends(
    hub: BareHub,
    server: ServerProcess,
    start_worker: Callable[..., Child],
    doctor: Callable[..., Answer],
) -> None:
    worker = start_worker(TRAVEL, server.ready.endpoint, hub.name, "--slow-never")
    begun(server, hub)
    alive = examined(hub)
    assert alive.is_clean, alive.findings
    assert alive.workers

    worker.kill()
    assert server.stop() == 0
    healthy = examined(hub)
    assert healthy.is_clean, healthy.findings
    assert not healthy.workers

    damage(hub)
    found = doctor("--repair", "--grace", "0", "--format", "json")
    assert (found.status, "--yes" in found.err) == (2, True), found
    assert rules(found) == {
        "lost-activity",
        "lost-child-start",
        "lost-start",
        "lost-timer",
        "leaked-lock",
        "row-behind-history",
        "orphaned-blob",
        "stale-lease",
    }
    repaired = doctor("--repair", "--yes", "--grace", "0")
    assert repaired.status == 0, repaired
    lost_timer = next(rule for rule in RULES if rule.name == "lost-timer")
    assert lost_timer.remedy in repaired.err
    assert hub.payloads() == []

    server.start()
    start_worker(TRAVEL, server.ready.endpoint, hub.name)
    with client(server, hub) as caller:
        until(lambda: hub.rows("Instances", "parts:waits"), WITHIN)
        caller.raise_orchestration_event("parts:waits", "Approval", data=2)
        assert result(ended(caller, "busy")) == ["Hello, first!", "slow done b", "Hello, last!"]
        assert result(ended(caller, "sleeps"))["hello"] == "Hello, morning!"
        assert result(ended(caller, "late")) == "late"
        assert ended(caller, "done").serialized_output == '"done"'
        assert result(ended(caller, "parts:waits"))["answer"] == 2
        given = {"entities": ["@counter@a"], "amount": 1, "wait": False}
        caller.schedule_new_orchestration("Locks", input=given, instance_id="next")
        assert result(ended(caller, "next")) == [2]
        assert "lockedBy" not in hub.rows("Instances", "@counter@a")[0]["CustomStatus"]


CRASHED = [hub for hub in HUBS if hub.name.startswith("crash-")]


@pytest.mark.timeout(300)
def test_a_hub_whose_dotnet_worker_was_killed_is_clean_when_it_is_finished_here(
    azurite: Storage,
    hub_name: str,
    start_server: Callable[..., ServerProcess],
    start_worker: Callable[..., Child],
) -> None:
    hubs = [BareHub(azurite, f"{hub_name}{number}") for number in range(len(CRASHED))]
    for recorded, hub in zip(CRASHED, hubs, strict=True):
        asyncio.run(load(recorded, azurite.connection_string, hub.name))
    named = [part for hub in hubs for part in ("--hub", hub.name)]
    store = {STORE: azurite.connection_string}
    server = start_server("--store", f"env:{STORE}", *named, env=store)
    for hub in hubs:
        start_worker(TRAVEL, server.ready.endpoint, hub.name)
    for hub in hubs:
        with client(server, hub) as caller:
            [row] = hub.rows("Instances")
            assert result(ended(caller, row["PartitionKey"])) == 30
        until(
            lambda hub=hub: not any(hub.hidden(q) or hub.visible(q) for q in hub.queues()), WITHIN
        )
    assert server.stop() == 0
    for hub in hubs:
        report = examined(hub)
        assert report.findings == report.undecided == (), hub.name

"""A server that is stopped in the middle of everything leaves a hub that any other worker can take over."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import pytest
from azure.storage.blob import BlobServiceClient
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.entities import EntityInstanceId

from durahub.classic.partitioning.app_lease import app_lease_id
from durahub.classic.unposted import COLUMN
from durahub.local.child import Child
from durahub.local.server import ServerProcess
from tests.conftest import STORE, Storage
from tests.sdk.bare_hub import BareHub, ForeignWorker
from tests.sdk.travel_hub import TRAVEL, until

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

WITHIN = 90.0  # seconds
APP = "TravelApp"


@pytest.fixture
def hub(azurite: Storage, hub_name: str) -> BareHub:
    return BareHub(azurite, hub_name)


def everything_at_once(caller: DurableTaskSchedulerClient, hub: BareHub) -> None:
    """Let instances wait for an activity, a timer, an event, a lock and their start; and many run."""
    far = datetime.now(timezone.utc) + timedelta(hours=1)
    caller.schedule_new_orchestration("Busy", input="b", instance_id="busy")
    caller.schedule_new_orchestration("Partly", input=6, instance_id="partly")
    caller.schedule_new_orchestration("Sleeps", input=3600, instance_id="sleeps")
    caller.schedule_new_orchestration("Waits", input={"twice": False}, instance_id="waits")
    caller.schedule_new_orchestration("Echo", input=1, instance_id="late", start_at=far)
    given = {"entities": ["@counter@a", "@counter@b"], "amount": 1, "wait": True}
    caller.schedule_new_orchestration("Locks", input=given, instance_id="holder")
    until(lambda: "locked" in str(hub.rows("Instances", "holder")), WITHIN)
    caller.schedule_new_orchestration("Locks", input=given, instance_id="second")
    for amount in range(5):
        caller.signal_entity(EntityInstanceId("counter", "a"), "add", amount)
    caller.signal_entity(EntityInstanceId("counter", "c"), "forward-later", "@counter@d")
    until(lambda: hub.rows("History", "sleeps") and hub.rows("History", "waits"), WITHIN)
    until(lambda: "TaskCompleted" in str(hub.rows("History", "busy")), WITHIN)
    until(lambda: str(hub.rows("History", "partly")).count("'TaskCompleted'") == 4, WITHIN)
    until(lambda: hub.rows("History", "@counter@c"), WITHIN)
    for number in range(12):  # in the middle of these it is stopped
        caller.schedule_new_orchestration("FiveCities", instance_id=f"cities-{number}")


def stop(
    start_server: Callable[..., ServerProcess],
    start_worker: Callable[..., Child],
    hub: BareHub,
    *,
    worker_dies: bool,
    level: str,
) -> None:
    server = start_server(
        *("--store", f"env:{STORE}", "--hub", hub.name, "--app-name", APP, "--level", level),
        env={STORE: hub.storage.connection_string},
    )
    worker = start_worker(TRAVEL, server.ready.endpoint, hub.name, "--slow-never")
    with DurableTaskSchedulerClient(
        host_address=server.ready.endpoint,
        taskhub=hub.name,
        token_credential=None,
        secure_channel=False,
    ) as caller:
        everything_at_once(caller, hub)
    if worker_dies:
        worker.kill()
    assert server.stop() == 0


@pytest.mark.timeout(300)
@pytest.mark.parametrize("level", ["default", pytest.param("exclusive", marks=pytest.mark.slow)])
@pytest.mark.parametrize(
    "worker_dies",
    [
        pytest.param(True, id="with its worker"),
        pytest.param(False, id="before its worker", marks=pytest.mark.slow),  # it is waited for
    ],
)
def test_after_a_stop_only_what_is_due_later_is_hidden(
    start_server: Callable[..., ServerProcess],
    start_worker: Callable[..., Child],
    hub: BareHub,
    *,
    worker_dies: bool,
    level: str,
) -> None:
    stop(start_server, start_worker, hub, worker_dies=worker_dies, level=level)

    control = [name for name in hub.queues() if "-control-" in name]
    workitems = f"{hub.name.lower()}-workitems"
    assert sum(map(hub.hidden, control)) == 3  # the timer, the start that is due later, the signal
    assert hub.hidden(workitems) == 0
    activities = Counter(event["Name"] for event in hub.visible(workitems))
    assert activities["Slow"] == 3

    for row in hub.rows("Partitions"):
        assert not row.get("CurrentOwner")
        assert not row.get("NextOwner")
        assert row["IsDraining"] is False
    with BlobServiceClient.from_connection_string(hub.storage.connection_string) as service:
        container = service.get_container_client(f"{hub.name.lower()}-applease")
        info = json.loads(container.download_blob(f"{hub.name.lower()}-appleaseinfo").readall())
        lease = container.get_container_properties().lease
    assert info == {"OwnerId": app_lease_id(APP), "DesiredSwapId": None}  # as .NET's stay
    assert lease.duration != "infinite"

    foreign = ForeignWorker(hub)
    assert foreign.claim() == set(control)
    received = Counter(event["Name"] for event in foreign.receive(workitems))
    assert received == activities
    assert [row for row in hub.rows("History") if row.get(COLUMN)] == []

"""kill -9 of a server in the middle of everything: within the lease and the time-out, all is everybody's."""

import time
from collections.abc import Callable

import pytest
from durabletask.azuremanaged.client import DurableTaskSchedulerClient

from durahub.local.child import Child
from durahub.local.server import ServerProcess
from tests.conftest import STORE, Storage
from tests.sdk.bare_hub import BareHub, ForeignWorker
from tests.sdk.test_hub_doctor import examined
from tests.sdk.test_leaving import everything_at_once
from tests.sdk.travel_hub import TRAVEL

pytestmark = [pytest.mark.fault, pytest.mark.sdk, pytest.mark.azurite]

VISIBILITY = 4  # seconds
LEASE = 30  # seconds: the layout's
SLACK = 20.0  # seconds: looks take their time; what is hidden for longer, or leased once more, takes more


@pytest.mark.timeout(400)
@pytest.mark.parametrize("pause", [0.0, 0.3, 1.0])
def test_a_killed_servers_work_is_everybodys_within_lease_and_time_out(
    start_server: Callable[..., ServerProcess],
    start_worker: Callable[..., Child],
    azurite: Storage,
    hub_name: str,
    pause: float,
) -> None:
    hub = BareHub(azurite, hub_name)
    server = start_server(
        *("--store", f"env:{STORE}", "--hub", hub.name),
        env={STORE: azurite.connection_string, "DURAHUB_VISIBILITY_SECONDS": str(VISIBILITY)},
    )
    worker = start_worker(TRAVEL, server.ready.endpoint, hub.name, "--slow-never")
    with DurableTaskSchedulerClient(
        host_address=server.ready.endpoint,
        taskhub=hub.name,
        token_credential=None,
        secure_channel=False,
    ) as caller:
        everything_at_once(caller, hub)
    time.sleep(pause)  # no waiting for anything: how far it gets when it is killed is to be chance
    server.kill()
    killed = time.monotonic()
    worker.kill()

    queues = hub.queues()
    deadline = killed + VISIBILITY + SLACK
    while sum(map(hub.hidden, queues)) > 3:  # the timer, the start that is due later, the signal
        assert time.monotonic() < deadline, {name: hub.hidden(name) for name in queues}
        time.sleep(0.2)
    control = {name for name in queues if "-control-" in name}
    foreign, taken = ForeignWorker(hub), set[str]()
    while taken < control:
        taken |= foreign.claim()
        assert time.monotonic() < killed + LEASE + SLACK, taken
        time.sleep(0.5)
    report = examined(hub)
    found = {finding.rule.name for finding in report.findings if finding.counts}
    assert found <= {"row-behind-history"}, report.findings  # the next checkpoint corrects it
    assert report.workers == ("foreign",)

"""A hub at which a Python app works is linted while it works, at rest, stopped and killed: all is true."""

import asyncio
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import grpc
import pytest
from azure.storage.blob import BlobServiceClient

from durahub.classic.dialect import DTFX_2_9
from durahub.classic.envelope import Envelope, encode
from durahub.classic.names import HubNames
from durahub.classic.routing import control_index
from durahub.dispatch.clock import system_clock
from durahub.local.child import Child
from durahub.local.server import ServerProcess
from durahub.model.history import EventRaised, Execution
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later
from durahub_migrate.bundle.manifest import Manifest
from durahub_migrate.export.exporting import Residue
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.sources.bundle import BundleSource
from durahub_migrate.lint.sources.opening import source_of
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.lint.sources.source import Source
from tests.bundle.exports import exported, exported_file
from tests.conftest import STORE, Storage
from tests.lint.in_use.busy_hubs import APP, LARGE, changing, make_everything_wait
from tests.lint.in_use.linted import found_in, told
from tests.lint.sources.reading_sources import classic_source
from tests.sdk.bare_hub import BareHub
from tests.sdk.python_hub import PythonHub

pytestmark = [pytest.mark.sdk, pytest.mark.azurite, pytest.mark.timeout(300)]

GRACE = 2 * 86_400.0  # seconds after which nobody names a blob any more
CUT_OFF = {"HUB216", "HUB218", "HUB219"}
"""What a server leaves that is killed between two writes, until the instance goes on."""
ORPHAN = "gone/history-0000000000000001-TaskCompleted-00000007-Result.json.gz"


@dataclass(frozen=True)
class InUse:
    """A hub with a server and a worker; without *storage* it is in *file*."""

    name: str
    storage: Storage | None
    file: Path
    server: ServerProcess
    worker: Child

    def source(self, clock: Callable[[], Ticks] = system_clock) -> Source:
        if self.storage is None:
            return source_of(f"sqlite:{self.file}/{self.name}")
        return classic_source(self.storage.connection_string, self.name, clock=clock)

    def found(self, profile: str = "recommended") -> list[Finding]:
        return asyncio.run(found_in(self.source(), profile))

    def untrue(self) -> list[str]:
        """Return what is told as wrong of a hub in which nothing is."""
        return told([one for one in self.found() if one.severity is not Severity.INFO])

    def exported(self, folder: Path) -> Manifest:
        if self.storage is None:
            return asyncio.run(exported_file(self.file, self.name, folder))
        return asyncio.run(exported(self.storage.connection_string, self.name, folder))

    def untrue_of_its_bundle(self, folder: Path, *, frozen: bool) -> list[str]:
        """Export the hub, which loses nothing, and return what is told of the bundle."""
        manifest = self.exported(folder)
        assert (Residue.of(manifest), manifest.counts.rejects) == (Residue(0, 0), {})
        assert manifest.frozen is frozen
        found = asyncio.run(found_in(BundleSource("bundle", folder, ReadingOptions())))
        return told([one for one in found if one.severity is not Severity.INFO])


@pytest.fixture
def in_use(
    azurite: Storage,
    hub_name: str,
    tmp_path: Path,
    start_server: Callable[..., ServerProcess],
    start_worker: Callable[..., Child],
) -> Callable[..., InUse]:
    def start(store: str, *arguments: str) -> InUse:
        file = tmp_path / "hubs.db"
        where, env = f"sqlite:{file}", {}
        if store == "azurite":
            where, env = f"env:{STORE}", {STORE: azurite.connection_string}
        server = start_server("--store", where, "--hub", hub_name, *arguments, env=env)
        worker = start_worker(APP, server.ready.endpoint, hub_name)
        return InUse(hub_name, azurite if env else None, file, server, worker)

    return start


@pytest.fixture
def client() -> Iterator[Callable[[InUse], PythonHub]]:
    with ExitStack() as ending:

        def opened(hub: InUse) -> PythonHub:
            found = PythonHub(hub.server.ready.endpoint, hub.name)
            ending.enter_context(closing(found.client))
            return found

        yield opened


@pytest.mark.parametrize("store", ["azurite", "sqlite"])
def test_nothing_untrue_is_told_of_a_hub_in_use_nor_of_one_at_rest(
    store: str,
    in_use: Callable[..., InUse],
    client: Callable[[InUse], PythonHub],
    tmp_path: Path,
) -> None:
    hub = in_use(store)
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(make_everything_wait, client(hub))
        while not working.done():
            assert hub.untrue() == []
        working.result()
    assert hub.untrue() == []
    assert hub.untrue_of_its_bundle(tmp_path / "at-rest", frozen=False) == []

    hub.worker.kill()
    assert hub.server.stop() == 0
    assert hub.untrue() == []
    assert hub.untrue_of_its_bundle(tmp_path / "stopped", frozen=True) == []


# Not in CI on Azurite: in memory it stands still for minutes once some 20,000 messages were deleted.
@pytest.mark.parametrize("level", ["default", "exclusive"])
@pytest.mark.parametrize(
    "store",
    [
        pytest.param("azurite", marks=pytest.mark.soak),
        pytest.param("sqlite", marks=pytest.mark.slow),
    ],
)
def test_nothing_untrue_is_told_of_a_hub_that_changes_all_the_time(
    store: str,
    level: str,
    in_use: Callable[..., InUse],
    client: Callable[[InUse], PythonHub],
    tmp_path: Path,
) -> None:
    if (store, level) == ("sqlite", "exclusive"):
        pytest.skip("levels are of hubs in Azure Storage")
    hub = in_use(store, *(("--level", level) if store == "azurite" else ()))
    caller = client(hub)
    make_everything_wait(caller)
    with changing(caller):
        ends = time.monotonic() + 40.0
        while time.monotonic() < ends:
            assert hub.untrue() == []
        assert hub.untrue_of_its_bundle(tmp_path / "in-use", frozen=False) == []
    with changing(caller, is_cut_off=True):
        assert hub.untrue() == []
        hub.server.kill()
    assert {one.code for one in hub.found() if one.severity is not Severity.INFO} <= CUT_OFF
    hub.server.start()
    # Channels of one process share what has seen the server die: calls are refused until that looks again.
    with grpc.insecure_channel(hub.server.ready.endpoint.removeprefix("http://")) as channel:
        grpc.channel_ready_future(channel).result(120)
    client(hub).run("Echo", 1, instance_id="goes-on")
    left = {one.code for one in hub.found() if one.severity is not Severity.INFO}
    assert left <= CUT_OFF


@pytest.mark.parametrize("level", ["default", pytest.param("exclusive", marks=pytest.mark.slow)])
def test_each_defect_is_found_once_and_nothing_else(
    level: str, in_use: Callable[..., InUse], client: Callable[[InUse], PythonHub]
) -> None:
    hub = in_use("azurite", "--level", level)
    caller = client(hub)
    caller.run("Echo", 1, instance_id="x" * 101)
    caller.run("py_repeats", {"letter": "x", "times": 1_100_000}, instance_id="large")
    caller.run("Echo", "y" * LARGE, instance_id="lost")
    caller.run("Echo", 1, instance_id="behind")
    caller.start("Waits", {"twice": True}, instance_id="waits")
    caller.begun("waits")
    before = {(one.code, one.place.key) for one in hub.found("migrate")}
    assert {code for code, _ in before} <= {"IDN501", "PAY401", "PAY402"}
    assert ("IDN501", "x" * 101) in before
    assert ("PAY401", "large") in before
    hub.worker.kill()
    assert hub.server.stop() == 0

    assert hub.storage is not None
    bare = BareHub(hub.storage, hub.name)
    lost = _lose_payload(bare, "lost")
    bare.change("Instances", "behind", "", RuntimeStatus="Running")
    queue = _poison(bare, "waits")
    bare.write_payload(ORPHAN)
    today = [one for one in hub.found() if one.severity is not Severity.INFO]
    assert sorted((one.code, one.place.key.rpartition("/")[0]) for one in today) == [
        *[("HUB206", "")] * lost,
        ("HUB216", ""),
        ("QUE602", queue),
    ]
    then = asyncio.run(found_in(hub.source(lambda: later(system_clock(), GRACE))))
    assert [one.place.key for one in then if one.code == "HUB210"] == [ORPHAN]


def _lose_payload(hub: BareHub, key: str) -> int:
    """Delete the blobs that an instance's history names; return how many."""
    rows = hub.rows("History", key)
    names = {text for row in rows for name, text in row.items() if name.endswith("BlobName")}
    with BlobServiceClient.from_connection_string(hub.storage.connection_string) as service:
        for name in names:
            service.get_blob_client(f"{hub.name.lower()}-largemessages", name).delete_blob()
    return len(names)


def _poison(hub: BareHub, instance_id: str) -> str:
    """Let an event that is never taken be delivered five times; return its queue."""
    names = HubNames(hub.name)
    name = names.control_queue(control_index(instance_id, len(hub.queues()) - 1))
    event = EventRaised(timestamp=system_clock(), name="Approval", input="1")
    message = Message(event=event, target=Execution(instance_id, None))
    envelope = Envelope(message=message, activity_id="", sequence_number=0)
    with hub.queue(name) as queue:
        queue.send_message(encode(envelope, DTFX_2_9))
        for _ in range(5):
            (one,) = queue.receive_messages(visibility_timeout=30)
            queue.update_message(one, visibility_timeout=0)
    return name

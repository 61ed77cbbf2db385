"""``durahub export``."""

import json
import sqlite3
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from durahub.dispatch.clock import system_clock
from durahub.errors import BadRequest, DurahubError, HubNotFound
from durahub.model.history import Execution, ExecutionStarted
from durahub.model.message import Message
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from durahub.stored import NotRead, StoredInstance
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.bundle.writer import BundleWriter
from durahub_migrate.cli.export import export
from durahub_migrate.export.scheduler_outlet import scheduler_outlet
from durahub_migrate.lint.facts.hubs import MessageFacts
from durahub_migrate.lint.sources.bundle import BundleSource
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.lint.sources.scheduler import SchedulerSource
from tests.bundle.bundles import GIVEN
from tests.bundle.exports import exported, exported_file
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS
from tests.lint.sources.reading_sources import facts_among, reads_of
from tests.sdk.bare_hub import BareHub, ForeignWorker


@pytest.fixture
async def hub_file(tmp_path: Path) -> AsyncIterator[Path]:
    """A file with the hub orders, which a server has open: three instances that wait for their start."""
    file = tmp_path / "hub.db"
    opened = SchedulerFile(str(file), clock=system_clock)
    store = SchedulerStore(opened, "orders")
    await store.open(create=True)
    for number in range(3):
        started = ExecutionStarted(
            timestamp=system_clock(),
            execution=Execution(f"order-{number}", f"{number:032}"),
            name="Order",
            input='"é"',
        )
        await store.start(Message(event=started, target=started.execution), None)
    yield file
    await store.close()
    await opened.close()


def run(*arguments: object, env: dict[str, str] | None = None) -> Result:
    return CliRunner().invoke(export, [str(one) for one in arguments], env=env)


async def test_a_file_that_a_server_has_is_exported(hub_file: Path, tmp_path: Path) -> None:
    manifest = await exported_file(hub_file, "orders", tmp_path / "b")

    reader = BundleReader(tmp_path / "b")
    with scheduler_outlet(str(hub_file), "orders") as outlet:
        instances = [one async for one in outlet.instances()]
        messages = [one async for one in outlet.messages()]
    assert [one.whole() for one in reader.instances()] == instances
    assert list(reader.seen_messages()) == messages
    assert len(messages) == 3
    assert manifest.counts.inflight == {"queue": 3, "table": 3}
    assert (await exported_file(hub_file, "orders", tmp_path / "again")).root == manifest.root


async def test_what_cannot_be_read_in_a_file_is_rejected_as_it_lies_there(
    hub_file: Path, tmp_path: Path
) -> None:
    import sqlite3

    with sqlite3.connect(hub_file) as connection:
        connection.execute("UPDATE instances SET status = 99 WHERE id = 'order-1'")
        connection.execute("UPDATE inbox SET event = x'FFFF' WHERE instance = 'order-2'")
    manifest = await exported_file(hub_file, "orders", tmp_path / "b")

    assert manifest.counts.rejects == {"DH401": 1, "DH402": 1}
    reader = BundleReader(tmp_path / "b")
    message, instance = sorted(reader.rejects(), key=lambda one: one.code)
    assert (instance.instance_id, instance.kind, message.kind) == ("order-1", "instance", "message")
    assert json.loads(reader.raw(instance.raw or "").splitlines()[0])["status"] == 99
    assert b"//8=" in reader.raw(message.raw or "")
    source = BundleSource("b", tmp_path / "b", ReadingOptions())
    reads = await reads_of(source)
    [unread] = [one for one in facts_among(reads, MessageFacts) if one.problem]
    live = SchedulerSource("f", str(hub_file), "orders", ReadingOptions(), clock=system_clock)
    found = facts_among(await reads_of(live), MessageFacts)
    assert [unread.place.key] == [one.place.key for one in found if one.problem]


def test_the_command_tells_what_was_read_and_what_became_of_it(
    hub_file: Path, tmp_path: Path
) -> None:
    done = run(f"sqlite:{hub_file}/orders", tmp_path / "b")

    assert done.exit_code == 0, done.output
    assert "3 read = 3 orchestrations + 0 entities + 0 rejected" in done.stdout
    assert "3 seen = 3 exported + 0 rejected" in done.stdout
    assert "not frozen" in done.stdout


def test_the_command_writes_a_tar_with_views_in_it(hub_file: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "b.tar"
    target.parent.mkdir()
    done = run(f"sqlite:{hub_file}/orders", target, "--view", "dotnet", "--view", "python")

    assert done.exit_code == 0, done.output
    assert "view python: 0 that have ended, 3 open" in done.output
    assert [one.name for one in target.parent.iterdir()] == ["b.tar"]
    with tarfile.open(target) as archive:
        names = archive.getnames()
    assert sum(name.startswith("compat/dotnet-jsonl/open/") for name in names) == 4


def test_the_command_redacts(hub_file: Path, tmp_path: Path) -> None:
    done = run(f"sqlite:{hub_file}/orders", tmp_path / "b", "--redact", "--format", "json")

    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["redacted"] is True
    found = list(BundleReader(tmp_path / "b").instances())
    assert len(found) == 3
    assert not any(one.row.instance_id.startswith("order") for one in found)


def test_the_command_speaks_json(hub_file: Path, tmp_path: Path) -> None:
    done = run(f"sqlite:{hub_file}/orders", tmp_path / "b", "--format", "json")

    told = json.loads(done.stdout)
    assert told["root"] == BundleReader(tmp_path / "b").manifest.root
    assert (told["instancesRead"], told["instances"]) == (3, {"Pending": 3})
    assert told["frozen"] is False


async def test_a_file_that_no_server_has_is_frozen(hub_file: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    with sqlite3.connect(hub_file) as opened, sqlite3.connect(copy) as copied:
        opened.backup(copied)
    assert not (await exported_file(hub_file, "orders", tmp_path / "open")).frozen
    assert (await exported_file(copy, "orders", tmp_path / "closed")).frozen


@pytest.mark.azurite
async def test_a_hub_whose_partitions_nobody_holds_is_frozen(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    await load(HUBS[0], azurite.connection_string, hub_name)
    assert (await exported(azurite.connection_string, hub_name, tmp_path / "stopped")).frozen
    ForeignWorker(BareHub(azurite, hub_name)).claim()
    assert not (await exported(azurite.connection_string, hub_name, tmp_path / "in-use")).frozen


def test_a_bundle_is_replaced_only_by_force(hub_file: Path, tmp_path: Path) -> None:
    hub = f"sqlite:{hub_file}/orders"
    assert run(hub, tmp_path / "b").exit_code == 0
    refused = run(hub, tmp_path / "b")
    assert isinstance(refused.exception, BadRequest)
    assert "--force" in str(refused.exception)
    assert run(hub, tmp_path / "b", "--force").exit_code == 0
    BundleReader(tmp_path / "b").verify()


def test_force_does_not_remove_a_bundle_when_the_source_is_not_there(
    hub_file: Path, tmp_path: Path
) -> None:
    assert run(f"sqlite:{hub_file}/orders", tmp_path / "b").exit_code == 0
    refused = run(f"sqlite:{hub_file}/nowhere", tmp_path / "b", "--force")
    assert isinstance(refused.exception, HubNotFound)
    BundleReader(tmp_path / "b").verify()


def test_force_does_not_remove_other_files(hub_file: Path, tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "thesis.txt").write_text("mine")
    refused = run(f"sqlite:{hub_file}/orders", tmp_path / "b", "--force")
    assert isinstance(refused.exception, BadRequest)
    assert (tmp_path / "b" / "thesis.txt").read_text() == "mine"


def test_an_unfinished_export_is_said_to_be_started_over(hub_file: Path, tmp_path: Path) -> None:
    with BundleWriter(tmp_path / "b", GIVEN):
        pass
    done = run(f"sqlite:{hub_file}/orders", tmp_path / "b")
    assert done.exit_code == 0
    assert "starting over" in done.stderr


def test_the_exit_status_tells_of_rejects(hub_file: Path, tmp_path: Path) -> None:
    import sqlite3

    with sqlite3.connect(hub_file) as connection:
        connection.execute("UPDATE instances SET status = 99 WHERE id = 'order-1'")
    done = run(f"sqlite:{hub_file}/orders", tmp_path / "b")
    assert done.exit_code == 1
    assert "3 read = 2 orchestrations + 0 entities + 1 rejected" in done.stdout
    assert "1 DH402" in done.stderr


@pytest.mark.parametrize("hub", ["sqlite:nowhere.db/orders", "9", "ftp:x/y"])
def test_a_source_that_is_not_there_leaves_no_bundle(hub: str, tmp_path: Path) -> None:
    refused = run(hub, tmp_path / "b")
    assert isinstance(refused.exception, DurahubError)
    assert refused.exception.exit_status == 2
    assert not (tmp_path / "b").exists()


# -- Azure Storage -------------------------------------------------------------------------------


@pytest.mark.azurite
async def test_what_cannot_be_read_in_storage_is_rejected_as_it_lies_there(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    from durahub.classic.account import Account
    from durahub.classic.names import HubNames

    hub = next(one for one in HUBS if one.payloads and not one.names.tracking_prefix)
    await load(hub, azurite.connection_string, hub_name)
    names = HubNames(hub_name)
    async with Account.from_connection_string(azurite.connection_string, "the test") as account:
        gone = next(iter(hub.payloads))
        blob = account.blobs.get_blob_client(names.large_messages_container, gone)
        await blob.delete_blob()
        queue = account.queues.get_queue_client(names.control_queue(0))
        await queue.send_message("<no envelope>")
    manifest = await exported(azurite.connection_string, hub_name, tmp_path / "b")

    reader = BundleReader(tmp_path / "b")
    assert set(manifest.counts.rejects) <= {"DH401", "DH403"}
    assert manifest.counts.messages_rejected >= 1
    raw = [reader.raw(one.raw or "") for one in reader.rejects()]
    assert any(b"no envelope" in one for one in raw)
    read = {one.row.instance_id for one in reader.instances()}
    rejected = {one.instance_id for one in reader.rejects() if one.kind == "instance"}
    assert read | rejected == set(hub.expected)


@pytest.mark.azurite
async def test_rows_are_read_in_full_pages(azurite: Storage, hub_name: str, tmp_path: Path) -> None:
    hub = max(HUBS, key=lambda one: len(one.history))
    await load(hub, azurite.connection_string, hub_name)
    env = {"EXPORTED_STORE": azurite.connection_string}
    from durahub.classic.account import Account
    from durahub_migrate.export.classic_outlet import classic_outlet

    opened: list[Account] = []

    def account(make_transport: object) -> Account:
        found = Account.from_connection_string(
            env["EXPORTED_STORE"],
            "the test",
            make_transport=make_transport,  # type: ignore[arg-type]
        )
        opened.append(found)
        return found

    async with classic_outlet(hub_name, account, system_clock) as outlet:
        before = dict(opened[0].request_counts())
        found = [one async for one in outlet.instances()]
        after = dict(opened[0].request_counts())
    queries = sum(n - before.get(kind, 0) for kind, n in after.items() if kind[0] == "table")
    assert len(found) > 10
    assert all(isinstance(one, StoredInstance | NotRead) for one in found)
    assert queries <= 2 + (len(hub.history) + len(hub.instances)) // 1000 + 2

"""What is done to a hub as a whole in Azure Storage: orphaned blobs, entities that hold nothing, archives."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from durahub.classic.account import Account
from durahub.classic.options import ClassicOptions
from durahub.classic.store import ClassicStore
from durahub.dispatch.clock import new_id, system_clock
from durahub.dispatch.operations import Operations
from durahub_migrate.acting.audit_log import AuditLog
from durahub_migrate.acting.grounds import ClassicGround
from durahub_migrate.acting.jobs.book import JobBook
from durahub_migrate.acting.jobs.counting import of_scan
from durahub_migrate.acting.jobs.service import Jobs
from durahub_migrate.acting.store_actor import StoreActor
from durahub_migrate.cli.bundle import bundle
from durahub_migrate.monitor.actions import JobState, Verb
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import RecordedHub
from tests.monitor.acting.job_desk import EVE, request
from tests.monitor.acting.shops import KEY, command

pytestmark = pytest.mark.azurite


@pytest.fixture
async def store(azurite: Storage) -> AsyncIterator[ClassicStore]:
    """The recorded hub with large payloads and entities, in storage."""
    name = f"Shop{secrets.token_hex(4)}"
    await load(RecordedHub("entities"), azurite.connection_string, name)
    async with Account.from_connection_string(azurite.connection_string, "the test") as account:
        store = ClassicStore(name, account, ClassicOptions(), system_clock)
        await store.open(create=False)
        yield store
        await store.close()


def actor_on(store: ClassicStore, grace: float = 86_400.0) -> StoreActor:
    ground = ClassicGround(store, system_clock, grace=grace)
    return StoreActor(KEY, Operations(store, system_clock, new_id), system_clock, ground=ground)


async def test_only_blobs_that_nothing_names_are_deleted(store: ClassicStore) -> None:
    payloads = store.parts.payloads
    orphan = "gone/history-0000000000000001-TaskCompleted-0000ABCD-Result.json.gz"
    await payloads.write(orphan, '"x"')
    container = store.parts.names.large_messages_container
    before = {name async for name in store.parts.blobs.names(container)}

    young = await actor_on(store).do(command(Verb.DELETE_BLOBS, names=[orphan]))
    assert "0 blobs deleted, 1 left" in young.sentence  # it may be about to be named

    actor = actor_on(store, grace=0.0)
    assert (await actor.cost(command(Verb.DELETE_BLOBS, names=[orphan]))).blobs == 1
    done = await actor.do(command(Verb.DELETE_BLOBS, names=sorted(before)))
    after = {name async for name in store.parts.blobs.names(container)}
    assert before - after == {orphan}
    assert done.rows == 1


async def test_cleaning_takes_what_its_dry_run_tells(store: ClassicStore) -> None:
    actor = actor_on(store)
    asked = command(Verb.CLEAN_ENTITIES, empty=True, locks=True)
    cost = await actor.cost(asked)
    before = sum(store.account.request_counts().values())
    done = await actor.do(asked)
    assert cost.requests == sum(store.account.request_counts().values()) - before
    assert cost.instances == done.instances


async def test_an_archive_of_a_hub_of_dotnet_is_a_bundle(
    store: ClassicStore, tmp_path: Path
) -> None:
    actor = actor_on(store)
    archive = tmp_path / "archive"
    with JobBook(tmp_path) as book:
        async with Jobs(
            book,
            lambda _: actor,
            lambda _: lambda query: of_scan(actor, query),
            AuditLog(tmp_path),
            system_clock,
        ) as jobs:
            asked = request(Verb.PURGE, "is:ended", archive=str(archive))
            number = (await jobs.settled(jobs.make(asked, EVE).number)).number
            jobs.start(number, EVE)
            job = await jobs.settled(number)
            parts = jobs.parts(number)
    assert job.state is JobState.DONE
    assert job.done > 0
    assert job.cost is not None
    assert job.cost.instances == job.done
    for part in parts:
        checked = await asyncio.to_thread(CliRunner().invoke, bundle, ["check", part])
        assert checked.exit_code == 0

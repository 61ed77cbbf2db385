"""Hubs that are watched are acted on through the watch, wherever they are kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from durahub.accounts import Access
from durahub.dispatch.clients import StartRequest
from durahub.dispatch.clock import new_id, system_clock
from durahub.dispatch.operations import Operations
from durahub.errors import NotOffered
from durahub.scheduler.file import SchedulerFile
from durahub_migrate.acting.audit import NoAudit
from durahub_migrate.acting.jobs.book import JobBook
from durahub_migrate.acting.jobs.counting import of_scan
from durahub_migrate.acting.jobs.service import Jobs
from durahub_migrate.acting.watched import ActorOfWatch, open_watched_actor
from durahub_migrate.monitor.actions import Command, JobRequest, JobState, Verb
from durahub_migrate.watching.opening import open_monitor
from durahub_migrate.watching.options import MonitorOptions
from durahub_migrate.watching.watched_hub import WatchedHub
from tests.conftest import Storage
from tests.monitor.acting.job_desk import EVE
from tests.monitor.acting.shops import classic_store, memory_store

OPTIONS = MonitorOptions(requests_per_second=1000)


async def found(hub: WatchedHub) -> WatchedHub:
    """Return a hub when the watch has found it."""
    for _ in range(3000):
        if hub.standing().freshness.complete is not None:
            return hub
        await asyncio.sleep(0.02)  # the first sweep is in the background
    raise AssertionError(hub.standing())


@pytest.fixture(params=["file", pytest.param("classic", marks=pytest.mark.azurite)])
async def hub(
    request: pytest.FixtureRequest, tmp_path: Path, hub_name: str
) -> AsyncIterator[WatchedHub]:
    """A hub with an instance that runs, in a file or in Azurite, watched with an actor."""
    async with AsyncExitStack() as stack:
        connection = ""
        if request.param == "classic":
            storage: Storage = request.getfixturevalue("azurite")
            connection, source = storage.connection_string, f"azurite:{hub_name}"
            store_at = classic_store(hub_name, connection)
        else:
            source = f"sqlite:{tmp_path / 'hub.db'}/{hub_name}"
            store_at = memory_store(hub_name, str(tmp_path / "hub.db"))  # type: ignore[assignment]
        async with store_at as store:
            operations = Operations(store, system_clock, new_id)
            await operations.start(StartRequest(name="Patient", instance_id="p"))
        monitor = await stack.enter_async_context(
            open_monitor(
                [source],
                OPTIONS,
                access=Access(),
                resolve=lambda address: connection or address,
                open_actor=open_watched_actor,
            )
        )
        (watched,) = monitor.hubs()
        yield await found(watched)


def command(hub: WatchedHub, verb: Verb, target: str, **arguments: object) -> Command:
    return Command(verb=verb, hub=hub.ref.key, target=target, arguments=arguments)


async def test_a_watched_hub_is_acted_on(hub: WatchedHub) -> None:
    allowed = {one.verb for one in await hub.possible("p") if one.allowed}
    assert Verb.TERMINATE in allowed
    cost = await hub.cost(command(hub, Verb.TERMINATE, "p"))
    assert cost.instances == 1
    done = await hub.do(command(hub, Verb.SET_CUSTOM_STATUS, "p", value='"seen"'))
    assert done.sentence
    detail = await hub.detail("p")
    assert detail is not None
    assert detail.custom_status == '"seen"'


async def test_a_job_acts_on_a_watched_hub(hub: WatchedHub, tmp_path: Path) -> None:
    actor = ActorOfWatch(hub)
    asked = JobRequest(
        command=Command(verb=Verb.SUSPEND, hub=hub.ref.key), query="status:Pending", rate=100.0
    )
    with JobBook(tmp_path / "jobs") as book:
        async with Jobs(
            book,
            lambda _: actor,
            lambda _: lambda query: of_scan(actor, query),
            NoAudit(),
            system_clock,
        ) as jobs:
            number = (await jobs.settled(jobs.make(asked, EVE).number)).number
            jobs.start(number, EVE)
            job = await jobs.settled(number)
            assert (job.state, job.done) == (JobState.DONE, 1)


async def test_without_an_actor_a_monitor_only_reads(tmp_path: Path, hub_name: str) -> None:
    async with memory_store(hub_name, str(tmp_path / "hub.db")):
        pass
    async with open_monitor([f"sqlite:{tmp_path / 'hub.db'}/{hub_name}"], OPTIONS) as monitor:
        (watched,) = monitor.hubs()
        with pytest.raises(NotOffered):
            await (await found(watched)).do(command(watched, Verb.PURGE, "p"))


async def test_a_file_that_another_has_is_looked_at_and_not_acted_on(
    tmp_path: Path, hub_name: str
) -> None:
    file = SchedulerFile(str(tmp_path / "hub.db"), clock=system_clock)
    async with memory_store(hub_name, str(tmp_path / "hub.db")) as store:
        await Operations(store, system_clock, new_id).start(
            StartRequest(name="Patient", instance_id="p")
        )
        source = f"sqlite:{tmp_path / 'hub.db'}/{hub_name}"
        async with open_monitor([source], OPTIONS, open_actor=open_watched_actor) as monitor:
            (watched,) = monitor.hubs()
            possible = await (await found(watched)).possible("p")
            assert possible
            assert not any(one.allowed for one in possible)
            assert all("only one may" in (one.why_not or "") for one in possible)
    await file.close()

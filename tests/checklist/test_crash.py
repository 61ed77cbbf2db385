"""Line 22: a server that dies between what an episode sends and its history."""

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from durahub.classic.asked import Answer, Asked
from durahub.classic.transport import CountedTransport
from durahub.dispatch.clock import system_clock
from durahub.engine.commit import Commit, HistoryVersion
from durahub.model.history import Execution, TaskCompleted
from durahub.model.message import Message
from durahub.scheduler.file import SchedulerFile
from durahub.scheduler.hub_store import SchedulerStore
from durahub.store import HubStore
from tests.checklist.answers import Action, call, done
from tests.checklist.recording_worker import PATIENCE, RecordingWorker
from tests.checklist.served_hubs import ServedHub, classic_store, new_name, scheduler_store, served
from tests.checklist.turns import Turn, only

pytestmark = pytest.mark.asyncio(loop_scope="module")

SHORT = {"lease": 3.0, "lease_pass": 0.5, "visibility": 2.0}  # a dead server is soon replaced
LONG = {**SHORT, "lease": 60.0}  # a busy machine is slow to renew it


class Crashed(Exception):
    """The process does not exist any more."""


class Death:
    """What kills a server at the checkpoint of its first episode."""

    def __init__(self) -> None:
        self.came = asyncio.Event()

    def transport(self, *arguments: Any, **settings: Any) -> CountedTransport:
        """Return a transport through which no history is written, and then nothing at all."""
        return MortalTransport(self, *arguments, **settings)


class MortalTransport(CountedTransport):
    def __init__(self, death: Death, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._death = death

    async def send(self, request: Any, **config: Any) -> Any:
        self._die_in_time(request.url)
        return await super().send(request, **config)

    async def ask(self, asked: Asked) -> Answer:
        self._die_in_time(asked.url)
        return await super().ask(asked)

    def _die_in_time(self, url: str) -> None:
        if "$batch" in url:
            self._death.came.set()
        if self._death.came.is_set():
            raise Crashed


class MortalStore(SchedulerStore):
    """A commit here is one transaction: there is a before, and no between."""

    def __init__(self, file: SchedulerFile, hub: str, death: Death) -> None:
        super().__init__(file, hub)
        self._death = death

    async def commit(self, commit: Commit) -> HistoryVersion:
        self._death.came.set()
        raise Crashed


@contextlib.asynccontextmanager
async def mortal(
    kind: str, name: str, account: str, folder: Path, death: Death
) -> AsyncIterator[HubStore]:
    """Open the store that dies."""
    if kind == "classic":
        with contextlib.suppress(Crashed):
            async with classic_store(name, account, death.transport, **SHORT) as store:
                yield store
    else:
        file = SchedulerFile(str(folder / "hub.db"), clock=system_clock)
        store = MortalStore(file, name, death)
        await store.open(create=True)
        try:
            yield store
        finally:
            await file.close()


@contextlib.asynccontextmanager
async def survivor(kind: str, name: str, account: str, folder: Path) -> AsyncIterator[HubStore]:
    """Open what the dead server has left."""
    if kind == "classic":
        async with classic_store(name, account, create=False, **LONG) as store:
            yield store
    else:
        shutil.copy(folder / "hub.db", folder / "left.db")
        async with scheduler_store(name, str(folder / "left.db")) as store:
            yield store


@pytest.mark.line(22)
async def test_after_a_crash_before_the_history_the_result_is_right_and_stored_once(
    store_kind: str, account: str, tmp_path: Path
) -> None:
    place = (store_kind, new_name(), account, tmp_path)
    death = Death()
    worker: RecordingWorker

    def order(turn: Turn) -> list[Action]:
        if turn.number == 1:
            return [call(0, charge)]
        if not turn.raised():
            return []
        return [done(1, json.loads(only(turn.events, "taskCompleted").taskCompleted.result.value))]

    async with mortal(*place, death) as store, served(store) as hub:
        charge = hub.activity(lambda given: "paid")
        instance_id = await hub.start(order)
        await asyncio.wait_for(death.came.wait(), PATIENCE)
        worker = hub.worker
    worker.refused.clear()

    async with survivor(*place) as store, served(store, worker) as hub:
        await hub.stored(instance_id, 7)
        await second_answer(hub, instance_id)
        await hub.eventually(hub.nothing_waits)
        await hub.send(instance_id, "Go")
        state = await hub.ended(instance_id)

        assert json.loads(state.output.value) == "paid"
        assert (await hub.kinds(instance_id)).split().count("TaskCompleted") == 1
        assert (await hub.kinds(instance_id)).split().count("TaskScheduled") == 1


async def second_answer(hub: ServedHub, instance_id: str) -> None:
    """See to it that the activity is answered twice.

    In the storage account the dead server has left its activity, so it runs twice. In a file it has
    left nothing: the doubled answer comes through the store seam.
    """
    if hub.kind == "classic":
        assert len(hub.worker.tasks_of(instance_id)) == 2
        return
    assert len(hub.worker.tasks_of(instance_id)) == 1
    execution = Execution(instance_id, (await hub.row(instance_id)).execution_id)
    again = TaskCompleted(timestamp=system_clock(), task_scheduled_id=0, result='"paid"')
    await hub.store.send(Message(event=again, target=execution, sender=execution, episode=1))

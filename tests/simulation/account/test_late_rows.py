"""A turn's row update is long under way, and others act on the instance meanwhile."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from durahub.classic.store import ClassicStore
from durahub.dispatch.hub import TaskHub
from durahub.dispatch.starting import StartRequest
from durahub.engine.commit import (
    NO_HISTORY,
    Commit,
    HistoryVersion,
    InstanceUpdate,
)
from durahub.errors import StorageUnavailable
from durahub.model.history import (
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    ExecutionSuspended,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
)
from tests.simulation.account.exchange import Request
from tests.simulation.account.line import Fate, What
from tests.simulation.account.scene import HUB, Scene, clock, run

LATE = 11.0  # seconds
ORDER = Execution("order", "first")


class Way:
    """The way of row updates to storage: ``fate`` is that of the next one. All of them are ``sent``."""

    def __init__(self) -> None:
        self.fate = Fate()
        self.sent: list[Request] = []
        self.is_used = asyncio.Event()

    def __call__(self, request: Request) -> Fate:
        if request.method != "PATCH" or not request.path.startswith(f"{HUB}Instances"):
            return Fate()
        self.sent.append(request)
        self.is_used.set()
        fate, self.fate = self.fate, Fate()
        return fate


def started() -> ExecutionStarted:
    return ExecutionStarted(timestamp=clock(), execution=ORDER, name="order", version="")


def turn(base: HistoryVersion, *events: Any, **changes: Any) -> Commit:
    update = InstanceUpdate(execution_id="first", last_updated=clock(), custom_status=None)
    return Commit(
        instance_id="order",
        outbound=(),
        activities=(),
        execution_id="first",
        base=base,
        events=(
            OrchestratorStarted(timestamp=clock()),
            *events,
            OrchestratorCompleted(timestamp=clock()),
        ),
        replaces=False,
        instance=replace(update, **changes),
        consumed=(),
    )


async def two_servers(
    scene: Scene, *, way: Way | None = None, theirs: Way | None = None
) -> tuple[TaskHub, ClassicStore, TaskHub, ClassicStore]:
    """Return two servers of one hub, open, each with its store; row updates go their ways."""
    hub, store, _ = scene.hub("a:000000000001", way or Way())
    other, foreign, _ = scene.hub("b:000000000002", theirs or Way())
    await hub.open(create=True)
    await other.open(create=False)
    return hub, store, other, foreign


async def begin(store: ClassicStore) -> HistoryVersion:
    start = started()
    return await store.intervene(
        turn(NO_HISTORY, start, started=start, status=Status.Running, custom_status='"begun"')
    )


def suspension(base: HistoryVersion) -> Commit:
    event = ExecutionSuspended(timestamp=clock(), reason="a break")
    return turn(
        base,
        event,
        status=Status.Suspended,
        sets_output=True,
        output="a break",
        custom_status='"suspended"',
    )


def completion(base: HistoryVersion, **changes: Any) -> Commit:
    event = ExecutionCompleted(timestamp=clock(), event_id=0, status=Status.Completed)
    return turn(base, event, status=Status.Completed, completed=clock(), **changes)


def status_of(scene: Scene) -> str:
    found: Any = scene.eye.instance("order")
    return found.status if found is not None else "nothing"


async def late(store: ClassicStore, way: Way, commit: Commit) -> "asyncio.Task[HistoryVersion]":
    """Write *commit*, whose row update is on its way when this returns."""
    way.fate = Fate(there=LATE)
    way.is_used.clear()
    writing = asyncio.ensure_future(store.intervene(commit))
    await way.is_used.wait()
    return writing


def test_what_was_ended_in_storage_stays_ended_though_a_turns_row_update_arrives_later() -> None:
    async def play(scene: Scene) -> None:
        way = Way()
        _, store, other, _ = await two_servers(scene, way=way)
        writing = await late(store, way, suspension(await begin(store)))

        assert await other.force_terminate(["order"], "over") == ()
        assert not writing.done()
        await writing

        assert status_of(scene) == "Terminated"

    run(play)


def test_what_was_ended_stays_ended_though_the_late_update_is_of_a_server_that_knows_no_row() -> (
    None
):
    async def play(scene: Scene) -> None:
        way = Way()
        hub, store, _, foreign = await two_servers(scene, theirs=way)
        await begin(store)
        loaded = await foreign.load("order")
        writing = await late(foreign, way, suspension(loaded.version))

        assert await hub.force_terminate(["order"], "over") == ()
        await writing

        assert way.sent[0].headers.get("if-match") is None
        assert status_of(scene) == "Terminated"

    run(play)


def test_a_row_is_written_though_another_has_changed_it_where_the_history_has_not_gone_on() -> None:
    async def play(scene: Scene) -> None:
        way = Way()
        _, store, other, _ = await two_servers(scene, way=way)
        writing = await late(store, way, suspension(await begin(store)))

        await other.set_custom_status("order", '"theirs"')
        await writing

        found: Any = scene.eye.instance("order")
        assert (found.status, found.custom_status) == ("Suspended", '"suspended"')

    run(play)


def test_a_row_is_brought_in_line_with_a_history_that_somebody_has_written_without_its_row() -> (
    None
):
    async def play(scene: Scene) -> None:
        way, theirs = Way(), Way()
        hub, store, _ = scene.hub("a:000000000001", way)
        other, foreign, line = scene.hub("b:000000000002", theirs)
        await hub.open(create=True)
        await other.open(create=False)
        version = await begin(store)
        writing = await late(store, way, suspension(version))
        await store.set_custom_status("order", '"x"', await _row(foreign))

        ours = await foreign.load("order")
        await late(foreign, theirs, completion(ours.version))
        line.die()
        await writing

        assert status_of(scene) == "Completed"

    run(play)


def test_an_update_that_storage_says_has_failed_though_it_has_not_is_sent_again_and_found() -> None:
    async def play(scene: Scene) -> None:
        way = Way()
        hub, store, _ = scene.hub("a:000000000001", way)
        await hub.open(create=True)
        version = await begin(store)
        way.fate = Fate(What.UNSURE, busy=2)

        version = await store.intervene(suspension(version))
        assert status_of(scene) == "Suspended"

        before = len(way.sent)
        await store.intervene(completion(version))
        assert len(way.sent) == before + 1
        assert status_of(scene) == "Completed"

    run(play)


def test_the_next_update_finds_out_what_has_become_of_one_without_an_answer() -> None:
    async def play(scene: Scene) -> None:
        way = Way()
        hub, store, _ = scene.hub("a:000000000001", way)
        await hub.open(create=True)
        version = await begin(store)
        way.fate = Fate(What.RESET)
        with pytest.raises(StorageUnavailable):
            await store.intervene(suspension(version))
        version = (await store.load("order")).version

        await store.intervene(completion(version))

        assert status_of(scene) == "Completed"

    run(play)


def test_a_purge_is_not_undone_by_the_row_update_of_a_turn_that_was_lost_before() -> None:
    async def play(scene: Scene) -> None:
        way = Way()
        _, store, other, _ = await two_servers(scene, way=way)
        writing = await late(store, way, suspension(await begin(store)))

        await other.force_terminate(["order"], "over")
        await other.purge("order")
        await writing

        assert status_of(scene) == "nothing"

    run(play)


def test_the_row_of_an_instance_that_was_started_anew_stays_pending() -> None:
    async def play(scene: Scene) -> None:
        way = Way()
        _, store, other, foreign = await two_servers(scene, way=way)
        writing = await late(store, way, completion(await begin(store)))

        row = await _row(foreign)
        await foreign.repair("order", completion(NO_HISTORY).instance, insert=False, replaces=row)
        await other.start(StartRequest(name="order", instance_id="order"))
        await writing

        assert status_of(scene) == "Pending"

    run(play)


def test_a_row_of_which_nothing_is_known_is_written_without_a_condition() -> None:
    async def play(scene: Scene) -> None:
        way = Way()
        _, store, _, foreign = await two_servers(scene, theirs=way)
        await begin(store)
        loaded = await foreign.load("order")
        started = loaded.events[1]
        assert isinstance(started, ExecutionStarted)

        await foreign.intervene(suspension(loaded.version))
        assert [one.headers.get("if-match") for one in way.sent] == [None]
        assert status_of(scene) == "Suspended"

        loaded = await foreign.load("order")
        await foreign.intervene(completion(loaded.version))
        assert [one.headers.get("if-match") is None for one in way.sent] == [True, False]
        assert status_of(scene) == "Completed"

    run(play)


def test_a_first_turn_writes_the_row_that_was_read_to_judge_its_start() -> None:
    async def play(scene: Scene) -> None:
        way = Way()
        _, store, other, _ = await two_servers(scene, way=way)
        await other.start(StartRequest(name="order", instance_id="order"))

        row = await store.row("order")
        await begin(store)

        assert row is not None
        assert [one.headers.get("if-match") for one in way.sent] == [row.etag]

    run(play)


async def _row(store: ClassicStore) -> Any:
    row = await store.get("order")
    assert row is not None
    return row

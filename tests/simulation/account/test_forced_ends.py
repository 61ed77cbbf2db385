"""A forced end whose server dies: nobody knows of an end that is none, and everybody of one that is."""

import asyncio
import contextlib
from collections import Counter
from dataclasses import replace

import pytest

from durahub.classic.store import ClassicStore
from durahub.engine.actions import Complete, CreateSubOrchestration
from durahub.engine.commit import Delivery
from durahub.engine.entities.releases import RELEASES_TAG
from durahub.engine.inbox import judge
from durahub.engine.state import read
from durahub.model.history import EventRaised, Execution, Parent, Status
from durahub.model.message import Message
from durahub.stored import StoredMessage
from tests.simulation.account.exchange import Reply, Request
from tests.simulation.account.scene import Scene, clock, dies_behind, run, run_behind_each_request
from tests.unit.engine.scenes import ID, RUN, arrived, ended, first_turn, started, turn_of

PARENT, CHILDREN = "parent", ("child-0", "child-1")
ALL = Counter((PARENT, *CHILDREN))


async def begin(store: ClassicStore, *, alone: bool) -> None:
    """Leave an instance that runs; unless *alone* it has a parent and two children."""
    parent = Parent(
        name="P", version="", execution=Execution(PARENT, "run-of-parent"), task_schedule_id=4
    )
    children = [CreateSubOrchestration(id=n, name="C", instance_id=CHILDREN[n]) for n in (0, 1)]
    turn = first_turn(started()) if alone else first_turn(started(parent=parent))
    commit = ended(turn, *(() if alone else children))
    await store.intervene(replace(commit, outbound=(), consumed=()))


def messages(scene: Scene) -> list[Message]:
    return [one.message for one, _ in scene.eye.messages() if isinstance(one, StoredMessage)]


def reminders(scene: Scene) -> list[Message]:
    return [one for one in messages(scene) if RELEASES_TAG in (one.tags or {})]


def told(scene: Scene) -> Counter[str]:
    """Return who is told, and how often."""
    return Counter(
        one.target.instance_id for one in messages(scene) if one.target.instance_id != ID
    )


def status_of(scene: Scene) -> str | None:
    found = scene.eye.instance(ID)
    return getattr(found, "status", None)


async def reminded(scene: Scene, store: ClassicStore) -> Counter[str]:
    """Have the one reminder received as a server does that goes on; return who is told by that."""
    (reminder,) = reminders(scene)
    history, row = await store.load(ID), await store.row(ID)
    state = read(history.events)
    verdict = judge(history.version, state, [Delivery("m", "", reminder)], row, clock())
    assert len(verdict.drop) == 1
    repair = verdict.repair
    if repair is not None:
        assert await store.repair(ID, repair.update, insert=repair.insert, history=history.version)
    return Counter(one.target.instance_id for one in verdict.replies)


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "with a family"])
def test_wherever_a_forced_end_breaks_off_nobody_knows_of_it_before_and_all_do_in_the_end(
    alone: bool,
) -> None:
    everybody = Counter[str]() if alone else ALL
    seen: Counter[tuple[bool, bool, bool]] = Counter()

    async def play(scene: Scene, number: int) -> bool:
        """Die behind request *number*; tell whether there was one."""
        hub, store, line = scene.hub("a:000000000001")
        _, other, _ = scene.hub("b:000000000002")
        await hub.open(create=True)
        await begin(store, alone=alone)
        arrived = dies_behind(line, number)
        with contextlib.suppress(asyncio.CancelledError):
            await hub.terminate(ID, "enough", recursive=True)
        history = await other.load(ID)
        is_over = not read(history.events).is_live
        where = f"behind request {number}"
        is_told, is_shown = told(scene) == everybody, status_of(scene) == Status.Terminated.name
        seen[is_over, is_told, is_shown] += 1
        if not is_over:
            assert (told(scene), is_shown) == (Counter(), False), where
        elif not (is_told and is_shown):
            assert await reminded(scene, other) == everybody, where
            assert status_of(scene) == Status.Terminated.name, where
        if len(arrived) < number:
            assert (is_over, told(scene), is_shown) == (True, everybody, True)
            assert reminders(scene) == []
        return len(arrived) >= number

    run_behind_each_request(play)
    ways = {(False, alone, False), (True, True, False), (True, True, True)}
    assert set(seen) == (ways if alone else ways | {(True, False, False)})


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "with a family"])
def test_a_forced_end_costs_two_requests_for_its_reminder_and_one_for_each_who_is_told(
    alone: bool,
) -> None:
    requests: list[str] = []

    async def play(scene: Scene) -> None:
        hub, store, line = scene.hub("a:000000000001")
        await hub.open(create=True)
        await begin(store, alone=alone)
        line.watch = lambda request, _: requests.append(f"{request.service} {request.method}")
        await hub.force_terminate([ID], "enough")

    run(play)

    reads = ["table GET"] * 3  # row, history, row
    told = [] if alone else ["queue POST"]  # the parent; nothing was said of the children
    writes = ["queue POST", "table POST", *told, "table PATCH", "queue DELETE"]
    assert requests == [*reads, *writes]


def test_an_end_that_came_to_nothing_is_told_to_nobody() -> None:
    async def play(scene: Scene) -> None:
        """It ends by itself, elsewhere, when the reminder is put."""
        hub, store, line = scene.hub("a:000000000001")
        _, other, _ = scene.hub("b:000000000002")
        await hub.open(create=True)
        await begin(store, alone=False)
        stored = await other.load(ID)
        news = arrived(EventRaised(timestamp=clock(), name="x"), run=RUN)
        turn = ended(turn_of(stored.events, news), Complete(id=7, status=Status.Completed))
        turn = replace(turn, base=stored.version, outbound=(), consumed=())
        writes: list[asyncio.Task[object]] = []

        def watch(request: Request, reply: Reply) -> None:
            if request.service == "queue" and request.method == "POST" and not writes:
                writes.append(asyncio.ensure_future(other.intervene(turn)))

        line.watch = watch
        assert await hub.force_terminate([ID], "enough") == (ID,)
        await writes[0]

        assert status_of(scene) == Status.Completed.name
        assert (told(scene), reminders(scene)) == (Counter(), [])

    run(play)

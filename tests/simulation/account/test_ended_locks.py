"""A termination without a worker gives locks back behind the end; who dies in between leaves a reminder."""

import asyncio
import contextlib
from dataclasses import replace
from typing import Any

from durahub.classic.store import ClassicStore
from durahub.engine.actions import SendEntityMessage
from durahub.engine.commit import Delivery
from durahub.engine.entities.releases import RELEASES_TAG, release_in
from durahub.engine.inbox import judge
from durahub.engine.state import read
from durahub.model.history import EventRaised
from durahub.model.message import Message
from durahub.stored import StoredMessage
from tests.simulation.account.exchange import Reply, Request
from tests.simulation.account.scene import Scene, clock, dies_behind, run, run_behind_each_request
from tests.unit.engine.scenes import ID, RUN, arrived, ended, first_turn, turn_of

A, B = "@counter@a", "@counter@b"
SECTION = "00000000-0000-0000-0000-00000000abcd"
ALL = {(A, SECTION), (B, SECTION)}


async def lock(store: ClassicStore) -> None:
    """Leave an instance that runs, and has asked for locks."""
    asks = SendEntityMessage(id=0, kind="lock", request_id=SECTION, target=A, lock_set=(A, B))
    commit = ended(first_turn(), asks)
    await store.intervene(replace(commit, outbound=(), consumed=()))


def messages(scene: Scene) -> list[Message]:
    return [one.message for one, _ in scene.eye.messages() if isinstance(one, StoredMessage)]


def released(scene: Scene) -> set[tuple[str, str]]:
    return {found for one in messages(scene) if (found := release_in(one)) is not None}


def reminders(scene: Scene) -> list[Message]:
    return [one for one in messages(scene) if RELEASES_TAG in (one.tags or {})]


async def looked_at(scene: Scene, store: ClassicStore) -> set[tuple[str, str]]:
    """Return what is given back by who receives the reminder."""
    (reminder,) = reminders(scene)
    history, row = await store.load(ID), await store.row(ID)
    state = read(history.events)
    verdict = judge(history.version, state, [Delivery("m", "", reminder)], row, clock())
    return {found for one in verdict.replies if (found := release_in(one)) is not None}


def test_wherever_a_termination_breaks_off_locks_are_kept_until_the_end_and_given_back_behind_it() -> (
    None
):
    seen: set[tuple[bool, bool]] = set()

    async def play(scene: Scene, number: int) -> bool:
        """Die behind request *number*; tell whether there was one."""
        hub, store, line = scene.hub("a:000000000001")
        _, other, _ = scene.hub("b:000000000002")
        await hub.open(create=True)
        await lock(store)
        arrived = dies_behind(line, number)
        with contextlib.suppress(asyncio.CancelledError):
            await hub.terminate(ID, "enough", recursive=False)
        history: Any = await other.load(ID)
        is_over = not read(history.events).is_live
        seen.add((is_over, released(scene) == ALL))
        if not is_over:
            assert released(scene) == set(), f"behind request {number}"
        elif released(scene) != ALL:
            assert await looked_at(scene, other) == ALL, f"behind request {number}"
        if len(arrived) < number:
            assert (is_over, released(scene), reminders(scene)) == (True, ALL, [])
        return len(arrived) >= number

    run_behind_each_request(play)
    assert seen == {(False, False), (True, False), (True, True)}


def test_what_goes_on_meanwhile_is_ended_behind_it_and_reminded_of_once() -> None:
    async def play(scene: Scene) -> None:
        hub, store, line = scene.hub("a:000000000001")
        _, other, _ = scene.hub("b:000000000002")
        await hub.open(create=True)
        await lock(store)
        stored = await other.load(ID)
        told = arrived(EventRaised(timestamp=clock(), name="x"), run=RUN)
        turn = ended(turn_of(stored.events, told))
        turn = replace(turn, base=stored.version, consumed=())
        writes: list[asyncio.Task[Any]] = []

        def watch(request: Request, reply: Reply) -> None:
            if request.service == "queue" and request.method == "POST" and not writes:
                writes.append(asyncio.ensure_future(other.intervene(turn)))

        line.watch = watch
        await hub.terminate(ID, "enough", recursive=False)
        await writes[0]

        history = await other.load(ID)
        assert not read(history.events).is_live
        assert any(isinstance(one, EventRaised) for one in history.events)
        assert released(scene) == ALL
        assert reminders(scene) == []

    run(play)

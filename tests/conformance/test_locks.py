"""Locks that entities grant to nobody, and their answers that nobody waits for: on both stores.

Neither needs a worker of entities.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence

import pytest
from failing_orders import completed
from hubs_under_test import HubUnderTest
from listening_desk import eventually
from scripted_worker import PATIENCE, ScriptedHub, scripted

from durahub.dispatch.clients import StartRequest
from durahub.dispatch.clock import system_clock
from durahub.engine import inbox
from durahub.engine.actions import Action, SendEntityMessage
from durahub.engine.entities.messages import (
    REQUEST,
    Request,
    Response,
    request_text,
    response_text,
)
from durahub.engine.entities.stamps import Stamp
from durahub.model.history import Event, EventRaised, EventSent, Execution
from durahub.model.message import Message
from durahub.store import HubStore

A, B = "@account@a", "@account@b"
SECTIONS = {
    "holder": "00000000-0000-0000-0000-000000000001",
    "waiter": "00000000-0000-0000-0000-000000000002",
    "next": "00000000-0000-0000-0000-000000000003",
}
LOST = "00000000-0000-0000-0000-000000000009"


def locker(section: str, *, until_told: bool) -> Callable[[Sequence[Event]], list[Action]]:
    """Return an orchestrator that locks two entities, perhaps waits for an event, and ends."""

    def play(events: Sequence[Event]) -> list[Action]:
        raised = [event for event in events if isinstance(event, EventRaised)]
        is_granted = any(event.name == section for event in raised)
        is_told = any(event.name == "Go" for event in raised)
        if not any(isinstance(event, EventSent) for event in events):
            return [
                SendEntityMessage(id=0, kind="lock", request_id=section, target=A, lock_set=(A, B))
            ]
        return [completed("free")] if is_granted and (is_told or not until_told) else []

    return play


def listener(events: Sequence[Event]) -> list[Action]:
    """Wait for an event."""
    return [completed("told")] if any(isinstance(e, EventRaised) for e in events) else []


SCRIPTS = {
    "holder": locker(SECTIONS["holder"], until_told=True),
    "waiter": locker(SECTIONS["waiter"], until_told=False),
    "next": locker(SECTIONS["next"], until_told=False),
    "listener": listener,
}


@pytest.fixture
async def store(hub: HubUnderTest) -> HubStore:
    return await hub.open(partitions=1)


@pytest.fixture
async def bank(store: HubStore) -> AsyncIterator[ScriptedHub]:
    async with scripted(store) as bank:
        bank.work(SCRIPTS)
        yield bank


async def begin(bank: ScriptedHub, name: str) -> None:
    await bank.start(StartRequest(name=name, instance_id=name))
    await asyncio.wait_for(bank.wait_for_start(name, payloads=False), PATIENCE)


@pytest.mark.parametrize("is_purged", [False, True])
async def test_who_ends_while_it_waits_for_locks_never_gets_them(
    bank: ScriptedHub, is_purged: bool
) -> None:
    await begin(bank, "holder")
    await begin(bank, "waiter")
    await bank.terminate("waiter", None, recursive=False)
    assert (await bank.ended("waiter")).startswith("Terminated")
    if is_purged:
        await bank.purge("waiter")
    await begin(bank, "next")

    await bank.raise_event("holder", "Go", None)

    assert await bank.ended("holder") == "Completed: free"
    assert await bank.ended("next") == "Completed: free"


async def test_all_locks_that_are_granted_to_an_execution_before_are_given_back(
    bank: ScriptedHub, store: HubStore
) -> None:
    await begin(bank, "listener")
    now = system_clock()
    asked = Request(
        id=LOST,
        operation=None,
        parent="listener",
        parent_execution="an-execution-before",
        timestamp=Stamp(now),
        lock_set=(A, B),
    )
    event = EventRaised(timestamp=now, name=REQUEST, input=request_text(asked))
    sender = Execution("listener", "an-execution-before")
    await store.send(Message(event=event, target=Execution(A), sender=sender))
    await begin(bank, "next")

    assert await bank.ended("next") == "Completed: free"


async def test_an_answer_to_a_turn_that_was_lost_is_given_up(
    bank: ScriptedHub,
    store: HubStore,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(inbox, "backoff", lambda deliveries: deliveries * 0.01)
    caplog.set_level(logging.WARNING)
    await begin(bank, "listener")
    now = system_clock()
    answer = EventRaised(timestamp=now, name=LOST, input=response_text(Response(result="1")))
    await store.send(Message(event=answer, target=Execution("listener"), sender=Execution(A)))

    def given_up() -> bool:
        return any(record.message == "answer-given-up" for record in caplog.records)

    await eventually(given_up)
    for _ in range(1200):
        if not sum((await store.info()).queues.values()):
            break
        await asyncio.sleep(0.05)  # it is deleted behind the line in the log
    else:
        pytest.fail("the answer is still there")
    assert len(bank.turns) == 1

    await bank.raise_event("listener", LOST, "a user's")
    assert await bank.ended("listener") == "Completed: told"

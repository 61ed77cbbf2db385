"""Messages to an instance are taken in the order in which they were sent; a file will do for that."""

from collections.abc import Sequence
from pathlib import Path

from hubs_in_files import SchedulerHub
from scripted_worker import scripted

from durahub.dispatch.clients import StartRequest
from durahub.engine.actions import Action, Complete
from durahub.model.history import Event, EventRaised, Execution, Status
from durahub.model.message import Message
from durahub.model.ticks import parse

BUFFER = 64
NOW = parse("2026-01-15T09:30:00Z")


def hears_two(events: Sequence[Event]) -> Sequence[Action]:
    heard = [event.name or "" for event in events if isinstance(event, EventRaised)]
    ended = Complete(id=0, status=Status.Completed, result=" ".join(heard))
    return (ended,) if len(heard) == 2 else ()


def is_done(_: Sequence[Event]) -> Sequence[Action]:
    return (Complete(id=0, status=Status.Completed, result="done"),)


SCRIPTS = {"Hears": hears_two, "Done": is_done}


def event(instance_id: str, name: str) -> Message:
    return Message(event=EventRaised(timestamp=NOW, name=name), target=Execution(instance_id))


async def test_an_event_that_came_before_the_start_is_not_overtaken_by_a_later_one(
    hub_name: str, tmp_path: Path
) -> None:
    hub = SchedulerHub(hub_name, tmp_path)
    store = await hub.open()
    async with scripted(store) as shop:
        shop.work(SCRIPTS)
        await store.send(event("late", "first"))
        await shop.start(StartRequest(name="Done", instance_id="meanwhile"))
        await shop.ended("meanwhile")  # the event was looked at: it waits for a start

        await shop.start(StartRequest(name="Hears", instance_id="late"))
        await store.send(event("late", "second"))

        assert await shop.ended("late") == "Completed: first second"
    await hub.close()


async def test_what_is_done_takes_no_room(hub_name: str, tmp_path: Path) -> None:
    hub = SchedulerHub(hub_name, tmp_path)
    store = await hub.open()
    async with scripted(store, message_buffer=BUFFER) as shop:
        shop.work(SCRIPTS)
        for number in range(2 * BUFFER):
            await shop.start(StartRequest(name="Done", instance_id=f"order-{number}"))
            await shop.ended(f"order-{number}")
            assert shop.message_room() >= BUFFER // 2 - 1
    await hub.close()

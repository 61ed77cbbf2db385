"""Live pages: what changes is told at once, in bounded memory, and only of hubs that may be read."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.types import Message

from durahub.authorization.static_tokens import Token, digest_of
from durahub.errors import ServerUnavailable
from durahub.model.ticks import later
from durahub_migrate.web.application import application
from durahub_migrate.web.broadcasting import MOST_ALERTS, MOST_IDS, Broadcast, Listener
from durahub_migrate.web.handlers.events import Events
from durahub_migrate.web.settings import WebSettings
from durahub_migrate.web.who.granting import Rule
from durahub_migrate.web.who.logins import Logins
from tests.monitor.web.watched import NOW, MemoryMonitor, memory_hub, two_hubs

PAUSE = 0.01  # seconds between two looks: the tests wait for what they bring
TOKEN = "a-token-that-is-long-enough-to-be-one"


def app_of(monitor: MemoryMonitor, **more: Any) -> Starlette:
    settings = WebSettings(ping_every=0.05, standing_every=PAUSE)
    return application(monitor, settings, **{"clock": lambda: NOW, **more})


class Stream:
    """What a browser's EventSource gets."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()
        self.left = asyncio.Event()
        self._text = ""
        self.status = 0

    async def receive(self) -> Message:
        await self.left.wait()
        return {"type": "http.disconnect"}

    async def next(self, name: str | None = None) -> dict[str, Any]:
        """Return the next event, or the next of that name."""
        while True:
            block, separator, rest = self._text.partition("\n\n")
            if not separator:
                message = await self.messages.get()
                self.status = message.get("status", self.status)
                self._text += message.get("body", b"").decode()
                if message["type"] == "http.response.body" and not message.get("more_body"):
                    raise EOFError
                continue
            self._text = rest
            fields = dict(line.split(": ", 1) for line in block.split("\n"))
            if "event" in fields and name in (None, fields["event"]):
                return {**fields, "data": json.loads(fields["data"])}


@asynccontextmanager
async def streamed(app: Starlette, query: str = "", **headers: str) -> AsyncIterator[Stream]:
    stream = Stream()
    given = {"host": "localhost", **headers}
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/api/events",
        "raw_path": b"/api/events",
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(key.replace("_", "-").encode(), v.encode()) for key, v in given.items()],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8083),
    }
    task = asyncio.create_task(app(scope, stream.receive, stream.messages.put))
    try:
        yield stream
    finally:
        stream.left.set()
        await task


async def until(condition: Any) -> None:
    while not condition():  # noqa: ASYNC110 (what it waits for tells nobody)
        await asyncio.sleep(0)  # lets the other tasks go on


async def test_changed_rows_are_told_with_their_hub() -> None:
    orders, _, monitor = two_hubs()
    async with streamed(app_of(monitor)) as stream:
        await until(lambda: orders.listeners)
        orders.changed.put_nowait(frozenset({"order/2", "order/1"}))

        event = await stream.next("rows")

    assert event["data"] == {"hub": "orders@local", "ids": ["order/1", "order/2"]}
    assert event["id"]


async def test_how_a_hub_stands_is_told_when_it_changes_and_not_before() -> None:
    orders, _, monitor = two_hubs()
    async with streamed(app_of(monitor)) as stream:
        assert (await stream.next())["event"] == "ping"
        del orders.index.rows[0]

        event = await stream.next("hub")

    assert event["data"]["ref"]["key"] == "orders@local"
    assert event["data"]["counts"] == {"Failed": 1, "Running": 1}


async def test_who_comes_back_is_told_that_anything_may_have_changed() -> None:
    monitor = two_hubs()[2]
    async with streamed(app_of(monitor), last_event_id="x-17") as stream:
        told = [(await stream.next("rows"))["data"] for _ in range(2)]

    assert told == [{"hub": "orders@local", "ids": []}, {"hub": "payments@local", "ids": []}]


async def test_events_can_be_of_one_hub() -> None:
    orders, payments, monitor = two_hubs()
    async with streamed(app_of(monitor), "hub=payments@local") as stream:
        await until(lambda: orders.listeners and payments.listeners)
        orders.changed.put_nowait(frozenset({"order/1"}))
        await until(orders.changed.empty)
        payments.changed.put_nowait(frozenset({"pay-1"}))

        assert (await stream.next("rows"))["data"]["hub"] == "payments@local"


async def test_a_hub_that_is_not_granted_is_not_told_of() -> None:
    orders, payments, monitor = two_hubs()
    logins = Logins(
        rules=(Rule(tokens=frozenset({"ci"}), hubs=("payments@*",)),),
        tokens=(Token("ci", digest_of(TOKEN)),),
    )
    async with streamed(
        app_of(monitor, logins=logins), last_event_id="1", authorization=f"Bearer {TOKEN}"
    ) as stream:
        first = await stream.next()
        await until(lambda: orders.listeners and payments.listeners)
        del orders.index.rows[0]
        orders.changed.put_nowait(frozenset({"order/1"}))
        await until(orders.changed.empty)
        payments.changed.put_nowait(frozenset({"pay-1"}))
        behind = await stream.next("rows")
        pings = [await stream.next() for _ in range(2)]

    assert first["data"] == {"hub": "payments@local", "ids": []}
    assert behind["data"] == {"hub": "payments@local", "ids": ["pay-1"]}
    assert {one["event"] for one in pings} == {"ping"}


async def test_a_stream_ends_when_its_login_does() -> None:
    monitor = two_hubs()[2]
    now = [NOW]
    logins = Logins(
        rules=(Rule(tokens=frozenset({"ci"})),),
        tokens=(Token("ci", digest_of(TOKEN), expires=later(NOW, 1)),),
    )
    app = app_of(monitor, logins=logins, clock=lambda: now[0])
    async with streamed(app, authorization=f"Bearer {TOKEN}") as stream:
        await stream.next("ping")
        now[0] = later(NOW, 1)

        with pytest.raises(EOFError):
            await stream.next("nothing of that name")


async def test_streams_end_when_the_server_stops_and_nothing_is_followed_any_more() -> None:
    orders, _, monitor = two_hubs()
    app = app_of(monitor)
    async with streamed(app) as stream:
        await until(lambda: orders.listeners)
        app.state.web.close()

        with pytest.raises(EOFError):
            await stream.next("nothing of that name")  # but for pings, perhaps
    await until(lambda: not orders.listeners)

    async with streamed(app) as late:
        with pytest.raises(EOFError):
            await late.next()


async def test_hubs_are_followed_once_however_many_pages_look_on() -> None:
    orders, _, monitor = two_hubs()
    app = app_of(monitor)
    async with streamed(app), streamed(app) as second:
        await until(lambda: orders.listeners)
        orders.changed.put_nowait(frozenset({"order/1"}))
        await second.next("rows")

        assert orders.listeners == 1


async def test_a_hub_that_is_found_later_is_followed_too() -> None:
    orders = memory_hub("orders", {"a": {}})
    monitor = MemoryMonitor(orders)
    async with streamed(app_of(monitor)) as stream:
        await until(lambda: orders.listeners)
        late = memory_hub("late", {"b": {}})
        monitor.add(late)
        event = await stream.next("hub")
        await until(lambda: late.listeners)

    assert event["data"]["ref"]["key"] == "late@local"


def everything(_: str) -> bool:
    return True


async def test_a_page_that_takes_nothing_is_told_that_much_has_changed_not_what() -> None:
    listener = Listener(everything)
    for number in range(MOST_IDS + 1):
        listener.rows("orders@local", frozenset({f"order/{number}"}))
    for number in range(MOST_ALERTS * 3):
        listener.alert("orders@local", number)

    events = await listener.wait(0)

    assert events[0].value == {"hub": "orders@local", "ids": []}
    assert [one.value for one in events[1:]] == list(range(MOST_ALERTS * 2, MOST_ALERTS * 3))
    assert await listener.wait(0) == ()


async def test_anything_stays_anything_when_a_row_is_named_behind_it() -> None:
    listener = Listener(everything)
    listener.rows("orders@local", frozenset())
    listener.rows("orders@local", frozenset({"order/1"}))

    assert [one.value["ids"] for one in await listener.wait(0)] == [[]]


async def test_of_one_hub_the_last_standing_is_told() -> None:
    listener = Listener(everything)
    hub = memory_hub("orders")
    first = hub.standing()
    last = replace(first, stuck=3)
    listener.standing(first)
    listener.standing(last)

    assert [one.value for one in await listener.wait(0)] == [last]


async def test_a_listener_of_a_broadcast_that_has_ended_is_told_so() -> None:
    broadcast = Broadcast(two_hubs()[2], PAUSE)
    broadcast.close()
    async with broadcast.listening(everything) as listener:
        assert listener.is_closed


async def test_when_there_is_no_room_for_a_further_stream_that_is_told() -> None:
    broadcast = Broadcast(two_hubs()[2], PAUSE, most=1)
    events = Events(broadcast, 1.0, lambda _: True)
    async with broadcast.listening(lambda _: True):
        with pytest.raises(ServerUnavailable, match="room"):
            await events.stream(None)  # type: ignore[arg-type]
    assert not broadcast.is_full

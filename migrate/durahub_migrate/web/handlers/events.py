"""``api/events``: what changes, as server-sent events.

A page that was cut off comes back with ``Last-Event-ID``; what it has missed is not kept, so it is told that
anything may have changed. Format: the HTML standard, "Server-sent events".
"""

import itertools
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import StreamingResponse

from durahub.errors import ServerUnavailable
from durahub_migrate.monitor.access import READ
from durahub_migrate.monitor.json_form import to_json
from durahub_migrate.web.broadcasting import Broadcast, Event
from durahub_migrate.web.call import Call
from durahub_migrate.web.handlers.instances import HUBS
from durahub_migrate.web.operations import Media, Operation

StillIn = Callable[[Request], bool]
MEDIA = "text/event-stream"
COME_BACK = 2_000  # milliseconds after which a browser connects again


class Events:
    """Streams events. *still_in* tells whether the sender of a request is still logged in."""

    def __init__(self, broadcast: Broadcast, ping_every: float, still_in: StillIn) -> None:
        self._broadcast = broadcast
        self._ping_every = ping_every
        self._still_in = still_in
        self._run = secrets.token_hex(4)
        self._numbers = itertools.count(1)

    def operations(self) -> list[Operation]:
        """Return what it answers."""
        return [
            Operation(
                method="GET",
                path="api/events",
                about="What changes: events rows, hub, job, alert, and ping when nothing does.",
                handler=self.stream,
                gives=Media("each event's data is JSON", (MEDIA,)),
                parameters=(HUBS,),
            )
        ]

    async def stream(self, call: Call) -> StreamingResponse:
        """Return the stream. Raises `ServerUnavailable` where there are too many already."""
        if self._broadcast.is_full:
            raise ServerUnavailable(
                "the stream of events", "as many pages are open as there is room for"
            )
        return StreamingResponse(
            self._events(call, frozenset(one.ref.key for one in self._asked(call))),
            media_type=MEDIA,
            headers={"cache-control": "no-store", "x-accel-buffering": "no"},
        )

    def _asked(self, call: Call) -> tuple[Any, ...]:
        return call.sight.hubs(call.given["hub"]) if call.given["hub"] else ()

    async def _events(self, call: Call, only: frozenset[str]) -> AsyncIterator[bytes]:
        def hears(hub: str) -> bool:
            return call.sight.may(READ, hub) and (not only or hub in only)

        async with self._broadcast.listening(hears) as listener:
            yield f"retry: {COME_BACK}\n\n".encode()
            if "last-event-id" in call.request.headers:
                for hub in call.sight.hubs(call.given["hub"]):
                    anything = {"hub": hub.ref.key, "ids": []}
                    yield self._frame(call, Event("rows", hub.ref.key, anything))
            while not listener.is_closed:
                events = await listener.wait(self._ping_every)
                if not self._still_in(call.request):
                    return
                for event in events:
                    yield self._frame(call, event)
                if not events and not listener.is_closed:
                    yield self._frame(call, Event("ping", "", {}))

    def _frame(self, call: Call, event: Event) -> bytes:
        value = to_json(call.sight.shown(event.value, event.hub))
        number = f"{self._run}-{next(self._numbers)}"
        head = f"event: {event.name}\nid: {number}\ndata: ".encode()
        return head + orjson.dumps(value) + b"\n\n"

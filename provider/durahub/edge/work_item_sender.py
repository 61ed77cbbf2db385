"""The sending side of a worker's stream: work items as they come, and signs of life between them."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc.aio

from durahub.dispatch.streams import StreamClosed
from durahub.dispatch.work import OrchestratorWork, StreamOptions, Work
from durahub.edge.hub import Hub, Stream
from durahub.edge.lifetime import Lifetime
from durahub.edge.work_items import MOST_BYTES, health_ping, work_item

log = logging.getLogger(__name__)

_PING = health_ping().SerializeToString()
_TIMER_SLACK = 0.002  # seconds; a loop's clock may tick in milliseconds, and its timers before it

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How work items are sent."""

    ping_after: float = 30.0  # seconds of silence; clients give up after 120
    most_bytes: int = MOST_BYTES  # of one work item


class WorkItemSender:
    """Sends what one stream of a hub gives. *on_pulse* runs at least every ``ping_after`` seconds."""

    def __init__(
        self,
        hub: Hub,
        stream: Stream,
        options: StreamOptions,
        context: Context,
        lifetime: Lifetime,
        sending: Sending,
        on_pulse: Callable[[], Awaitable[None]],
        make_item: Callable[..., bytes] = work_item,
    ) -> None:
        self._hub = hub
        self._stream = stream
        self._options = options
        self._context = context
        self._lifetime = lifetime
        self._sending = sending
        self._on_pulse = on_pulse
        self._make_item = make_item
        self._loop = asyncio.get_running_loop()
        self._written = self._loop.time()
        self._pulse_is_due = False
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Send until the hub closes the stream or the server drains."""
        forget = self._lifetime.tell_of_draining(self._stream.wake)
        try:
            # At once: .NET counts a stream that ends before any message as a failed connection.
            await self._ping()
            self._expect_pulse()
            while not self._lifetime.draining:
                if self._pulse_is_due:
                    await self._pulse()
                elif (work := self._stream.next_now()) is not None:
                    await self._send(work)
                else:
                    await self._stream.changed()
        except StreamClosed:
            return
        finally:
            forget()
            if self._timer is not None:
                self._timer.cancel()

    async def _ping(self) -> None:
        await self._context.write(_PING)
        self._written = self._loop.time()

    async def _pulse(self) -> None:
        """Do what is done from time to time; send a ping if nothing else was sent for so long."""
        await self._on_pulse()
        if self._loop.time() >= self._written + self._sending.ping_after - _TIMER_SLACK:
            await self._ping()
        self._expect_pulse()

    def _expect_pulse(self) -> None:
        """Set one timer for the next silence to come, however much is sent until then."""
        self._pulse_is_due = False
        self._timer = self._loop.call_at(self._written + self._sending.ping_after, self._on_time)

    def _on_time(self) -> None:
        self._pulse_is_due = True
        self._stream.wake()

    async def _send(self, work: Work) -> None:
        """Send a work item, or give it back if this worker could not receive it."""
        item = self._item(work)
        if item is None:
            await self._hub.abandon(work.token)
            return
        self._lifetime.given(work.token, self._stream)
        await self._context.write(item)
        self._written = self._loop.time()

    def _item(self, work: Work) -> bytes | None:
        """Return the message, ``None`` (and a log line) for one that would break the stream.

        A message beyond the worker's limit ends its whole stream, again with each delivery, and one
        that cannot be made would end ours. Neither may keep the worker from its other work.
        """
        most = self._sending.most_bytes
        try:
            item = self._make_item(
                work,
                history_streaming=self._options.history_streaming,
                native_entities=self._options.native_entities,
                most_bytes=most,
            )
        except Exception as error:
            about = self._about(work)
            about["error"] = type(error).__name__  # its message may quote a payload
            about["at"] = "".join(traceback.format_tb(error.__traceback__))
            log.error("work-item-unreadable", extra=about)
            return None
        if len(item) <= most:
            return item
        about = self._about(work) | {"bytes": len(item), "most": most}
        if isinstance(work, OrchestratorWork):
            about |= {"past_events": len(work.past), "new_events": len(work.new)}
        log.error("work-item-too-large", extra=about)
        return None

    def _about(self, work: Work) -> dict[str, object]:
        return {
            "hub": self._hub.name,
            "instance_id": work.instance_id,
            "kind": type(work).__name__,
        }

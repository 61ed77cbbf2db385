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
from durahub.errors import ServerUnavailable

log = logging.getLogger(__name__)

_PING = health_ping().SerializeToString()
_TIMER_SLACK = 0.002  # seconds; a loop's clock may tick in milliseconds, and its timers before it

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """How work items are sent."""

    ping_after: float = 30.0  # seconds of silence; clients give up after 120
    stalled_after: float = 60.0  # seconds in which a worker has read nothing of what is sent to it
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
        self._writing: float | None = None  # since when, while the worker does not read
        self._is_stalled = False
        self._task = asyncio.current_task()
        self._timer: asyncio.TimerHandle | None = None

    async def run(self) -> None:
        """Send until the hub closes the stream, the server drains, or the worker does not read for long.

        Then it raises `ServerUnavailable`, which the worker learns when it reads on.
        """
        forget = self._lifetime.tell_of_draining(self._stream.wake)
        try:
            self._expect_pulse()
            # At once: .NET counts a stream that ends before any message as a failed connection.
            await self._ping()
            while not self._lifetime.draining:
                if self._pulse_is_due:
                    await self._pulse()
                elif (work := self._stream.next_now()) is not None:
                    await self._send(work)
                else:
                    await self._stream.changed()
        except StreamClosed:
            return
        except asyncio.CancelledError:
            if self._is_stalled:
                seconds = self._sending.stalled_after
                problem = f"its worker has read nothing of it for {seconds:g} s"
                raise ServerUnavailable("this stream", problem) from None
            raise
        finally:
            forget()
            if self._timer is not None:
                self._timer.cancel()

    async def _ping(self) -> None:
        await self._write(_PING)

    async def _pulse(self) -> None:
        """Do what is done from time to time; send a ping if nothing else was sent for so long."""
        self._pulse_is_due = False
        self._look_at(self._loop.time() + self._sending.ping_after)  # if this is not read, either
        await self._on_pulse()
        if self._loop.time() >= self._written + self._sending.ping_after - _TIMER_SLACK:
            await self._ping()
        self._expect_pulse()

    def _expect_pulse(self) -> None:
        """Set one timer for the next silence to come, however much is sent until then."""
        self._look_at(self._written + self._sending.ping_after)

    def _look_at(self, time: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(time, self._on_time)

    def _on_time(self) -> None:
        """Have a sign of life sent, or end what a worker does not read; one timer serves both."""
        self._pulse_is_due = True
        self._stream.wake()
        if self._writing is None:
            return
        end = self._writing + self._sending.stalled_after
        if self._loop.time() < end - _TIMER_SLACK:
            self._look_at(end)
            return
        log.warning(
            "worker-stalled",
            extra={"hub": self._hub.name, "worker_id": self._options.worker_id},
        )
        if self._task is not None:
            self._is_stalled = True
            self._task.cancel()

    async def _send(self, work: Work) -> None:
        """Send a work item, or give it back if this worker could not receive it."""
        item = self._item(work)
        if item is None:
            await self._hub.abandon(work.token)
            return
        self._lifetime.given(work.token, self._stream)
        await self._write(item)

    async def _write(self, message: bytes) -> None:
        self._writing = self._loop.time()
        await self._context.write(message)
        self._writing = None
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

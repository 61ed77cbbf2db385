"""The sending side of a worker's stream: work items as they come, and signs of life between them."""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import grpc.aio
from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.streams import StreamClosed
from durahub.dispatch.work import OrchestratorWork, StreamOptions, Work
from durahub.edge.hub import Hub, Stream
from durahub.edge.lifetime import Lifetime
from durahub.edge.work_items import MOST_BYTES, health_ping, work_item

log = logging.getLogger(__name__)

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
        make_item: Callable[..., pb.WorkItem] = work_item,
    ) -> None:
        self._hub = hub
        self._stream = stream
        self._options = options
        self._context = context
        self._lifetime = lifetime
        self._sending = sending
        self._on_pulse = on_pulse
        self._make_item = make_item

    async def run(self) -> None:
        """Send until the hub closes the stream or the server drains."""
        coming = asyncio.ensure_future(self._stream.next())
        draining = asyncio.ensure_future(self._lifetime.until_draining())
        try:
            # At once: .NET counts a stream that ends before any message as a failed connection.
            await self._context.write(health_ping())
            while not draining.done():
                await asyncio.wait(
                    {coming, draining},
                    timeout=self._sending.ping_after,
                    return_when=asyncio.FIRST_COMPLETED,
                )
                await self._on_pulse()
                if coming.done():
                    work, coming = coming.result(), asyncio.ensure_future(self._stream.next())
                    await self._send(work)
                elif not draining.done():
                    await self._context.write(health_ping())
        except StreamClosed:
            return
        finally:
            coming.cancel()
            draining.cancel()
            await asyncio.gather(coming, draining, return_exceptions=True)

    async def _send(self, work: Work) -> None:
        """Send a work item, or give it back if this worker could not receive it."""
        item = self._item(work)
        if item is None:
            await self._hub.abandon(work.token)
            return
        self._lifetime.given(work.token, self._stream)
        await self._context.write(item)

    def _item(self, work: Work) -> pb.WorkItem | None:
        """Return the message, ``None`` (and a log line) for one that would break the stream.

        A message beyond the worker's limit ends its whole stream, again with each delivery, and one
        that cannot be made would end ours. Neither may keep the worker from its other work.
        """
        about: dict[str, object] = {
            "hub": self._hub.name,
            "instance_id": work.instance_id,
            "kind": type(work).__name__,
        }
        most = self._sending.most_bytes
        try:
            item = self._make_item(
                work,
                history_streaming=self._options.history_streaming,
                native_entities=self._options.native_entities,
                most_bytes=most,
            )
        except Exception as error:
            about["error"] = type(error).__name__  # its message may quote a payload
            about["at"] = "".join(traceback.format_tb(error.__traceback__))
            log.error("work-item-unreadable", extra=about)
            return None
        size = item.ByteSize()
        if size <= most:
            return item
        about |= {"bytes": size, "most": most}
        if isinstance(work, OrchestratorWork):
            about |= {"past_events": len(work.past), "new_events": len(work.new)}
        log.error("work-item-too-large", extra=about)
        return None

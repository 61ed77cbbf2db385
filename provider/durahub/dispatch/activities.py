"""Runs activities: from the work-item queue to a worker and the answer back to the orchestration."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from tenacity import AsyncRetrying, retry_if_exception_type, wait_exponential

from durahub.dispatch.clock import Clock
from durahub.dispatch.gathering import Outstanding
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.streams import Kind, Need, Slot, Streams
from durahub.dispatch.tokens import Abandoned, Tokens
from durahub.dispatch.work import ActivityWork
from durahub.engine.answers import ActivityResult, answer
from durahub.engine.commit import Delivery
from durahub.engine.inbox import backoff
from durahub.errors import DurahubError, Unavailable
from durahub.model.history import TaskScheduled
from durahub.model.message import Message
from durahub.model.sizes import size_of
from durahub.observing.tracing import EXECUTION, HUB, INSTANCE, NAME, NOT_TRACED, Tracing
from durahub.store import HubStore, Waiting

log = logging.getLogger(__name__)

MOST_LOST = 2  # workers, until an activity is put back
FIRST_PAUSE = 1.0  # seconds after which a result that could not be written is tried again


class Activities:
    """The activities of one hub that are in this server's hands, one task each."""

    def __init__(
        self,
        store: HubStore,
        streams: Streams,
        tokens: Tokens[ActivityResult],
        clock: Clock,
        settings: DispatchSettings,
        version_of: Callable[[str], Awaitable[str]],
        outstanding: Outstanding,
        on_room: Callable[[], None] = lambda: None,
        tracing: Tracing = NOT_TRACED,
    ) -> None:
        self._tracing = tracing
        self._on_room = on_room
        self._bytes = 0  # of the activities in hand, about
        self._outstanding = outstanding
        self._version_of = version_of  # of an orchestration
        self._store = store
        self._streams = streams
        self._tokens = tokens
        self._clock = clock
        self._settings = settings
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_line: set[asyncio.Task[None] | None] = set()  # of the tasks: without a worker yet
        self._coming: set[asyncio.Task[None] | None] = set()  # … that the streams do not know of
        self._closing = False
        self.retries = 0  # of writing results

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Run *deliveries*."""
        for delivery in deliveries:
            size = size_of((delivery.message.event,))
            self._bytes += size
            task = asyncio.create_task(self._run(delivery), name=f"activity {delivery.key}")
            self._tasks.add(task)
            self._coming.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(self._coming.discard)
            task.add_done_callback(partial(self._let_go, size))

    def _let_go(self, size: int, _: "asyncio.Task[None]") -> None:
        was_full = self.is_full
        self._bytes -= size
        if was_full and not self.is_full:
            self._on_room()

    @property
    def is_full(self) -> bool:
        """Whether what is in hand takes as much memory as it may."""
        return self._bytes >= self._settings.message_bytes

    @property
    def coming(self) -> int:
        """How many activities were taken for which the streams have no place taken yet, and no line."""
        return len(self._coming)

    def waiting(self) -> Waiting:
        """Return how many activities are here and have no worker yet."""
        return Waiting(max(0, len(self._tasks) - len(self._tokens)))

    async def close(self, time_limit: float) -> None:
        """Give what is with a worker *time_limit* seconds to end; the rest is the store's to release."""
        self._closing = True  # no other worker takes what one has lost
        for waiting in self._tasks & self._in_line:
            waiting.cancel()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=time_limit)
        left = set(self._tasks)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        self._closing = False

    async def _run(self, delivery: Delivery) -> None:
        if not self._tracing.is_on:
            await self._run_spanned(delivery)
            return
        task, target = delivery.message.event, delivery.message.target
        trace = task.trace if isinstance(task, TaskScheduled) else None
        told = {
            HUB: self._store.hub,
            NAME: getattr(task, "name", "") or "",
            INSTANCE: target.instance_id,
            EXECUTION: target.execution_id or "",
        }
        with self._tracing.alone(), self._tracing.span("durahub activity", trace, told):
            await self._run_spanned(delivery)

    async def _run_spanned(self, delivery: Delivery) -> None:
        instance_id = delivery.message.target.instance_id
        self._outstanding.add(instance_id)
        try:
            try:
                outcome = await self._dispatch(delivery)
            finally:
                self._outstanding.remove(instance_id)
        except (Abandoned, DurahubError):
            await self._put_back(delivery)
            return
        except Exception as error:  # a bug of ours must not keep an activity hidden for ever
            log.error("activity-failed", extra={"message_id": delivery.key}, exc_info=error)
            await self._put_back(delivery)
            return
        message = answer(delivery.message, outcome, self._clock())
        try:
            await self._store.complete_activity(delivery, message)
        except Unavailable:
            await self._complete_later(delivery, message)

    async def _complete_later(self, delivery: Delivery, message: Message) -> None:
        """Try again until it is written: the worker has done its part.

        Only after a failure, for tenacity costs a tenth of all that is done for an activity here.
        """
        await asyncio.sleep(FIRST_PAUSE)
        async for attempt in AsyncRetrying(
            retry=retry_if_exception_type(Unavailable), wait=wait_exponential(max=30)
        ):
            with attempt:
                self.retries += 1
                await self._store.complete_activity(delivery, message)

    async def _dispatch(self, delivery: Delivery) -> ActivityResult:
        """Return the worker's answer. Raises `Abandoned` if no worker took it, or gave it back.

        What has lost a worker goes at once to another. What that one is lost with as well may be what takes
        them down: it is put back, with a pause that grows, and counts as delivered in storage.
        """
        task = delivery.message.event
        if not isinstance(task, TaskScheduled):
            log.warning("not-an-activity", extra={"message_id": delivery.key})
            raise Abandoned
        target, lost = delivery.message.target, 0
        while True:
            version = task.version or await self._inherited_version(target.instance_id)
            need = Need(Kind.ACTIVITY, task.name or "", version)
            slot = await self._slot(need)
            item = self._tokens.give_out(target.instance_id, task.event_id, slot)
            slot.stream.push(
                ActivityWork(
                    token=item.token,
                    instance_id=target.instance_id,
                    execution_id=target.execution_id,
                    task=task,
                )
            )
            try:
                return await item.answer
            except Abandoned as abandoned:
                if not abandoned.lost:
                    raise
                if self._closing:
                    raise asyncio.CancelledError from None  # the store's to release, at once
                lost += 1
                if lost == MOST_LOST:
                    log.warning("activity-lost-again", extra={"message_id": delivery.key})
                    raise
            finally:
                if self._tokens.is_open(item):  # cancelled
                    self._tokens.revoke(item)

    async def _slot(self, need: Need) -> Slot:
        """Stand in line for a worker. Raises `Abandoned` where none takes it for long."""
        this = asyncio.current_task()
        slot = self._streams.place(need)
        if slot is not None:
            self._coming.discard(this)
            return slot
        self._in_line.add(this)
        try:
            patience = self._settings.filtered_patience
            return await asyncio.wait_for(self._place(need, this), patience)
        except asyncio.TimeoutError:
            raise Abandoned from None
        finally:
            self._in_line.discard(this)

    async def _place(self, need: Need, this: "asyncio.Task[None] | None") -> Slot:
        self._coming.discard(this)  # from here on the streams count it
        return await self._streams.slot(need)

    async def _inherited_version(self, instance_id: str) -> str:
        """Return the orchestration's version: filters take it for that of an activity without one."""
        return await self._version_of(instance_id) if self._streams.filter_versions else ""

    async def _put_back(self, delivery: Delivery) -> None:
        try:
            await self._store.release([delivery], backoff(delivery.deliveries))
        except Unavailable as error:
            log.warning("release-failed", extra={"code": error.code})

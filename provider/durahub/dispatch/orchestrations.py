"""Runs instances: one session an instance, one task a session, one episode after another.

What an episode is stands in `durahub.dispatch.episodes`, for entities in `durahub.dispatch.entity_batches`.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from durahub.dispatch.clock import Clock
from durahub.dispatch.entity_batches import EntityBatches
from durahub.dispatch.episodes import Episodes
from durahub.dispatch.gathering import Gathering, Outstanding, pays
from durahub.dispatch.histories import Histories
from durahub.dispatch.load import Memory
from durahub.dispatch.message_room import MessageRoom
from durahub.dispatch.putting_back import PuttingBack
from durahub.dispatch.session import Session
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.streams import Kind, Streams
from durahub.dispatch.tokens import Tokens
from durahub.dispatch.turns import Turns
from durahub.engine.commit import Delivery, InstanceUpdate
from durahub.engine.dtfx_turn import TurnAnswer
from durahub.engine.entities.ids import is_entity
from durahub.errors import CheckpointLost, Unavailable
from durahub.model.history import Event, ExecutionStarted, TimerFired
from durahub.model.ticks import Ticks
from durahub.observing.tracing import NOT_TRACED, Tracing
from durahub.store import HubStore, Waiting

log = logging.getLogger(__name__)


class Orchestrations:
    """The sessions of one hub."""

    def __init__(
        self,
        store: HubStore,
        streams: Streams,
        tokens: Tokens[TurnAnswer],
        entities: EntityBatches,
        clock: Clock,
        settings: DispatchSettings,
        on_written: Callable[[str, InstanceUpdate, ExecutionStarted | None], None],
        on_let_go: Callable[[], None],
        outstanding: Outstanding,
        tracing: Tracing = NOT_TRACED,
    ) -> None:
        self._outstanding = outstanding
        self._tracing = tracing
        self.retries = dict.fromkeys((Kind.ORCHESTRATION, Kind.ENTITY), 0)  # turns run again
        self._tokens = tokens
        self._entities = entities
        self._settings = settings
        self._on_let_go = on_let_go  # messages: none of an episode that is over is held
        self._sessions: dict[str, Session] = {}
        self.turns = Turns(streams, tokens, clock)
        self.room = MessageRoom(self._sessions, settings.message_bytes)
        self.histories = Histories(
            store, self._sessions, settings.history_cache_bytes, on_written, tracing
        )
        self._putting_back = PuttingBack(store, settings.storage_pause, on_let_go)
        self._episodes = Episodes(
            store,
            streams,
            self.turns,
            self.histories,
            self._putting_back,
            clock,
            self._arrive,
            on_written,
            tracing,
        )

    @property
    def memory(self) -> Memory:
        """What is in memory of instances, with work or without."""
        return Memory(
            sessions=len(self._sessions),
            histories=len(self.histories),
            history_bytes=self.histories.size,
        )

    def waiting(self, *, entities: bool) -> Waiting:
        """Return how many instances have messages here and no worker yet."""
        idle = [
            session
            for session in self._sessions.values()
            if session.inbox
            and not session.dispatched
            and is_entity(session.instance_id) is entities
        ]
        since = [_since(d.message.event) for s in idle for d in s.inbox.values()]
        return Waiting(len(idle), min(since, default=None))

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Take over messages to instances."""
        self.room.took(deliveries)
        for delivery in deliveries:
            instance_id = delivery.message.target.instance_id
            key = instance_id.casefold()
            session = self._sessions.get(key)
            if session is None:
                session = self._sessions[key] = Session(instance_id, delivery.partition)
            self._arrive(session, delivery)

    def _arrive(self, session: Session, delivery: Delivery) -> None:
        """Put a message into the inbox. With a start comes what was too early and slept until then."""
        if isinstance(delivery.message.event, ExecutionStarted):
            session.rouse()
        session.add(delivery)
        session.gathering.note(delivery.message.event, asyncio.get_running_loop().time())
        if session.gathered is not None and not self._pause(session):
            self._look_again(session)
        self._ensure_running(session)

    def forget(self, instance_id: str, over_at: Ticks | None = None) -> None:
        """Forget a history that was changed without its session: by a purge, or a forced end.

        What was told to it until *over_at* is dropped, before another of its ID can hear it, and a turn that
        is out then is not waited for: its worker may never answer. A session that waits for a worker judges
        its other messages again.
        """
        self.histories.forget(instance_id)
        session = self._sessions.get(instance_id.casefold())
        if session is None:
            return
        if over_at is not None and not is_entity(instance_id):
            self._putting_back.leave(session, instance_id, over_at)
            if session.out == instance_id:
                session.over_at = over_at
                self._tokens.overtake(instance_id)
        if session.task is not None and (session.in_line or session.over_at is not None):
            session.task.add_done_callback(lambda _: self._go_on(session))
            session.task.cancel()

    def _go_on(self, session: Session) -> None:
        if session.inbox and self._sessions.get(session.instance_id.casefold()) is session:
            self._ensure_running(session)

    async def close_partition(self, partition: str) -> None:
        """Let turns that are with a worker end within the drain time; drop the rest.

        What is dropped is still the store's, which makes it visible again.
        """
        sessions = [s for s in self._sessions.values() if s.partition == partition]
        for session in sessions:
            session.closing = True
            session.wake_all()
            session.inbox.clear()
            if session.task is not None and not session.dispatched:
                session.task.cancel()
        tasks = {session.task for session in sessions if session.task is not None}
        if tasks:
            _, left = await asyncio.wait(tasks, timeout=self._settings.drain)
            for task in left:
                task.cancel()
            await asyncio.gather(*left, return_exceptions=True)
        self.histories.forget_partition(partition)
        for key in [k for k, s in self._sessions.items() if s.partition == partition]:
            del self._sessions[key]

    # -- a session -----------------------------------------------------------------------------

    def _ensure_running(self, session: Session) -> None:
        if session.task is None and not session.closing:
            name = f"session {session.instance_id}"
            session.task = asyncio.create_task(self._run(session), name=name)

    async def _run(self, session: Session) -> None:
        try:
            with self._tracing.alone():  # what has told this instance something is another's span
                while session.inbox and not session.closing:
                    pause = await self._episode_or_pause(session)
                    self._on_let_go()
                    if pause and not session.closing:  # else it is the store's to let go of
                        await asyncio.sleep(pause)
        finally:
            session.task = None
            key = session.instance_id.casefold()
            if not session.held and self._sessions.get(key) is session:
                del self._sessions[key]

    async def _episode_or_pause(self, session: Session) -> float:
        """Run an episode; return the seconds to wait before the next one of this session."""
        try:
            if is_entity(session.instance_id):
                await self._entities.run(self.histories, session)
            else:
                await self._gather(session)
                if session.inbox:  # not all has been left behind meanwhile
                    await self._episodes.run(session)
        except Exception as error:
            if isinstance(error, CheckpointLost | Unavailable):
                kind = Kind.ENTITY if is_entity(session.instance_id) else Kind.ORCHESTRATION
                self.retries[kind] += 1
            self.histories.forget_waiting(session)
            if self._putting_back.keeps(session, error):
                extra = {"instance_id": session.instance_id, "messages": len(session.inbox)}
                log.warning("episode-put-back", extra={**extra, "why": str(error)})
                return self._settings.storage_pause
            await self._putting_back.give_up(session, error)
        return 0.0

    async def _gather(self, session: Session) -> None:
        """Wait for more answers, if that is worth it: see `durahub.dispatch.gathering`."""
        history = self.histories.in_memory(
            next(iter(session.inbox.values())).message.target.instance_id
        )
        if history is not None:
            had = len(session.inbox)
            waits = history.pays and self._pause(session) > 0
            if waits:
                await self._wait_for_answers(session)
            history.pays = pays(history.pays, had, len(session.inbox), waited=waits)
        session.gathering = Gathering()

    async def _wait_for_answers(self, session: Session) -> None:
        session.gathered = asyncio.get_running_loop().create_future()
        try:
            self._look_again(session)
            await session.gathered
        finally:
            session.gathered = None

    def _pause(self, session: Session) -> float:
        outstanding = self._outstanding.of(session.instance_id)
        now = asyncio.get_running_loop().time()
        return session.gathering.pause(outstanding, now, self._settings.patience)

    def _look_again(self, session: Session) -> None:
        """Let the turn begin that waits for answers when it is time, and look at that time again."""
        gathered = session.gathered
        if gathered is None or gathered.done():
            return
        pause = self._pause(session)
        if pause > 0:
            asyncio.get_running_loop().call_later(pause, self._look_again, session)
        else:
            gathered.set_result(None)


def _since(event: Event) -> Ticks:
    """Return since when an event may be acted on: a timer's is older than its time."""
    match event:
        case TimerFired():
            return max(event.timestamp, event.fire_at)
        case ExecutionStarted(scheduled_start=int() as start):
            return max(event.timestamp, start)
    return event.timestamp

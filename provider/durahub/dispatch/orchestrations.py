"""Runs instances: one session an instance, one task a session, one episode after another.

An episode: read the history (mostly from memory), judge the messages, wait for a place on a worker's
stream, judge again with what has come meanwhile, begin the turn, hand it out, finish it, commit. Until
the commit the messages stay in their queue, so an episode that is lost at any point happens again.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace

from durahub.dispatch.clock import Clock
from durahub.dispatch.entity_batches import EntityBatches
from durahub.dispatch.gathering import Gathering, Outstanding, pays
from durahub.dispatch.history_cache import HistoryCache
from durahub.dispatch.known_history import KnownHistory, known
from durahub.dispatch.load import Memory
from durahub.dispatch.message_room import MessageRoom
from durahub.dispatch.session import Session
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.streams import Kind, Need, Slot, Streams
from durahub.dispatch.tokens import ABANDON_PAUSE, Tokens
from durahub.dispatch.turns import Done, Turns, need_of
from durahub.engine.commit import Commit, Delivery, HistoryVersion, InstanceUpdate
from durahub.engine.dtfx_turn import TurnAnswer
from durahub.engine.entities.ids import is_entity
from durahub.engine.inbox import Verdict, backoff, is_told, judge, needs_row
from durahub.engine.repeated_events import raised_before
from durahub.engine.rewind import concerned_children, rewound
from durahub.engine.turn import Turn, begin
from durahub.errors import CheckpointLost, DurahubError, Malformed, Unavailable
from durahub.model.history import (
    Event,
    EventRaised,
    ExecutionCompleted,
    ExecutionStarted,
    TimerFired,
)
from durahub.model.instance import Instance
from durahub.model.sizes import size_of
from durahub.model.ticks import Ticks
from durahub.observing.timings import Timings
from durahub.observing.tracing import (
    EXECUTION,
    HUB,
    INSTANCE,
    NAME,
    NOT_TRACED,
    Tracing,
    below,
)
from durahub.store import HubStore, Waiting

log = logging.getLogger(__name__)

SHORT_DELAY = 2.5  # seconds; what is put back for so long waits here instead of in its queue
LARGEST_TURN = 3_000_000  # bytes of new events, about


@dataclass(slots=True)
class _Ready:
    """An episode that has a worker."""

    history: KnownHistory
    verdict: Verdict
    slot: Slot


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
        self.checkpoints = Timings()  # by outcome
        self.retries = dict.fromkeys((Kind.ORCHESTRATION, Kind.ENTITY), 0)  # turns run again
        self._store = store
        self._streams = streams
        self._tokens = tokens
        self._entities = entities
        self._clock = clock
        self._settings = settings
        self._on_written = on_written
        self._on_let_go = on_let_go  # messages: none of an episode that is over is held
        self._sessions: dict[str, Session] = {}
        self.turns = Turns(streams, tokens, clock)
        self.room = MessageRoom(self._sessions, settings.message_bytes)
        self._cache = HistoryCache(settings.history_cache_bytes)
        self._beginning: dict[str, ExecutionStarted] = {}  # executions whose start is being written
        self._drops: set[asyncio.Task[None]] = set()  # so that none is collected while it runs

    @property
    def memory(self) -> Memory:
        """What is in memory of instances, with work or without."""
        return Memory(
            sessions=len(self._sessions),
            histories=len(self._cache),
            history_bytes=self._cache.size,
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

    def events_of(self, instance_id: str) -> Sequence[Event] | None:
        """Return a history that is in memory: then the instance has begun, and not ended."""
        cached = self._cache.get(instance_id)
        return cached.stored.events if cached is not None else None

    async def version_of(self, instance_id: str) -> str:
        """Return an orchestration's version, mostly from memory; ``""`` if it has none, or is gone."""
        started = self._beginning.get(instance_id)
        if started is None:
            cached = self._cache.get(instance_id)
            started = cached.state.started if cached is not None else None
        if started is not None:
            return started.version or ""
        row = await self._store.get(instance_id, payloads=False)
        return (row.version or "") if row is not None else ""

    def forget(self, instance_id: str, over_at: Ticks | None = None) -> None:
        """Forget a history that was changed without its session: by a purge, or a forced end.

        What was told to it until *over_at* is dropped, before another of its ID can hear it, and a turn that
        is out then is not waited for: its worker may never answer. A session that waits for a worker judges
        its other messages again.
        """
        self._cache.drop(instance_id)
        session = self._sessions.get(instance_id.casefold())
        if session is None:
            return
        if over_at is not None and not is_entity(instance_id):
            self._leave(session.leave(lambda d: _is_left(d, instance_id, over_at)))
            if session.out == instance_id:
                session.over_at = over_at
                self._tokens.overtake(instance_id)
        if session.task is not None and (session.in_line or session.over_at is not None):
            session.task.add_done_callback(lambda _: self._go_on(session))
            session.task.cancel()

    def _leave(self, left: Sequence[Delivery]) -> None:
        """Delete messages that were left behind, in a task."""
        if left:
            task = asyncio.create_task(self._drop(left), name="drop what was left behind")
            self._drops.add(task)
            task.add_done_callback(self._drops.discard)
            self._on_let_go()

    async def _drop(self, left: Sequence[Delivery]) -> None:
        try:
            await self._store.discard(left)
        except DurahubError as error:  # they come again, and may wait for what is not there
            log.warning("drop-failed", extra={"messages": len(left), "why": str(error)})
            await self._release(left, ABANDON_PAUSE[0])

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
        self._cache.drop_partition(partition)
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
                await self._entities.run(self, session)
            else:
                await self._gather(session)
                if session.inbox:  # not all has been left behind meanwhile
                    await self._episode(session)
        except Exception as error:
            if isinstance(error, CheckpointLost | Unavailable):
                kind = Kind.ENTITY if is_entity(session.instance_id) else Kind.ORCHESTRATION
                self.retries[kind] += 1
            if self._keeps(session, error):
                self._forget_read(session)
                extra = {"instance_id": session.instance_id, "messages": len(session.inbox)}
                log.warning("episode-put-back", extra={**extra, "why": str(error)})
                return self._settings.storage_pause
            await self._give_up(session, error)
        return 0.0

    def _keeps(self, session: Session, error: Exception) -> bool:
        """Tell whether messages wait here, in their order, until their episode is tried again.

        What is put back would be overtaken by what comes meanwhile. But where a commit is lost, messages to
        an orchestration may have been deleted with it, and others may be another server's by now.
        """
        if isinstance(error, CheckpointLost):
            return is_entity(session.instance_id) and self._store.owns(session.instance_id)
        return isinstance(error, Unavailable)

    def _forget_read(self, session: Session) -> None:
        for delivery in session.inbox.values():
            self._cache.drop(delivery.message.target.instance_id)

    async def _gather(self, session: Session) -> None:
        """Wait for more answers, if that is worth it: see `durahub.dispatch.gathering`."""
        history = self._cache.get(next(iter(session.inbox.values())).message.target.instance_id)
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

    async def _give_up(self, session: Session, error: Exception) -> None:
        """Put back the messages of an episode that could not be run; the next delivery tries again."""
        self._forget_read(session)
        batch = tuple(session.inbox.values())
        session.remove(batch)
        extra = {"instance_id": session.instance_id, "messages": len(batch)}
        if isinstance(error, DurahubError):
            log.warning("episode-put-back", extra={**extra, "why": str(error)})
        else:
            log.error("episode-failed", extra=extra, exc_info=error)
        for delivery in batch:
            pause = self._settings.storage_pause
            if isinstance(error, Malformed) or not isinstance(error, DurahubError):
                pause = backoff(delivery.deliveries)
            await self._release((delivery,), pause)

    async def _episode(self, session: Session) -> None:
        ready = await self._prepare(session)
        if ready is None:
            return
        taken = ready.verdict.causes
        session.begin_turn(taken)
        try:
            turn = begin(
                _target_of(taken),
                ready.history.stored.version,
                ready.history.stored.events,
                ready.history.state,
                ready.verdict.start,
                ready.verdict.take,
                self._clock(),
                ready.verdict.wake_ups,
            )
            session.dispatched = True
            with self._spanned(turn):
                last = await self.turns.run(turn, ready.history, ready.slot, session)
                session.put_first(last.outcome.returned)
                session.in_turn -= len(last.outcome.returned)
                await self.write(session, ready.history, last.outcome.commit, last)
        except asyncio.CancelledError:
            if session.over_at is not None:
                instance_id, over_at = _target_of(taken), session.over_at
                session.put_first(taken)
                self._leave(session.leave(lambda d: _is_left(d, instance_id, over_at)))
            raise
        except Exception:
            session.put_first(taken)
            raise
        finally:
            ready.slot.release()
            session.end_turn()
            session.over_at = None

    def _spanned(self, turn: Turn) -> AbstractContextManager[None]:
        """Return the span of a turn: from when it is given to a worker until it is written."""
        if not self._tracing.is_on:
            return nullcontext()
        told = {
            HUB: self._store.hub,
            NAME: turn.started.name or "",
            INSTANCE: turn.instance_id,
            EXECUTION: turn.execution_id,
        }
        return self._tracing.span("durahub turn", below(turn.started.trace), told)

    async def _prepare(self, session: Session) -> _Ready | None:
        """Judge the inbox and get a place on a stream; ``None`` if there is nothing to run."""
        instance_id = next(iter(session.inbox.values())).message.target.instance_id
        history = await self.history(instance_id)
        state = history.state
        batch = _of(session, instance_id)
        row = await self._row(instance_id, history, batch)
        judged = self._judge(batch, history, row)
        if not judged.causes:
            if row is None and judged.drop and history.row_may_be_behind and state.is_live:
                # what the row lags behind may have been caused by what is dropped now
                judged = self._judge(batch, history, await self._store.row(instance_id))
                history.row_may_be_behind = False
            is_settled = await self._settle(session, judged, history)
            if is_settled and judged.rewind is not None:
                await self._rewind(session, history, judged.rewind, row)
            return None
        slot = await self._in_line(session, need_of(judged.start or state.started))
        try:
            later = _of(session, instance_id)
            if len(later) != len(batch):  # more has come while this episode stood in line
                if row is None:
                    row = await self._row(instance_id, history, later)
                judged = self._judge(later, history, row)
            is_settled = await self._settle(session, judged, history)
        except BaseException:
            slot.release()
            raise
        if not is_settled or not judged.causes:
            slot.release()
            return None
        return _Ready(history, judged, slot)

    async def _in_line(self, session: Session, need: Need) -> Slot:
        session.in_line = True
        try:
            return await self._streams.slot(need)
        finally:
            session.in_line = False

    async def _row(
        self,
        instance_id: str,
        history: KnownHistory,
        batch: Sequence[Delivery],
    ) -> Instance | None:
        if not needs_row(history.state, batch, history.stored.consumed):
            return None
        return await self._store.row(instance_id)

    def _judge(
        self,
        batch: Sequence[Delivery],
        history: KnownHistory,
        row: Instance | None,
    ) -> Verdict:
        stored = history.stored
        consumed = stored.consumed | raised_before(batch, history.raised)
        verdict = judge(stored.version, history.state, batch, row, self._clock(), consumed)
        _bound(verdict)
        return verdict

    async def _settle(self, session: Session, verdict: Verdict, history: KnownHistory) -> bool:
        """Do what the verdict says of the messages that are not taken.

        Return ``False`` if it would repair a row by a *history* that was changed meanwhile, as by a purge:
        then they stay, to be judged again.
        """
        for reply in verdict.replies:
            await self._store.send(reply)
        if verdict.repair is not None:
            repair, version = verdict.repair, history.stored.version
            instance_id = _target_of(verdict.drop)
            if not await self._store.repair(
                instance_id, repair.update, insert=repair.insert, history=version
            ):
                self._cache.drop(instance_id)
                return False
            self._on_written(instance_id, repair.update, None)
        for one in verdict.unasked:
            told, answer = one.message.target, one.message.event
            request = answer.name if isinstance(answer, EventRaised) else None
            log.warning(
                "answer-given-up", extra={"instance_id": told.instance_id, "request": request}
            )
        if verdict.drop:
            await self._store.discard(verdict.drop)
            session.remove(verdict.drop)
        for delivery, delay in verdict.defer:
            session.remove((delivery,))
            if delay <= SHORT_DELAY:
                self._sleep(session, delivery, delay)
            else:
                await self._release((delivery,), delay)
        return True

    def _sleep(self, session: Session, delivery: Delivery, delay: float) -> None:
        def wake() -> None:
            session.sleeping.pop(delivery.key, None)
            self._arrive(session, replace(delivery, deliveries=delivery.deliveries + 1))

        loop = asyncio.get_running_loop()
        session.sleeping[delivery.key] = loop.call_later(max(delay, 0.0), wake), delivery

    async def _rewind(
        self, session: Session, history: KnownHistory, request: Delivery, row: Instance | None
    ) -> None:
        """Rewrite a history as *request* asks; this needs no worker."""
        instance_id = request.message.target.instance_id
        stored = history.stored
        ids = concerned_children(stored.events)
        children = {one: await self._store.get(one, payloads=False) for one in ids}
        commit = rewound(
            instance_id, stored.version, stored.events, request, row, children, self._clock()
        )
        await self.write(session, history, commit)
        session.remove((request,))

    async def _release(self, deliveries: Sequence[Delivery], delay: float) -> None:
        try:
            await self._store.release(deliveries, delay)
        except Unavailable as error:  # they come back by themselves when their time is over
            log.warning("release-failed", extra={"code": error.code})

    async def write(
        self,
        session: Session,
        history: KnownHistory,
        commit: Commit,
        done: Done | None = None,
    ) -> None:
        """Write *commit*, which goes on from *history*, and keep what is written in memory.

        What has ended is not kept: another server's client may rewind it in storage.
        """
        started = commit.instance.started
        if started is not None:  # its activities may arrive before the commit is through
            self._beginning[commit.instance_id] = started
        try:
            await self._write(session, history, commit, done)
        finally:
            self._beginning.pop(commit.instance_id, None)

    async def _checkpoint(self, commit: Commit) -> HistoryVersion:
        now = asyncio.get_running_loop().time
        began, outcome = now(), "failed"
        try:
            with self._tracing.span("durahub checkpoint", None, {}):
                version = await self._store.commit(commit)
            outcome = "written"
            return version
        except CheckpointLost:
            outcome = "conflict"
            raise
        finally:
            self.checkpoints.note((outcome,), now() - began)

    async def _write(
        self, session: Session, history: KnownHistory, commit: Commit, done: Done | None
    ) -> None:
        instance_id = commit.instance_id
        try:
            version = await self._checkpoint(commit)
        except CheckpointLost:
            self._cache.drop(instance_id)
            raise
        if _have_ended(commit.events):
            self._cache.drop(instance_id)
            started = commit.instance.started or history.state.started
        else:
            turn, showing = (done.turn, done.showing) if done is not None else (None, None)
            longer = history.extended(commit, version, turn, showing)
            self._cache.put(instance_id, session.partition, longer)
            started = longer.state.started
        self._on_written(instance_id, commit.instance, started)

    async def history(self, instance_id: str) -> KnownHistory:
        """Return the stored history of an instance, mostly from memory."""
        cached = self._cache.get(instance_id)
        if cached is not None:
            return cached
        loaded = known(await self._store.load(instance_id))
        events = loaded.stored.events
        if events and not _have_ended(events):
            key = instance_id.casefold()
            partition = self._sessions[key].partition if key in self._sessions else ""
            self._cache.put(instance_id, partition, loaded)
        return loaded


def _since(event: Event) -> Ticks:
    """Return since when an event may be acted on: a timer's is older than its time."""
    match event:
        case TimerFired():
            return max(event.timestamp, event.fire_at)
        case ExecutionStarted(scheduled_start=int() as start):
            return max(event.timestamp, start)
    return event.timestamp


def _is_left(delivery: Delivery, instance_id: str, over_at: Ticks) -> bool:
    """Tell whether a message was told to an instance that was over at *over_at*."""
    message = delivery.message
    return (
        message.target.instance_id == instance_id
        and message.event.timestamp <= over_at
        and is_told(message)
    )


def _have_ended(events: Sequence[Event]) -> bool:
    return any(isinstance(event, ExecutionCompleted) for event in events)


def _of(session: Session, instance_id: str) -> list[Delivery]:
    """Return an instance's messages; another ID of the same letters may share the session."""
    return [d for d in session.inbox.values() if d.message.target.instance_id == instance_id]


def _bound(verdict: Verdict) -> None:
    """Leave what is too much for one work item in the inbox, for the next turn.

    A worker takes messages of 4 MiB; one that is larger would break its stream, again and again.
    """
    size = 0
    for number, delivery in enumerate(verdict.take):
        size += size_of((delivery.message.event,))
        if number and size > LARGEST_TURN:
            del verdict.take[number:]
            return


def _target_of(deliveries: Sequence[Delivery]) -> str:
    """Return the instance ID in its own spelling; all of a verdict have the same."""
    return deliveries[0].message.target.instance_id

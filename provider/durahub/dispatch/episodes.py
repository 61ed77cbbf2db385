"""Episodes of orchestrations: what one turn is made of, given to a worker, and written.

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
from durahub.dispatch.histories import Histories
from durahub.dispatch.known_history import KnownHistory
from durahub.dispatch.putting_back import PuttingBack
from durahub.dispatch.session import Session
from durahub.dispatch.streams import Need, Slot, Streams
from durahub.dispatch.turns import Turns, need_of
from durahub.engine.commit import Delivery, InstanceUpdate
from durahub.engine.inbox import Verdict, judge, needs_row
from durahub.engine.repeated_events import raised_before
from durahub.engine.rewind import concerned_children, rewound
from durahub.engine.turn import Turn, begin
from durahub.model.history import EventRaised, ExecutionStarted
from durahub.model.instance import Instance
from durahub.model.sizes import size_of
from durahub.observing.tracing import EXECUTION, HUB, INSTANCE, NAME, Tracing, below
from durahub.store import HubStore

log = logging.getLogger(__name__)

SHORT_DELAY = 2.5  # seconds; what is put back for so long waits here instead of in its queue
LARGEST_TURN = 3_000_000  # bytes of new events, about


@dataclass(slots=True)
class _Ready:
    """An episode that has a worker."""

    history: KnownHistory
    verdict: Verdict
    slot: Slot


class Episodes:
    """Runs the episodes of one hub's orchestrations, each in its session."""

    def __init__(
        self,
        store: HubStore,
        streams: Streams,
        turns: Turns,
        histories: Histories,
        putting_back: PuttingBack,
        clock: Clock,
        on_awake: Callable[[Session, Delivery], None],
        on_written: Callable[[str, InstanceUpdate, ExecutionStarted | None], None],
        tracing: Tracing,
    ) -> None:
        self._store = store
        self._streams = streams
        self._turns = turns
        self._histories = histories
        self._putting_back = putting_back
        self._clock = clock
        self._on_awake = on_awake  # a message of a session has slept long enough
        self._on_written = on_written
        self._tracing = tracing

    async def run(self, session: Session) -> None:
        """Run an episode of an instance with messages in the inbox of *session*, if they make one."""
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
                ready.history.stored.outlived,
            )
            session.dispatched = True
            with self._spanned(turn):
                last = await self._turns.run(turn, ready.history, ready.slot, session)
                session.put_first(last.outcome.returned)
                session.in_turn -= len(last.outcome.returned)
                await self._histories.write(session, ready.history, last.outcome.commit, last)
        except asyncio.CancelledError:
            if session.over_at is not None:
                instance_id, over_at = _target_of(taken), session.over_at
                session.put_first(taken)
                self._putting_back.leave(session, instance_id, over_at)
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
        history = await self._histories.read(instance_id)
        state = history.state
        batch = _of(session, instance_id)
        row = await self._row(instance_id, history, batch)
        judged = self._judge(batch, history, row)
        if not judged.causes:
            if row is None and judged.drop and history.row_may_be_behind and state.is_live:
                # what the row lags behind may have been caused by what is dropped now
                row = await self._store.row(instance_id)
                judged = self._judge(batch, history, row)
                history.row_may_be_behind = False
            is_settled = await self._settle(session, judged, history, row)
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
            is_settled = await self._settle(session, judged, history, row)
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
        now, outlived = self._clock(), stored.outlived
        verdict = judge(stored.version, history.state, batch, row, now, consumed, outlived)
        _bound(verdict)
        return verdict

    async def _settle(
        self, session: Session, verdict: Verdict, history: KnownHistory, row: Instance | None
    ) -> bool:
        """Do what the verdict says of the messages that are not taken.

        Return ``False`` if it would repair a *row* by a *history*, one of which was changed meanwhile, as by
        a purge: then they stay, to be judged again.
        """
        for reply in verdict.replies:
            await self._store.send(reply)
        if verdict.repair is not None:
            repair, version = verdict.repair, history.stored.version
            instance_id = _target_of(verdict.drop)
            if not await self._store.repair(
                instance_id,
                repair.update,
                insert=repair.insert,
                replaces=row,
                history=version,
            ):
                self._histories.forget(instance_id)
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
                await self._putting_back.release((delivery,), delay)
        return True

    def _sleep(self, session: Session, delivery: Delivery, delay: float) -> None:
        def wake() -> None:
            session.sleeping.pop(delivery.key, None)
            self._on_awake(session, replace(delivery, deliveries=delivery.deliveries + 1))

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
        await self._histories.write(session, history, commit)
        session.remove((request,))


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

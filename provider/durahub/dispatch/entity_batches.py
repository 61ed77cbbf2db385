"""Runs entities: one batch after another, each from the messages that wait to one commit.

A batch whose messages are all lock requests, releases or early signals needs no worker. One that a
worker could not run at all is tried again after a pause and changes nothing meanwhile.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from durahub.dispatch.clock import Clock
from durahub.dispatch.histories import Histories
from durahub.dispatch.known_history import KnownHistory
from durahub.dispatch.session import Session
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.streams import Kind, Need, Slot, Streams
from durahub.dispatch.tokens import ABANDON_PAUSE, Abandoned, Tokens
from durahub.dispatch.work import EntityWork
from durahub.engine.commit import Commit, Delivery
from durahub.engine.entities.batch import (
    EntityLimits,
    EntityTurn,
    begin_batch,
    finish_batch,
    judge_batch,
    repair_of_entity,
)
from durahub.engine.entities.ids import name_of
from durahub.engine.entities.work import EntityAnswer, EntityResult
from durahub.engine.limited_answers import limited_entity
from durahub.errors import BadRequest
from durahub.model.sizes import size_of
from durahub.store import HubStore, StoredHistory

log = logging.getLogger(__name__)

LARGEST_BATCH = 3_000_000  # bytes of messages, about; a worker receives 4 MiB


@dataclass(slots=True)
class _Batch:
    history: KnownHistory
    turn: EntityTurn
    taken: list[Delivery]


class EntityBatches:
    """The entities of one hub that are in this server's hands."""

    def __init__(
        self,
        store: HubStore,
        streams: Streams,
        tokens: Tokens[EntityAnswer],
        clock: Clock,
        new_id: Callable[[], str],
        settings: DispatchSettings,
    ) -> None:
        self._store = store
        self._streams = streams
        self._tokens = tokens
        self._clock = clock
        self._new_id = new_id
        self._hub_limits = settings.limits
        self._limits = EntityLimits(operations=settings.entity_operations)

    async def run(self, histories: Histories, session: Session) -> None:
        """Run the next batch of the session's entity."""
        instance_id = next(iter(session.inbox.values())).message.target.instance_id
        batch = await self._begin(histories, session, instance_id)
        if batch is None:
            return
        slot = None
        if batch.turn.operations:
            slot = await self._streams.slot(Need(Kind.ENTITY, name_of(instance_id)))
        try:
            if len(session.inbox) > len(batch.taken):  # more has come while it stood in line
                batch = await self._begin(histories, session, instance_id)
            if batch is not None:
                await self._finish(histories, session, batch, slot)
        finally:
            if slot is not None:
                slot.release()

    async def _begin(
        self, histories: Histories, session: Session, instance_id: str
    ) -> _Batch | None:
        """Return the batch that the inbox makes; ``None`` if nothing of it is to be done."""
        known = await histories.read(instance_id)
        history = known.stored
        waiting = [d for d in session.inbox.values() if d.message.target.instance_id == instance_id]
        taken, dropped = judge_batch(history.version, history.events, waiting, history.consumed)
        if dropped:
            unread = sum(delivery.key not in history.consumed for delivery in dropped)
            if unread:
                extra = {"instance_id": instance_id, "messages": unread}
                log.warning("entity-messages-dropped", extra=extra)
            if unread < len(dropped) and not taken and not await self._repair(instance_id, history):
                histories.forget(instance_id)
                return None  # they stay, to be judged again
            await self._store.discard(dropped)
            session.remove(dropped)
        taken = _bounded(taken)
        if not taken:
            return None
        turn = begin_batch(
            instance_id,
            history.version,
            history.events,
            taken,
            self._clock(),
            limits=replace(self._limits, for_functions=self._store.is_of_functions),
        )
        return _Batch(known, turn, taken)

    async def _repair(self, instance_id: str, history: StoredHistory) -> bool:
        """Put the instance row right if a crash has left it behind the batch whose messages come again.

        Return ``False`` if row or history were changed meanwhile.
        """
        row = await self._store.row(instance_id)
        update = repair_of_entity(history.version, history.events, row)
        return update is None or await self._store.repair(
            instance_id, update, insert=row is None, replaces=row, history=history.version
        )

    async def _finish(
        self, histories: Histories, session: Session, batch: _Batch, slot: Slot | None
    ) -> None:
        session.begin_turn(batch.taken)
        try:
            if batch.turn.operations:
                session.dispatched = True
                commit = await self._run_operations(batch.turn, slot, session)
            else:
                nothing = EntityResult(results=(), state=batch.turn.state)
                commit = finish_batch(batch.turn, nothing, self._clock(), self._new_id)
            await histories.write(session, batch.history, commit)
        except asyncio.CancelledError:
            raise
        except Exception:
            session.put_first(batch.taken)
            raise
        finally:
            session.end_turn()

    async def _run_operations(
        self, turn: EntityTurn, slot: Slot | None, session: Session
    ) -> Commit:
        """Return what comes of the operations; a worker that gives them back is asked again."""
        need = Need(Kind.ENTITY, name_of(turn.instance_id))
        pause = ABANDON_PAUSE[0]
        while True:
            slot = slot or await self._streams.slot(need)
            session.dispatched = True
            try:
                answer = await self._hand_out(turn, slot)
                answer = limited_entity(self._hub_limits, answer, turn.state)
                return finish_batch(turn, answer, self._clock(), self._new_id)
            except Abandoned as abandoned:
                lost = abandoned.lost
            except BadRequest as error:
                lost = False
                extra = {"instance_id": turn.instance_id, "code": error.code}
                log.warning("entity-answer-refused", extra=extra)
            session.go_on()
            session.dispatched = False  # nobody has it: who lets go of it need not wait
            slot = None
            if not lost:
                await asyncio.sleep(pause)
                pause = min(pause * 2, ABANDON_PAUSE[1])

    async def _hand_out(self, turn: EntityTurn, slot: Slot) -> EntityAnswer:
        item = self._tokens.give_out(turn.instance_id, None, slot)
        slot.stream.push(
            EntityWork(
                token=item.token,
                instance_id=turn.instance_id,
                execution_id=turn.execution_id,
                state=turn.state,
                operations=turn.operations,
                given_at=self._clock(),
            )
        )
        try:
            return await item.answer
        finally:
            if self._tokens.is_open(item):  # cancelled
                self._tokens.revoke(item)


def _bounded(taken: list[Delivery]) -> list[Delivery]:
    """Return as many of *taken*, from the first, as one work item can hold; at least one."""
    size = 0
    for number, delivery in enumerate(taken):
        size += size_of((delivery.message.event,))
        if number and size > LARGEST_BATCH:
            return taken[:number]
    return taken

"""Turns that are with workers: handed out, taken back, handed out again, until one is answered."""

import asyncio
import logging
from dataclasses import dataclass

from durahub.dispatch.clock import Clock
from durahub.dispatch.known_history import KnownHistory, Showing
from durahub.dispatch.readings import Readings
from durahub.dispatch.session import Session
from durahub.dispatch.streams import Kind, Need, Slot, Streams
from durahub.dispatch.tokens import ABANDON_PAUSE, Abandoned, Tokens
from durahub.dispatch.work import OrchestratorWork
from durahub.engine.dtfx_turn import HistoryResult, TurnAnswer, accept
from durahub.engine.turn import Outcome, Turn, finish, next_execution_id
from durahub.model.history import Execution, ExecutionStarted

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Done:
    """A turn that its worker has ended, how it was shown, and what came of it."""

    outcome: Outcome
    turn: Turn
    showing: Showing


class Turns:
    """The turns of one hub that are with its workers."""

    def __init__(self, streams: Streams, tokens: Tokens[TurnAnswer], clock: Clock) -> None:
        self._streams = streams
        self._tokens = tokens
        self._clock = clock
        self._readings = Readings()
        self._out: dict[str, OrchestratorWork] = {}  # by instance

    def of(self, instance_id: str) -> OrchestratorWork | None:
        """Return the turn of an instance that is with a worker."""
        return self._out.get(instance_id)

    async def run(self, turn: Turn, history: KnownHistory, slot: Slot, session: Session) -> Done:
        """Have workers run a turn until one has answered it; *slot* is a place on the first one's stream."""
        pause = ABANDON_PAUSE[0]
        session.out = turn.instance_id
        try:
            while True:
                try:
                    result, showing = await self._hand_out(turn, history, slot)
                    outcome = self._outcome(turn, result)
                    if outcome is turn:
                        raise Abandoned
                except Abandoned as abandoned:
                    session.go_on()
                    session.dispatched = False  # nobody has it: who lets go of it need not wait
                    if not abandoned.lost:
                        await asyncio.sleep(pause)
                        pause = min(pause * 2, ABANDON_PAUSE[1])
                    slot = await self._streams.slot(need_of(turn.started))
                    session.dispatched = True
                    continue
                if isinstance(outcome, Outcome):
                    return Done(outcome, turn, showing)
                turn = outcome
                slot = await self._streams.slot(need_of(turn.started))
        finally:
            session.out = ""
            self._out.pop(turn.instance_id, None)

    def _outcome(self, turn: Turn, result: TurnAnswer) -> Outcome | Turn:
        if isinstance(result, HistoryResult):
            return accept(turn, result, self._clock())
        following = next_execution_id(turn) if result.continues else ""
        return finish(turn, result, self._clock(), following)

    async def _hand_out(
        self, turn: Turn, history: KnownHistory, slot: Slot
    ) -> tuple[TurnAnswer, Showing]:
        """Give the turn to the worker behind *slot* and wait for its answer; frees the slot."""
        execution = Execution(turn.instance_id, turn.execution_id)
        counting = slot.stream.options.counting
        numbers, showing = history.shown(turn, counting, self._readings.of(execution))
        item = self._tokens.give_out(turn.instance_id, None, slot)
        work = OrchestratorWork(
            token=item.token,
            instance_id=turn.instance_id,
            execution_id=turn.execution_id,
            past=numbers.view(turn.past),
            new=numbers.shown(turn.new),
            started=turn.started,
            projected=showing.projected,
        )
        self._out[turn.instance_id] = work
        slot.stream.push(work)
        try:
            answer = await item.answer
            if isinstance(answer, HistoryResult):
                return answer, showing
            otherwise = numbers.otherwise(answer)
            if otherwise is not None:
                log.info("history-read-otherwise", extra={"instance_id": turn.instance_id})
                self._readings.note(execution, otherwise)
                raise Abandoned(lost=True)
            return numbers.stored(answer), showing
        finally:
            if self._tokens.is_open(item):  # cancelled
                self._tokens.revoke(item)


def need_of(started: ExecutionStarted | None) -> Need:
    """Return what a worker has to know to run the turns of an execution."""
    assert started is not None  # noqa: S101 (for the types)
    return Need(
        Kind.ORCHESTRATION,
        started.name or "",
        started.version or "",
        started.execution.instance_id,
    )

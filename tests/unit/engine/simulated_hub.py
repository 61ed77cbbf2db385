"""A task hub in memory, with one server that may crash before any write; the engine decides everything."""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from durahub.engine.actions import TurnResult
from durahub.engine.answers import ActivityResult, answer
from durahub.engine.commit import NO_HISTORY, Commit, Delivery, HistoryVersion
from durahub.engine.inbox import Verdict, judge, needs_row
from durahub.engine.state import read
from durahub.engine.turn import Outcome, Turn, begin, finish, next_execution_id
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionStarted,
    Status,
    SubOrchestrationInstanceCompleted,
    TaskCompleted,
    TaskScheduled,
    TimerFired,
)
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later
from tests.unit.engine.scenes import NOW
from tests.unit.engine.storage_rules import check_history, merged

VISIBILITY = 100.0  # seconds after which what a crash left behind is delivered again
PATIENCE = 48 * 3600.0  # seconds; what a hub has not done by then it will never do


class Crash(Exception):
    """The server dies."""


@dataclass
class Stored:
    """A message in a queue."""

    message: Message
    visible: Ticks
    deliveries: int = 0


@dataclass
class History:
    version: HistoryVersion = NO_HISTORY
    events: tuple[Event, ...] = ()
    consumed: frozenset[str] = frozenset()


class SimulatedHub:
    """Has *worker* run its turns; *chance* decides what happens next, *crashes* how often it may die."""

    def __init__(
        self, worker: Callable[[Turn], TurnResult], chance: random.Random, crashes: int = 0
    ) -> None:
        self.worker = worker
        self.now = NOW
        self.histories: dict[str, History] = {}
        self.rows: dict[str, Instance] = {}
        self.queue: dict[str, Stored] = {}
        self.runs: Counter[str] = Counter()  # of activities
        self.chance = chance
        self.crashes = crashes
        self._numbers = itertools.count()

    # -- clients -------------------------------------------------------------------------------

    def start(self, name: str, instance_id: str, scheduled: Ticks | None = None) -> None:
        execution = Execution(instance_id, f"{next(self._numbers):032x}")
        event = ExecutionStarted(
            timestamp=self.now, execution=execution, name=name, scheduled_start=scheduled
        )
        self.send(Message(event=event, target=execution, due=scheduled))
        self.rows[instance_id] = Instance(
            instance_id=instance_id,
            execution_id=execution.execution_id,
            name=name,
            version="",
            status=Status.Pending,
            created=self.now,
            last_updated=self.now,
            scheduled_start=scheduled,
        )

    def raise_event(self, instance_id: str, name: str) -> None:
        self.tell(instance_id, EventRaised(timestamp=self.now, name=name, input=name))

    def tell(self, instance_id: str, event: Event) -> None:
        self.send(Message(event=event, target=Execution(instance_id)))

    def send(self, message: Message) -> None:
        key = f"message-{next(self._numbers)}"
        self.queue[key] = Stored(message, max(self.now, message.due or self.now))

    # -- the server ----------------------------------------------------------------------------

    def run(self, most: float = PATIENCE) -> None:
        """Run until no message is left, but no longer than *most* seconds of the hub's time."""
        deadline = later(self.now, most)
        while self.queue:
            visible = self.visible()
            if not visible:
                self.now = min(one.visible for one in self.queue.values())
                if self.now > deadline:
                    return
                continue
            self.step(visible)
            self.now = later(self.now, self.chance.choice([0.0, 0.001, 0.5, 3.0]))

    def visible(self) -> list[str]:
        return [key for key, one in self.queue.items() if one.visible <= self.now]

    def step(self, visible: Sequence[str]) -> None:
        """Deliver some of the *visible* messages; perhaps die of it."""
        try:
            self._deliver(self.chance.choice(visible), visible)
        except Crash:
            self.crashes -= 1

    def _write(self) -> None:
        """Come to the next write; some are never reached."""
        if self.crashes and self.chance.random() < 0.15:
            raise Crash

    def _deliver(self, key: str, visible: Sequence[str]) -> None:
        message = self.queue[key].message
        if isinstance(message.event, TaskScheduled):
            self._receive(key)
            self._run_activity(key, message)
            return
        instance_id = message.target.instance_id
        batch = [
            key
            for key in visible
            if self.queue[key].message.target.instance_id == instance_id
            and not isinstance(self.queue[key].message.event, TaskScheduled)
        ]
        if self.chance.random() < 0.3:
            batch = self.chance.sample(batch, self.chance.randint(1, len(batch)))
        self._episode(instance_id, [self._receive(key) for key in batch])

    def _receive(self, key: str) -> Delivery:
        stored = self.queue[key]
        stored.deliveries += 1
        stored.visible = later(self.now, VISIBILITY)
        return Delivery(key, "control-00", stored.message, stored.deliveries)

    def _run_activity(self, key: str, message: Message) -> None:
        assert isinstance(message.event, TaskScheduled)
        name = message.event.name or ""
        self.runs[name] += 1
        self._write()
        self.send(answer(message, ActivityResult(f"{name}!"), self.now))
        self._write()
        del self.queue[key]

    def _episode(self, instance_id: str, batch: Sequence[Delivery]) -> None:
        history = self.histories.get(instance_id, History())
        state = read(history.events)
        row = self.rows.get(instance_id) if needs_row(state, batch, history.consumed) else None
        judged = judge(history.version, state, batch, row, self.now, history.consumed)
        self.on_judged(instance_id, history, judged)
        self._settle(instance_id, judged)
        if not judged.take:
            return
        turn = begin(
            instance_id,
            history.version,
            history.events,
            state,
            judged.start,
            judged.take,
            self.now,
        )
        outcome = self._run_turn(turn)
        self._commit(history, outcome.commit)
        for delivery in outcome.returned:
            self.queue[delivery.key].visible = self.now

    def on_judged(self, instance_id: str, history: History, judged: Verdict) -> None:
        """See what becomes of some messages."""

    def on_written(self, commit: Commit, events: Sequence[Event]) -> None:
        """See what was written."""

    def _settle(self, instance_id: str, judged: Verdict) -> None:
        for reply in judged.replies:
            self._write()
            self.send(reply)
        if judged.repair is not None:
            self._write()
            row = self.rows.get(instance_id)
            if row is not None or judged.repair.insert:
                self.rows[instance_id] = merged(row, instance_id, judged.repair.update)
        for delivery in judged.drop:
            self._write()
            del self.queue[delivery.key]
        for delivery, delay in judged.defer:
            self.queue[delivery.key].visible = Ticks(later(self.now, delay) + 1)

    def _run_turn(self, turn: Turn) -> Outcome:
        while True:
            first = 2 if turn.replaces else 1
            if self.chance.random() < 0.2 and turn.generation == 0:
                used = self.chance.randint(first, len(turn.new))  # the worker stops looking there
                seen = replace(turn, new=turn.new[:used])
                result = replace(self.worker(seen), events_processed=used)
            else:
                result = self.worker(turn)
            found = finish(turn, result, self.now, next_execution_id(turn))
            if isinstance(found, Outcome):
                return found
            turn = found

    def _commit(self, history: History, commit: Commit) -> None:
        for message in (*commit.outbound, *commit.activities):
            self._write()
            self.send(message)
        self._write()
        past = () if commit.replaces else history.events
        events = (*past, *commit.events)
        self.histories[commit.instance_id] = History(
            HistoryVersion(commit.execution_id, len(events), f"etag-{next(self._numbers)}"),
            events,
            frozenset(d.key for d in commit.consumed if _is_remembered(d, commit.execution_id))
            | {key for key in history.consumed if key in self.queue},
        )
        check_history(events, commit.execution_id)
        self.on_written(commit, events)
        self._write()
        row = self.rows.get(commit.instance_id)
        self.rows[commit.instance_id] = merged(row, commit.instance_id, commit.instance)
        for delivery in commit.consumed:
            self._write()
            del self.queue[delivery.key]


def _is_remembered(delivery: Delivery, execution_id: str) -> bool:
    """A success is known again without its key, as long as its execution is the current one."""
    message = delivery.message
    success = isinstance(
        message.event, TaskCompleted | SubOrchestrationInstanceCompleted | TimerFired
    )
    return not success or message.target.execution_id != execution_id

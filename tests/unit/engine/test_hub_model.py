"""Instances under random clients, a random worker and random crashes: what must be true whatever happens."""

import itertools
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    SendEvent,
    TerminateOther,
    TurnResult,
)
from durahub.engine.commit import Commit, Delivery
from durahub.engine.inbox import EVENT_PATIENCE, Verdict
from durahub.engine.state import answer_of
from durahub.engine.turn import Turn
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    Status,
)
from durahub.model.ticks import later
from tests.unit.engine.simulated_hub import History, SimulatedHub
from tests.unit.engine.storage_rules import status_of

ROOTS = ("one", "two")
ENDS = (Status.Completed, Status.Failed, Status.Canceled, Status.Terminated)


class RandomWorker:
    """Does anything that a worker may do, but carries every event over to the next generation."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.finishing = False
        self._names = itertools.count()

    def __call__(self, turn: Turn) -> TurnResult:
        events = (*turn.past, *turn.new)
        self._next = max([0, *(event.event_id for event in events)]) + 1
        actions: list[Action] = []
        if not self.finishing:
            actions = [self._action(turn) for _ in range(self.chance.choice([0, 0, 1, 2]))]
            self.chance.shuffle(actions)
        actions += self._end(events, turn)
        status = self.chance.choice([None, '"busy"'])
        return TurnResult(actions=tuple(actions), custom_status=status)

    def _id(self) -> int:
        self._next += 1
        return self._next - 1

    def _action(self, turn: Turn) -> Action:
        number = self._id()
        target = self.chance.choice([*ROOTS, turn.instance_id, "nobody"])
        match self.chance.randrange(5):
            case 0:
                return ScheduleTask(id=number, name="task")
            case 1:
                moment = later(turn.new[0].timestamp, self.chance.choice([-1.0, 5.0]))
                return CreateTimer(id=number, fire_at=moment)
            case 2 if turn.instance_id.count(":") < 2:
                taken = self.chance.choice(["", "", "shared", "two"])
                if taken == turn.instance_id:
                    taken = ""
                return CreateSubOrchestration(id=number, name="Any", instance_id=taken)
            case 3:
                return TerminateOther(id=number, instance_id=target, recurse=True)
            case _:
                name = f"sent-{next(self._names)}"
                return SendEvent(id=number, target=Execution(target), name=name)

    def _end(self, events: Sequence[Event], turn: Turn) -> list[Action]:
        if self.finishing:
            return [Complete(id=self._id(), status=Status.Completed)]
        if self.chance.random() < 0.15 and turn.generation < 3:
            raised = tuple(event for event in events if isinstance(event, EventRaised))
            number = self._id()
            return [Complete(id=number, status=Status.ContinuedAsNew, carry_over=raised)]
        if self.chance.random() < 0.1:
            return [Complete(id=self._id(), status=self.chance.choice(ENDS), result="r")]
        return []


class WatchedHub(SimulatedHub):
    """A hub that keeps the books: which events each execution of a client has had."""

    def __init__(self, worker: RandomWorker) -> None:
        super().__init__(worker, worker.chance)
        self.applied: dict[str, Counter[str]] = {}

    def on_judged(self, instance_id: str, history: History, judged: Verdict) -> None:
        row = self.rows.get(instance_id)
        status = status_of(history.events)
        if row is not None and row.status is Status.Pending and not _is(row.execution_id, history):
            status = Status.Pending
        elif not history.events and row is not None:
            status = row.status
        if judged.start is None:
            for delivery in judged.drop:
                found = None if not history.events and row is None else status
                taken = _events(judged.take)
                with_taken = replace(history, events=(*history.events, *taken))
                suspends = [isinstance(event, ExecutionSuspended) for event in taken]
                if isinstance(delivery.message.event, ExecutionSuspended) and any(suspends):
                    continue  # it is suspended, even if its row lags behind
                assert _may_be_dropped(delivery, with_taken, found), (delivery, history, row)

    def on_written(self, commit: Commit, events: Sequence[Event]) -> None:
        taken = _events(commit.consumed)
        if any(isinstance(event, ExecutionStarted) for event in taken):
            self.applied[commit.instance_id] = Counter()
        applied = self.applied[commit.instance_id]
        applied.update(str(event.name) for event in taken if isinstance(event, EventRaised))
        had = Counter(str(event.name) for event in events if isinstance(event, EventRaised))
        assert had == applied
        assert max(had.values(), default=1) == 1


def _events(deliveries: Sequence[Delivery]) -> list[Event]:
    return [delivery.message.event for delivery in deliveries]


def _is(execution_id: str | None, history: History) -> bool:
    return execution_id == history.version.execution_id


def _may_be_dropped(delivery: Delivery, history: History, status: Status | None) -> bool:
    """The slow and obvious rules for what may be deleted without effect; *status* ``None``: unknown."""
    event, target = delivery.message.event, delivery.message.target.execution_id
    if delivery.key in history.consumed or isinstance(event, ExecutionStarted):
        return True  # that starts are not lost shows in the end
    if status is None:
        impatient = isinstance(event, EventRaised | ExecutionTerminated)
        return delivery.deliveries >= EVENT_PATIENCE or not impatient
    if status is Status.Pending:  # only what is for any execution may be for the one to come
        return isinstance(event, ExecutionTerminated) or target is not None
    if status.is_terminal or (target is not None and not _is(target, history)):
        return True
    if isinstance(event, ExecutionSuspended):
        return any(isinstance(old, ExecutionSuspended) for old in history.events)
    answer = answer_of(event)
    return answer is not None and any(answer_of(old) == answer for old in history.events)


class HubMachine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.worker = RandomWorker(random.Random(0))
        self.hub = WatchedHub(self.worker)
        self.ended: dict[tuple[str, str | None], Status] = {}
        self.names = itertools.count()

    @rule(instance_id=st.sampled_from(ROOTS), delay=st.sampled_from([None, 60.0]))
    def start(self, instance_id: str, delay: float | None) -> None:
        row = self.hub.rows.get(instance_id)
        if row is None or row.status.is_terminal:
            scheduled = later(self.hub.now, delay) if delay else None
            self.hub.start("Any", instance_id, scheduled)

    @rule(instance_id=st.sampled_from(ROOTS))
    def raise_event(self, instance_id: str) -> None:
        self._tell(
            instance_id, EventRaised(timestamp=self.hub.now, name=f"raised-{next(self.names)}")
        )

    @rule(instance_id=st.sampled_from(ROOTS))
    def suspend(self, instance_id: str) -> None:
        self._tell(instance_id, ExecutionSuspended(timestamp=self.hub.now, reason="wait"))

    @rule(instance_id=st.sampled_from(ROOTS))
    def resume(self, instance_id: str) -> None:
        self._tell(instance_id, ExecutionResumed(timestamp=self.hub.now, reason="go"))

    @rule(instance_id=st.sampled_from(ROOTS), recurse=st.booleans())
    def terminate(self, instance_id: str, recurse: bool) -> None:
        self._tell(instance_id, ExecutionTerminated(timestamp=self.hub.now, recurse=recurse))

    def _tell(self, instance_id: str, event: Event) -> None:
        row = self.hub.rows.get(instance_id)
        if row is not None and not row.status.is_terminal:
            self.hub.tell(instance_id, event)

    @rule(seconds=st.sampled_from([-0.5, 0.001, 2.0, 70.0, 700.0]))
    def wait(self, seconds: float) -> None:
        self.hub.now = later(self.hub.now, seconds)

    @precondition(lambda self: self.hub.visible())
    @rule(seed=st.integers(0, 2**16), crashes=st.integers(0, 1))
    def deliver(self, seed: int, crashes: int) -> None:
        self.hub.chance = self.worker.chance = random.Random(seed)
        self.hub.crashes = crashes
        self.hub.step(self.hub.visible())

    @invariant()
    def an_end_is_final(self) -> None:
        for instance_id, history in self.hub.histories.items():
            status = status_of(history.events)
            execution = instance_id, history.version.execution_id
            assert self.ended.get(execution, status) is status
            if status.is_terminal:
                self.ended[execution] = status

    def teardown(self) -> None:
        """Let everything come to rest, twice: as it is, and terminated."""
        self.hub.crashes, self.worker.finishing = 0, True
        self.hub.run(most=7200.0)  # answers to questions of a lost episode may wait for ever
        self.check_rows()
        for instance_id, row in self.hub.rows.items():
            if not row.status.is_terminal:
                self.hub.tell(instance_id, ExecutionTerminated(timestamp=self.hub.now))
        self.hub.run()
        assert not self.hub.queue
        self.check_rows()
        assert all(row.status.is_terminal for row in self.hub.rows.values())

    def check_rows(self) -> None:
        """Assert that clients see what the histories say."""
        for instance_id, history in self.hub.histories.items():
            row = self.hub.rows[instance_id]
            if row.status is not status_of(history.events):
                assert row.status is Status.Terminated  # before it began
                assert not _is(row.execution_id, history)


TestAHub = HubMachine.TestCase
TestAHub.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)

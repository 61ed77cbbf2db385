"""Numbers of actions: in storage as DTFx counts, for a worker as its SDK does."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    CreateTimer,
    ScheduleTask,
    SendEvent,
    TurnResult,
)
from durahub.engine.numbering import Counting, RetriesAlike, numbering
from durahub.model.history import (
    ActionEvent,
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionStarted,
    ExecutionSuspended,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from tests.unit.engine.scenes import NOW

PYTHON = Counting.FROM_ONE_RETRIES_ALIKE
STARTED = ExecutionStarted(timestamp=NOW, execution=Execution("i", "e"), name="O")
RAISED = EventRaised(timestamp=NOW, name="Approval")


def task(number: int, name: str = "A", *, said: int | None = None) -> TaskScheduled:
    return TaskScheduled(event_id=number, timestamp=NOW, name=name, worker_number=said)


def child(number: int, instance_id: str) -> SubOrchestrationInstanceCreated:
    return SubOrchestrationInstanceCreated(
        event_id=number, timestamp=NOW, name="C", instance_id=instance_id
    )


def timer(number: int) -> TimerCreated:
    return TimerCreated(event_id=number, timestamp=NOW, fire_at=NOW)


def fired(number: int) -> TimerFired:
    return TimerFired(timestamp=NOW, timer_id=number, fire_at=NOW)


def failed(number: int) -> TaskFailed:
    return TaskFailed(timestamp=NOW, task_scheduled_id=number)


def done(number: int) -> TaskCompleted:
    return TaskCompleted(timestamp=NOW, task_scheduled_id=number)


def child_failed(number: int) -> SubOrchestrationInstanceFailed:
    return SubOrchestrationInstanceFailed(timestamp=NOW, task_scheduled_id=number)


def history(*turns: Sequence[Event]) -> list[Event]:
    """Return the events of *turns*, each between its bookends."""
    return [
        event
        for turn in turns
        for event in (
            OrchestratorStarted(timestamp=NOW),
            *turn,
            OrchestratorCompleted(timestamp=NOW),
        )
    ]


def numbers(events: Sequence[Event], counting: Counting = PYTHON) -> list[int]:
    """Return the worker's numbers of the actions in *events*."""
    shown = numbering(counting, events).shown(events)
    return [event.event_id for event in shown if isinstance(event, ActionEvent)]


RETRIED = (
    [STARTED, task(0)],
    [failed(0), timer(1)],
    [fired(1), task(2)],
    [failed(2), timer(3)],
    [fired(3), task(4)],
)


def test_a_worker_of_dtfx_sees_what_is_stored() -> None:
    events = history(*RETRIED)
    assert numbering(Counting.AS_STORED, events).shown(events) == tuple(events)


def test_javascript_counts_from_one() -> None:
    assert numbers(history(*RETRIED), Counting.FROM_ONE) == [1, 2, 3, 4, 5]


def test_a_retry_has_for_python_the_number_of_the_first_try() -> None:
    assert numbers(history(*RETRIED, [done(4), task(5)])) == [1, 2, 1, 3, 1, 4]


def test_answers_and_ends_are_shown_with_the_number_of_their_action() -> None:
    end = ExecutionCompleted(event_id=5, timestamp=NOW, status=Status.Completed)
    events = history(*RETRIED, [done(4), end])
    shown = numbering(PYTHON, events).shown

    assert shown([failed(0)]) == (failed(1),)
    assert shown([failed(2)]) == (failed(1),)
    assert shown([fired(3)]) == (fired(3),)
    assert shown([done(4)]) == (done(1),)
    assert shown([end])[0].event_id == 4
    assert shown([RAISED]) == (RAISED,)


def test_answers_of_children_and_messages_are_shown_with_their_numbers() -> None:
    sent = EventSent(event_id=1, timestamp=NOW, instance_id="x", name="n")
    completed = SubOrchestrationInstanceCompleted(timestamp=NOW, task_scheduled_id=0)
    events = history([STARTED, child(0, "c"), sent], [completed])
    shown = numbering(PYTHON, events).shown

    assert shown([sent])[0].event_id == 2
    assert shown([completed]) == (replace(completed, task_scheduled_id=1),)
    assert shown([child_failed(0)]) == (child_failed(1),)


def test_the_timer_that_splits_a_turn_keeps_its_number() -> None:
    events = history([STARTED, task(0), timer(-100)], [fired(-100), task(1)])
    assert numbers(events) == [1, -100, 2]


def test_tries_of_parallel_actions_belong_together_in_their_order() -> None:
    events = history(
        [STARTED, task(0), task(1), task(2, "B")],
        [failed(1), failed(0), timer(3), timer(4)],
        [fired(4), task(5)],
        [fired(3), task(6)],
    )
    assert numbers(events) == [1, 2, 3, 4, 5, 1, 2]


def test_a_retry_has_the_name_of_what_it_repeats() -> None:
    events = history([STARTED, task(0)], [failed(0), timer(1)], [fired(1), task(2, "Undo")])
    assert numbers(events) == [1, 2, 3]


def test_what_follows_an_action_in_the_turn_of_a_timer_is_no_retry() -> None:
    events = history(
        [STARTED, task(0)], [failed(0), timer(1)], [fired(1), task(2, "Undo"), task(3)]
    )
    assert numbers(events) == [1, 2, 3, 4]


def test_a_child_is_started_again_under_its_id() -> None:
    events = history(
        [STARTED, child(0, "a"), child(1, "b")],
        [child_failed(0), child_failed(1), timer(2)],
        [fired(2), child(3, "b")],
    )
    assert numbers(events) == [1, 2, 3, 2]


def test_a_pause_may_be_made_of_several_timers() -> None:
    events = history(
        [STARTED, task(0)], [failed(0), timer(1)], [fired(1), timer(2)], [fired(2), task(3)]
    )
    assert numbers(events) == [1, 2, 3, 1]


def test_a_pause_that_ends_while_suspended_counts_when_the_execution_goes_on() -> None:
    suspended, resumed = ExecutionSuspended(timestamp=NOW), ExecutionResumed(timestamp=NOW)
    events = history(
        [STARTED, task(0)], [failed(0), timer(1)], [suspended], [fired(1)], [resumed, task(2)]
    )
    assert numbers(events) == [1, 2, 1]


def test_a_turn_that_was_split_goes_on_in_the_next() -> None:
    events = history(
        [STARTED, task(0)],
        [failed(0), timer(1)],
        [fired(1), timer(-100)],
        [fired(-100), task(2)],
    )
    assert numbers(events) == [1, 2, -100, 1]


def test_the_number_that_was_noted_counts() -> None:
    events = history(
        [STARTED, task(0)], [failed(0), timer(1)], [fired(1), task(2, said=3)], [failed(2)]
    )
    assert numbers(events) == [1, 2, 3]
    assert numbering(PYTHON, events).shown([failed(2)]) == (failed(3),)


def stored(events: Sequence[Event], *actions: Action) -> TurnResult:
    return numbering(PYTHON, events).stored(TurnResult(actions=actions))


def ids(result: TurnResult) -> list[int]:
    return [action.id for action in result.actions]


def test_actions_of_a_first_turn_are_stored_from_zero() -> None:
    events = [OrchestratorStarted(timestamp=NOW), STARTED]
    send = SendEvent(id=2, target=Execution("x"), name="n")
    result = stored(
        events, ScheduleTask(id=1, name="A"), send, Complete(id=3, status=Status.Failed)
    )

    assert ids(result) == [0, 1, 2]
    assert result.noted == {}


def test_a_failed_completion_without_a_number_keeps_none() -> None:
    assert ids(stored([STARTED], Complete(id=-1, status=Status.Failed))) == [-1]


def test_a_retry_is_stored_under_a_number_of_its_own() -> None:
    events = [*history(*RETRIED[:2]), OrchestratorStarted(timestamp=NOW), fired(1)]
    again, other = ScheduleTask(id=1, name="A"), ScheduleTask(id=3, name="B")

    result = stored(events, again, other)

    assert ids(result) == [2, 3]
    assert result.noted == {}


def test_what_is_repeated_by_hand_is_noted() -> None:
    events = [*history(*RETRIED[:2]), OrchestratorStarted(timestamp=NOW), fired(1)]

    result = stored(events, ScheduleTask(id=3, name="A"))

    assert ids(result) == [2]
    assert result.noted == {2: 3}


def test_a_number_that_was_skipped_is_skipped_in_storage() -> None:
    assert ids(stored(history([STARTED, task(0)]), ScheduleTask(id=4, name="A"))) == [3]


def test_what_a_rewind_took_out_returns_to_its_place() -> None:
    events = history([STARTED, task(0), task(2)], [done(0)])
    assert ids(stored(events, ScheduleTask(id=2, name="A"))) == [1]


# -- any history -----------------------------------------------------------------------------------


@dataclass
class PythonWorker:
    """An orchestrator that does as it is told by chance, numbering as Python's SDK does."""

    count: int = 0
    retried: dict[int, str] = field(default_factory=dict)  # actions with a retry policy
    pauses: dict[int, int] = field(default_factory=dict)  # timer: what it is to repeat
    open: list[Event] = field(default_factory=list)  # answers that may come, in its numbers

    def next(self) -> int:
        self.count += 1
        return self.count

    def schedule(self, name: str, *, retried: bool) -> Action:
        number = self.next()
        if retried:
            self.retried[number] = name
        return self._schedule(number, name)

    def _schedule(self, number: int, name: str) -> Action:
        if name.islower():
            return CreateSubOrchestration(id=number, name=name, instance_id=f"{name}-{number}")
        return ScheduleTask(id=number, name=name)

    def on(self, event: Event, do: str) -> list[Action]:
        match event:
            case (
                TaskFailed(task_scheduled_id=number)
                | SubOrchestrationInstanceFailed(task_scheduled_id=number)
            ) if number in self.retried and do != "give up":
                pause = self.next()
                self.pauses[pause] = number
                return [CreateTimer(id=pause, fire_at=NOW)]
            case TimerFired(timer_id=number) if number in self.pauses:
                again = self.pauses.pop(number)
                return [self._schedule(again, self.retried[again])]
        match do:
            case "sleep":
                return [CreateTimer(id=self.next(), fire_at=NOW)]
            case "skip":
                self.next()
                return [self.schedule("A", retried=True)]
            case "A" | "B" | "c":
                return [self.schedule(do, retried=True)]
            case "by hand":
                return [self.schedule("A", retried=False)]
            case "two":
                return [self.schedule("A", retried=True), self.schedule("A", retried=True)]
        return []


DEEDS = ("sleep", "skip", "A", "B", "c", "by hand", "two", "give up", "nothing")


def as_event(action: Action, noted: int | None) -> ActionEvent:
    match action:
        case ScheduleTask():
            return task(action.id, action.name, said=noted)
        case CreateSubOrchestration():
            created = child(action.id, action.instance_id)
            return replace(created, name=action.name, worker_number=noted)
        case CreateTimer():
            return replace(timer(action.id), worker_number=noted)
    raise AssertionError(action)


def possible_answers(event: ActionEvent) -> list[Event]:
    match event:
        case TaskScheduled():
            return [failed(event.event_id), failed(event.event_id), done(event.event_id)]
        case SubOrchestrationInstanceCreated():
            return [child_failed(event.event_id)]
        case _:
            return [fired(event.event_id)]


def number_of(event: Event) -> int:
    return int(getattr(event, "task_scheduled_id", getattr(event, "timer_id", -1)))


@given(st.data())
def test_any_history_is_numbered_without_gaps_and_read_as_it_was_written(
    data: st.DataObject,
) -> None:
    worker = PythonWorker()
    kept = RetriesAlike()  # goes on from turn to turn
    past: list[Event] = []
    waiting: list[list[Event]] = []  # possible answers of each open action, in stored numbers
    truth: dict[int, int] = {}
    skips = 0
    for turn in range(data.draw(st.integers(1, 8), label="turns")):
        new: list[Event] = [OrchestratorStarted(timestamp=NOW)]
        if not turn:
            new.append(STARTED)
        for answers in data.draw(st.permutations(waiting)) if waiting else ():
            if data.draw(st.booleans()):
                waiting.remove(answers)
                new.append(data.draw(st.sampled_from(answers)))
        told = RetriesAlike((*past, *new))
        actions: list[Action] = []
        for event in new[1:]:
            [shown] = told.shown([event])
            if number_of(event) >= 0:
                assert number_of(shown) == truth[number_of(event)]
            do = data.draw(st.sampled_from(DEEDS))
            skips += do == "skip"
            actions += worker.on(shown, do)
        result = told.stored(TurnResult(actions=tuple(actions)))
        truth |= {new.id: old.id for new, old in zip(result.actions, actions, strict=True)}
        written = [as_event(one, result.noted.get(one.id)) for one in result.actions]
        if data.draw(st.booleans(), label="is lost"):
            kept = RetriesAlike(past)
        for event in new:
            kept.read(event)
        assert tuple(kept.view(new)) == told.shown(new)
        assert kept.stored(TurnResult(actions=tuple(actions))) == result
        past += [*new, *written, OrchestratorCompleted(timestamp=NOW)]
        for event in past[len(kept) :]:
            kept.read(event)
        assert kept.is_settled
        waiting += map(possible_answers, written)

        assert ids(result) == sorted(ids(result))
        scratch = RetriesAlike(past)
        for number, said in truth.items():
            assert scratch.number_of(number) == told.number_of(number) == said
            assert kept.number_of(number) == said
        assert list(kept.view(past)) == list(scratch.shown(past))

    found = [event.event_id for event in past if isinstance(event, ActionEvent)]
    assert found == sorted(set(found))
    if not skips:
        assert found == list(range(len(found)))


@pytest.mark.parametrize("instances", [1, 3])
def test_a_plain_retry_needs_no_note(instances: int) -> None:
    past: list[Event] = []
    names = [f"A{n}" for n in range(instances)]
    first = [ScheduleTask(id=n + 1, name=name) for n, name in enumerate(names)]
    plan: list[tuple[list[Event], list[Action]]] = [([STARTED], list(first))]
    at, worker = instances, instances
    tries = list(range(instances))
    for _ in range(3):
        for n in range(instances):
            worker += 1
            plan.append(([failed(tries[n])], [CreateTimer(id=worker, fire_at=NOW)]))
            plan.append(([fired(at)], [first[n]]))
            tries[n] = at + 1
            at += 2
    for events, actions in plan:
        past += [OrchestratorStarted(timestamp=NOW), *events]
        result = numbering(PYTHON, past).stored(TurnResult(actions=tuple(actions)))
        assert result.noted == {}
        past += [as_event(action, None) for action in result.actions]

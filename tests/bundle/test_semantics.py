"""The semantic digest: what may differ between two runs of one instance, and what may not."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.entities.messages import Request, Response, request_text, response_text
from durahub.engine.entities.stamps import NONE
from durahub.model import history as h
from durahub.model.failure import Failure
from durahub.model.history import Event, Execution
from durahub.model.ticks import Ticks, later
from durahub.stored import StoredEvent, StoredInstance
from durahub_migrate.bundle.semantics import semantic_digest
from tests.bundle.bundles import NOON, an_instance

# -- what an orchestrator did and got, without any of what a run gives itself ----------------------

Action = tuple[Any, ...]
Input = tuple[Any, ...]


@dataclass(frozen=True)
class Script:
    """Inputs in their order; each action with how many of them had come when it was done."""

    actions: tuple[tuple[int, Action], ...]
    inputs: tuple[Input, ...]
    end: str | None = None

    def with_action(self, place: int, action: Action) -> "Script":
        after, _ = self.actions[place]
        return replace(
            self, actions=(*self.actions[:place], (after, action), *self.actions[place + 1 :])
        )

    def with_input(self, place: int, one: Input) -> "Script":
        return replace(self, inputs=(*self.inputs[:place], one, *self.inputs[place + 1 :]))


TEXTS = st.text('ab\\"é', max_size=3)


@st.composite
def scripts(draw: st.DrawFn) -> Script:
    """Draw an orchestrator's course: what it did, and what of that was answered, in any order."""
    actions: list[tuple[int, Action]] = []
    inputs: list[Input] = []
    waiting: list[int] = []
    for _ in range(draw(st.integers(1, 8))):
        for _ in range(draw(st.integers(0, 3))):
            kind = draw(st.sampled_from(["activity", "child", "timer", "call", "signal", "event"]))
            if kind not in ("signal", "event"):
                waiting.append(len(actions))
            actions.append((len(inputs), (kind, draw(st.sampled_from("AB")), draw(TEXTS))))
        if waiting and draw(st.booleans()):
            place = waiting.pop(draw(st.integers(0, len(waiting) - 1)))
            outcome = "fail" if actions[place][1][0] != "timer" and draw(st.booleans()) else "ok"
            inputs.append((outcome, place, draw(TEXTS)))
        elif draw(st.booleans()):
            inputs.append(("raised", draw(st.sampled_from("xy")), draw(TEXTS)))
    return Script(tuple(actions), tuple(inputs), draw(st.none() | TEXTS))


@dataclass(frozen=True)
class Run:
    """What a run gives itself. *delays* are inputs that an action was held back for."""

    execution: str = "e1"
    first: int = 0
    began: Ticks = NOON
    guids: int = 1
    episodes: frozenset[int] = frozenset()
    delays: tuple[int, ...] = ()
    labelled: bool = False
    stack: str | None = None
    tags: tuple[tuple[str, str], ...] = ()


def runs(script: Script) -> st.SearchStrategy[Run]:
    """Return runs of *script*: with any of what may differ."""
    return st.builds(
        Run,
        execution=st.sampled_from(["e1", "e2"]),
        first=st.sampled_from([0, 1]),
        began=st.integers(0, 10**6).map(lambda seconds: later(NOON, seconds)),
        guids=st.integers(1, 10**6),
        episodes=st.frozensets(st.integers(0, len(script.inputs))),
        delays=st.tuples(*(st.integers(0, 3) for _ in script.actions)),
        labelled=st.booleans(),
        stack=st.none() | st.just("at Pay()"),
        tags=st.sampled_from([(), (("durahub.job", "7"),)]),
    )


def played(script: Script, run: Run, **row: Any) -> StoredInstance:
    """Return the instance that *run* of *script* leaves."""
    clock = iter(range(10**6))

    def now() -> Ticks:
        return later(run.began, next(clock))

    def guid(place: int) -> str:
        return f"{run.guids:08x}-0000-0000-0000-{place:012x}"

    answered = {one[1]: at for at, one in enumerate(script.inputs) if one[0] != "raised"}
    due: dict[int, list[int]] = {}
    for place, (after, _) in enumerate(script.actions):
        delay = run.delays[place] if place < len(run.delays) else 0
        latest = answered.get(place, len(script.inputs))
        due.setdefault(min(after + delay, latest), []).append(place)
    events: list[Event] = [
        h.OrchestratorStarted(timestamp=now()),
        h.ExecutionStarted(
            timestamp=now(),
            execution=Execution("order-7", run.execution),
            name="Order",
            input='"in"',
            tags=dict(run.tags) or None,
        ),
    ]
    for at in range(len(script.inputs) + 1):
        for place in due.get(at, ()):
            events.append(_done(script.actions[place][1], place, run, now(), guid(place)))
        if at in run.episodes:
            events += [
                h.OrchestratorCompleted(timestamp=now()),
                h.OrchestratorStarted(timestamp=now()),
            ]
        if at < len(script.inputs):
            events.append(_came(script.inputs[at], script, run, now(), guid))
    if script.end is not None:
        events.append(
            h.ExecutionCompleted(
                event_id=run.first + len(script.actions),
                timestamp=now(),
                status=h.Status.Completed,
                result=script.end,
            )
        )
    fields: dict[str, Any] = {
        "status": "Running" if script.end is None else "Completed",
        "execution_id": run.execution,
        "created": run.began,
        "last_updated": now(),
        "output": script.end,
        "tags": dict(run.tags) or None,
    }
    return an_instance(history=map(StoredEvent, events), **{**fields, **row})


def _done(action: Action, place: int, run: Run, now: Ticks, guid: str) -> Event:
    kind, name, text = action
    number = run.first + place
    match kind:
        case "activity":
            return h.TaskScheduled(event_id=number, timestamp=now, name=name, input="unknown")
        case "child":
            return h.SubOrchestrationInstanceCreated(
                event_id=number, timestamp=now, name=name, instance_id=f"child-{text}"
            )
        case "timer":
            due = later(NOON, 10**9 + len(text))
            return h.TimerCreated(event_id=number, timestamp=now, fire_at=due)
        case "event":
            return h.EventSent(
                event_id=number, timestamp=now, instance_id="other", name=name, input=text
            )
    request = Request(
        id=guid,
        operation=name,
        input=text,
        signal=kind == "signal",
        parent="order-7",
        parent_execution=run.execution,
        timestamp=type(NONE)(now, 0) if run.labelled else NONE,
    )
    return h.EventSent(
        event_id=number,
        timestamp=now,
        instance_id="@counter@1",
        name="op",
        input=request_text(request),
    )


def _came(one: Input, script: Script, run: Run, now: Ticks, guid: Callable[[int], str]) -> Event:
    outcome, of, text = one
    if outcome == "raised":
        return h.EventRaised(timestamp=now, name=of, input=text)
    number, kind = run.first + of, script.actions[of][1][0]
    failure = Failure(error_type="E", message=text, stack_trace=run.stack)
    match kind, outcome:
        case "activity", "ok":
            return h.TaskCompleted(timestamp=now, task_scheduled_id=number, result=text)
        case "activity", _:
            return h.TaskFailed(timestamp=now, task_scheduled_id=number, failure=failure)
        case "child", "ok":
            return h.SubOrchestrationInstanceCompleted(
                timestamp=now, task_scheduled_id=number, result=text
            )
        case "child", _:
            return h.SubOrchestrationInstanceFailed(
                timestamp=now, task_scheduled_id=number, failure=failure
            )
        case "timer", _:
            due = later(NOON, 10**9 + len(script.actions[of][1][2]))
            return h.TimerFired(timestamp=now, timer_id=number, fire_at=due)
    response = Response(result=text) if outcome == "ok" else Response(failure=failure)
    return h.EventRaised(timestamp=now, name=guid(of), input=response_text(response))


# -- what may differ -------------------------------------------------------------------------------


@given(st.data(), scripts())
def test_two_runs_of_one_script_are_the_same(data: st.DataObject, script: Script) -> None:
    one, other = data.draw(runs(script)), data.draw(runs(script))
    assert semantic_digest(played(script, one)) == semantic_digest(played(script, other))


def test_a_suspension_that_is_over_does_not_count() -> None:
    plain = played(Script(((0, ("timer", "A", "")),), ()), Run())
    more = (
        h.ExecutionSuspended(timestamp=NOON, reason="wait"),
        h.ExecutionResumed(timestamp=NOON, reason="go on"),
        h.GenericEvent(timestamp=NOON, data="wake up"),
    )
    again = replace(plain, history=(*plain.history, *map(StoredEvent, more)))
    assert semantic_digest(plain) == semantic_digest(again)


def test_retries_may_have_numbers_of_their_own_or_that_of_the_first_try() -> None:
    failure = Failure(error_type="E", message="no")

    def tries(numbers: tuple[int, int, int, int]) -> list[Event]:
        first, pause, again, other = numbers
        return [
            h.ExecutionStarted(timestamp=NOON, execution=Execution("order-7", "e"), name="Order"),
            h.TaskScheduled(event_id=first, timestamp=NOON, name="Pay"),
            h.TaskFailed(timestamp=NOON, task_scheduled_id=first, failure=failure),
            h.TimerCreated(event_id=pause, timestamp=NOON, fire_at=NOON),
            h.TimerFired(timestamp=NOON, timer_id=pause, fire_at=NOON),
            h.TaskScheduled(event_id=again, timestamp=NOON, name="Pay"),
            h.TaskCompleted(timestamp=NOON, task_scheduled_id=again, result="1"),
            h.TaskScheduled(event_id=other, timestamp=NOON, name="Ship"),
        ]

    digests = {
        semantic_digest(an_instance(status="Running", history=tries(numbers)))
        for numbers in ((0, 1, 2, 3), (1, 2, 3, 4), (1, 2, 1, 3))
    }
    assert len(digests) == 1


def test_a_failure_of_the_old_modes_is_that_which_the_protocol_is_given() -> None:
    def failed(**fields: Any) -> StoredInstance:
        return an_instance(
            status="Running",
            history=[
                h.ExecutionStarted(timestamp=NOON, execution=Execution("a", "e"), name="Order"),
                h.TaskScheduled(event_id=0, timestamp=NOON, name="Pay"),
                h.TaskFailed(timestamp=NOON, task_scheduled_id=0, **fields),
            ],
        )

    old = failed(reason="no money", details="at Pay()")
    new = failed(failure=Failure(error_type="(unknown)", message="no money"))
    assert semantic_digest(old) == semantic_digest(new)


# -- what may not ----------------------------------------------------------------------------------


@given(st.data(), scripts())
def test_any_other_script_is_another(data: st.DataObject, script: Script) -> None:
    changes: list[Script] = [replace(script, end="other" if script.end is None else None)]
    answered = {of for outcome, of, _ in script.inputs if outcome != "raised"}
    for place, (_, (kind, name, text)) in enumerate(script.actions):
        asks = kind in ("activity", "timer", "call")
        if asks and script.end is not None and place not in answered:
            continue  # at its end nobody waits for it
        changes.append(script.with_action(place, (kind, name + "C", text)))
        if kind in ("child", "call", "signal", "event"):
            changes.append(script.with_action(place, (kind, name, text + "c")))
    for place, (outcome, of, text) in enumerate(script.inputs):
        is_raised = outcome == "raised"
        if is_raised or script.actions[of][1][0] != "timer":
            changes.append(script.with_input(place, (outcome, of, text + "c")))
        if is_raised:
            changes.append(script.with_input(place, (outcome, of + "z", text)))
        elif script.actions[of][1][0] != "timer":
            changes.append(
                script.with_input(place, ("fail" if outcome == "ok" else "ok", of, text))
            )
        changes.append(
            replace(script, inputs=(*script.inputs[:place], *script.inputs[place + 1 :]))
        )
        changes.append(
            replace(script, inputs=(*script.inputs[:place], one, one, *script.inputs[place + 1 :]))
            if (one := ("raised", "x", text)) == script.inputs[place]
            else script.with_input(place, ("raised", "other", text))
        )
    for place in range(len(script.inputs) - 1):
        one, other = script.inputs[place : place + 2]
        if one != other:
            changes.append(script.with_input(place, other).with_input(place + 1, one))
    changed = data.draw(st.sampled_from(changes))
    if any(kind == "timer" for _, (kind, _, _) in changed.actions) and _only_a_timers_name(
        script, changed
    ):
        return  # timers have none
    run = Run()
    assert semantic_digest(played(script, run)) != semantic_digest(played(changed, run))


def _only_a_timers_name(script: Script, changed: Script) -> bool:
    return (
        script.inputs == changed.inputs
        and script.end == changed.end
        and all(
            one == other or one[1][0] == "timer"
            for one, other in zip(script.actions, changed.actions, strict=True)
        )
    )


SCRIPT = Script(
    ((0, ("activity", "A", "")), (0, ("call", "B", "b")), (0, ("timer", "A", "a"))),
    (("ok", 0, "1"), ("raised", "x", "2"), ("fail", 1, "3")),
)


@pytest.mark.parametrize(
    "row",
    [
        {"custom_status": '"other"'},
        {"status": "Terminated"},
        {"instance_id": "order-8"},
        {"tags": {"a": "b"}},
    ],
    ids=str,
)
def test_what_clients_see_counts(row: dict[str, Any]) -> None:
    assert semantic_digest(played(SCRIPT, Run())) != semantic_digest(played(SCRIPT, Run(), **row))


def test_actions_that_changed_places_count() -> None:
    (_, one), (_, other), _ = SCRIPT.actions
    swapped = replace(
        SCRIPT,
        actions=((0, other), (0, one), SCRIPT.actions[2]),
        inputs=(("ok", 1, "1"), SCRIPT.inputs[1], ("fail", 0, "3")),
    )
    assert semantic_digest(played(SCRIPT, Run())) != semantic_digest(played(swapped, Run()))


def test_the_time_of_a_timer_counts_while_it_has_not_fired() -> None:
    changed = SCRIPT.with_action(2, ("timer", "A", "aa"))
    assert semantic_digest(played(SCRIPT, Run())) != semantic_digest(played(changed, Run()))
    fired = ("ok", 2, "")
    assert semantic_digest(
        played(replace(SCRIPT, inputs=(*SCRIPT.inputs, fired)), Run())
    ) == semantic_digest(played(replace(changed, inputs=(*SCRIPT.inputs, fired)), Run()))


def test_a_standing_suspension_counts_with_its_reason() -> None:
    plain = played(SCRIPT, Run())

    def suspended(reason: str) -> bytes:
        event = StoredEvent(h.ExecutionSuspended(timestamp=NOON, reason=reason))
        return semantic_digest(replace(plain, history=(*plain.history, event)))

    assert len({semantic_digest(plain), suspended("wait"), suspended("stop")}) == 3


@pytest.mark.parametrize(
    "other",
    [
        '{"state":"8","sorter":{}}',
        '{"sorter":{}}',
        '{"state":"7","lockedBy":"order-7","sorter":{}}',
        '{"state":"7","queue":[{"op":"add","id":"00000000-0000-0000-0000-000000000001"}]}',
        '"strange"',
    ],
)
def test_state_lock_and_backlog_of_an_entity_count(other: str) -> None:
    def entity(text: str) -> bytes:
        return semantic_digest(an_instance("@counter@1", input=text, history=[]))

    plain = entity('{"state":"7","sorter":{}}')
    assert plain == entity('{"exists":true,"state":"7","sorter":{"NumberMessages":3}}')
    assert plain != entity(other)

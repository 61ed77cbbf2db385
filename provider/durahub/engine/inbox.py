"""Chooses the messages of an episode: what to take, drop, put back, answer or repair.

The rules are those of DTFx with the differences that lose nothing: an event for an instance that is
about to start waits for it, a second answer to one action is not stored, a start that was terminated
before its time never runs, a child whose ID is taken tells its parent, and one that has ended tells its
parent again when that starts it again after a crash.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from durahub.engine.commit import Delivery, HistoryVersion
from durahub.engine.effects import FIRE_AND_FORGET
from durahub.engine.entities.answers import (
    UNASKED_PATIENCE,
    EntityAnswers,
    entity_answer_of,
    is_named_by_request,
)
from durahub.engine.entities.grants import is_grant, releases_of_stray
from durahub.engine.outlived import have_one_parent, is_outlived, owner_of
from durahub.engine.reminders import end_told_again, told_again
from durahub.engine.repairs import Repair, repair_of, terminated_before_start
from durahub.engine.rewind import is_done, is_from_parent
from durahub.engine.state import Answer, State, answer_of, same_execution
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    Execution,
    ExecutionResumed,
    ExecutionRewound,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    Status,
    SubOrchestrationInstanceFailed,
    TimerFired,
)
from durahub.model.instance import Instance
from durahub.model.message import Message
from durahub.model.ticks import Ticks, seconds_between

LONGEST_DELAY = 600.0  # seconds; DTFx's
# The delivery at which a message is given up:
START_PATIENCE = 10  # a start message that no row belongs to
CHILD_PATIENCE = 9  # the start of a child while its parent's other one runs under that ID
ANSWER_PATIENCE = 6  # an answer to an instance without history
EVENT_PATIENCE = 4  # an event for an instance that does not exist (yet)


def backoff(deliveries: int) -> float:
    """Return the seconds for which a message is put back, after *deliveries* (from 1)."""
    return min(2.0 ** min(deliveries, 30), LONGEST_DELAY)


@dataclass(slots=True)
class Verdict:
    """What becomes of a batch. Of the first three lists and the wake-ups, each delivery is in exactly one.

    ``wake_ups`` are in the history already, and cause the rest of the episode that is stored in part.
    But if there is a ``rewind``, that comes first: it and what is in no list is judged again after it.
    """

    take: list[Delivery] = field(default_factory=list)
    drop: list[Delivery] = field(default_factory=list)
    defer: list[tuple[Delivery, float]] = field(default_factory=list)
    start: ExecutionStarted | None = None  # among ``take``: a new execution begins
    replies: list[Message] = field(default_factory=list)
    repair: Repair | None = None
    rewind: Delivery | None = None  # the history is rewritten, or its start is told of a new parent
    wake_ups: list[Delivery] = field(default_factory=list)
    unasked: list[Delivery] = field(
        default_factory=list
    )  # given up: answers that no turn asked for

    @property
    def causes(self) -> list[Delivery]:
        """What causes a turn; nothing if there is none."""
        return [*self.take, *self.wake_ups]


def is_told(message: Message) -> bool:
    """Tell whether *message* is for the instance that was there when it was sent, and is no answer.

    It has no effect once that instance is over.
    """
    told = isinstance(
        message.event, EventRaised | ExecutionSuspended | ExecutionResumed | ExecutionTerminated
    )
    return told and entity_answer_of(message) is None


def needs_row(
    state: State, batch: Sequence[Delivery], consumed: frozenset[str] = frozenset()
) -> bool:
    """Tell whether `judge` needs the instance row: where nothing is running, and for what changes it.

    What comes again after a crash may find the row left behind. A child that is new begins whatever its
    row tells; what only suspends and resumes is taken, unless it is suspended already.
    """
    if any(delivery.key in consumed for delivery in batch):
        return True
    events = [delivery.message.event for delivery in batch]
    if any(isinstance(event, ExecutionRewound) for event in events):
        return True
    starts = [event for event in events if isinstance(event, ExecutionStarted)]
    if starts or not state.is_live:
        is_new = state.started is None and bool(starts)
        return not (is_new and all(one.parent and not one.scheduled_start for one in starts))
    suspensions = sum(isinstance(event, ExecutionSuspended) for event in events)
    return suspensions > (0 if state.suspended else 1)


def judge(
    version: HistoryVersion,
    state: State,
    batch: Sequence[Delivery],
    row: Instance | None,
    now: Ticks,
    consumed: frozenset[str] = frozenset(),
    outlived: Sequence[str] = (),
) -> Verdict:
    """Return what becomes of *batch*, given the stored history and, where needed, the row.

    *consumed* are the keys of messages that the history holds already, though they came again; *outlived*
    names whose children have been under this ID before (`durahub.engine.outlived`).
    """
    verdict = Verdict()
    others: list[Delivery] = []
    for delivery in batch:
        event = delivery.message.event
        if delivery.key in consumed:
            verdict.drop.append(delivery)
        elif isinstance(event, ExecutionStarted):
            if is_outlived(event, state.started, outlived):
                verdict.drop.append(delivery)
            else:
                _judge_start(verdict, version, state, delivery, event, row, now)
        elif (
            not isinstance(event, ExecutionRewound)
            or _is_to_come(version, row)
            or not _judge_rewind(verdict, version, state, delivery, event, now)
        ):
            others.append(delivery)
    if verdict.rewind is not None and verdict.start is None:
        return verdict
    if verdict.start is not None:
        begins = State(started=verdict.start)
        _judge_others(verdict, verdict.start.execution.execution_id, begins, others, now)
    elif state.is_live:
        _judge_others(verdict, version.execution_id, state, others, now)
    elif state.started is None or _is_to_come(version, row):
        for delivery in others:
            _judge_before_start(verdict, delivery, row, now)
    else:
        for delivery in others:
            _drop(verdict, state, delivery, now)
    if state.is_live and state.is_open and verdict.start is None and not verdict.take:
        verdict.wake_ups, verdict.drop = verdict.drop, []  # who stored a part of it is gone
    _tell_again(verdict, version, state, now)
    undecided = verdict.start is None and verdict.repair is None
    if undecided and verdict.drop and (row is not None or needs_row(state, batch)):
        begun = any(delivery.key in consumed and _has_begun(row, delivery) for delivery in batch)
        verdict.repair = repair_of(version, state, row, row_has_begun=begun)
    return verdict


def _tell_again(verdict: Verdict, version: HistoryVersion, state: State, now: Ticks) -> None:
    """Tell of ends of which reminders are among what is dropped, and give back the locks."""
    for delivery in verdict.drop:
        verdict.replies.extend(told_again(delivery.message, version, state, now))


def _is_to_come(version: HistoryVersion, row: Instance | None) -> bool:
    """Tell whether *row* belongs to a start that has not come yet, whatever ran under the ID before."""
    return (
        row is not None
        and row.status is Status.Pending
        and not same_execution(row.execution_id, version.execution_id)
    )


def _has_begun(row: Instance | None, delivery: Delivery) -> bool:
    """Tell whether *delivery* has begun the execution that *row* tells of, or ended it by a rewind."""
    event = delivery.message.event
    if row is None:
        return False
    if isinstance(event, ExecutionRewound):
        return row.status is not Status.Pending
    return isinstance(event, ExecutionStarted) and same_execution(
        event.execution.execution_id, row.execution_id
    )


def _judge_rewind(
    verdict: Verdict,
    version: HistoryVersion,
    state: State,
    delivery: Delivery,
    request: ExecutionRewound,
    now: Ticks,
) -> bool:
    """Judge a rewind of what is in the history; return whether that is all there is to say.

    If not it is a message like others: what runs it only wakes up, and elsewhere it has no effect.
    """
    started = state.started
    if started is None or _is_foreign(delivery.message.target.execution_id, version.execution_id):
        return False
    if request.parent_execution_id is None:
        if state.completed is None or state.completed.status is not Status.Failed:
            return False
    elif not is_from_parent(delivery.message, started):
        verdict.drop.append(delivery)
        return True
    elif is_done(started, request):
        _drop_repeated_start(verdict, version, state, delivery, now)
        return True
    verdict.rewind = verdict.rewind or delivery
    return True


def _judge_start(
    verdict: Verdict,
    version: HistoryVersion,
    state: State,
    delivery: Delivery,
    event: ExecutionStarted,
    row: Instance | None,
    now: Ticks,
) -> None:
    execution_id = event.execution.execution_id
    if state.started is not None and same_execution(execution_id, version.execution_id):
        _drop_repeated_start(verdict, version, state, delivery, now)
    elif verdict.start is not None:
        verdict.defer.append((delivery, 1.0))  # one execution at a time
    elif event.parent is not None and _is_early(event, now):
        verdict.defer.append((delivery, _until(event, now)))  # an entity may set a time
    elif event.parent is not None:
        _judge_child_start(verdict, version, state, delivery, event, now)
    elif row is None:
        _hold(verdict, delivery, START_PATIENCE)
    elif row.execution_id is not None and not same_execution(execution_id, row.execution_id):
        if _lost_the_race(event, row):
            verdict.drop.append(delivery)
        else:
            _hold(verdict, delivery, START_PATIENCE)
    elif state.started is not None and state.is_live and event.timestamp < state.started.timestamp:
        verdict.drop.append(delivery)  # what it started has continued as new, and the row is behind
    elif row.status.is_terminal and row.execution_id is not None:
        verdict.drop.append(delivery)  # terminated before it began; DTFx would run it after all
    elif _is_early(event, now):
        verdict.defer.append((delivery, _until(event, now)))
    else:
        _take_start(verdict, delivery, event)


def _is_early(event: ExecutionStarted, now: Ticks) -> bool:
    return event.scheduled_start is not None and event.scheduled_start > now


def _until(event: ExecutionStarted, now: Ticks) -> float:
    return seconds_between(now, event.scheduled_start or now)


def _judge_child_start(
    verdict: Verdict,
    version: HistoryVersion,
    state: State,
    delivery: Delivery,
    event: ExecutionStarted,
    now: Ticks,
) -> None:
    old = state.started
    if old is not None and owner_of(old) == owner_of(event):
        _drop_repeated_start(verdict, version, state, delivery, now)
    elif old is not None and _is_earlier_try(event, old):
        verdict.drop.append(delivery)
    elif state.is_live and have_one_parent(old, event) and delivery.deliveries < CHILD_PATIENCE:
        # that parent may know of an end of the running one of which our checkpoint was lost
        verdict.defer.append((delivery, backoff(delivery.deliveries)))
    elif state.is_live:
        verdict.drop.append(delivery)
        if FIRE_AND_FORGET not in (event.tags or {}):
            verdict.replies.append(_refusal(event))
    else:
        _take_start(verdict, delivery, event)


def _drop_repeated_start(
    verdict: Verdict, version: HistoryVersion, state: State, delivery: Delivery, now: Ticks
) -> None:
    """Drop a start that was delivered, or sent, again.

    If a parent sent it again, its episode was lost: the answer that it had already may have found no
    history and have been given up. So a child that has ended answers again; a second answer does no harm.
    """
    verdict.drop.append(delivery)
    answer = end_told_again(delivery.message.target.instance_id, version, state, now)
    if answer is not None:
        verdict.replies.append(answer)


def _take_start(verdict: Verdict, delivery: Delivery, event: ExecutionStarted) -> None:
    verdict.start = event
    verdict.take.insert(0, delivery)


def _judge_others(
    verdict: Verdict,
    execution_id: str | None,
    state: State,
    others: Sequence[Delivery],
    now: Ticks,
) -> None:
    answers: set[Answer] = set()  # of this batch
    of_entities = EntityAnswers(state.requested, state.raised)
    suspended = state.suspended
    for delivery in others:
        event = delivery.message.event
        target = delivery.message.target.execution_id
        answer = answer_of(event)
        call = entity_answer_of(delivery.message)
        is_repeated = (
            answer is not None and (answer in answers or answer in state.answers)
        ) or of_entities.is_repeated(call)
        is_unknown = answer is not None and answer[1] not in state.action_ids
        is_early = of_entities.is_early(call)
        if _is_foreign(target, execution_id) or is_repeated:
            _drop(verdict, state, delivery, now)
        elif is_early and _is_unasked(delivery):
            _give_up(verdict, state, delivery, now)
        elif is_unknown or is_early:
            # the answer overtook the checkpoint that holds the question
            verdict.defer.append((delivery, backoff(delivery.deliveries)))
        elif isinstance(event, TimerFired) and event.fire_at > now:
            verdict.defer.append((delivery, seconds_between(now, event.fire_at)))
        elif isinstance(event, ExecutionSuspended) and suspended:
            verdict.drop.append(delivery)
        else:
            if answer is not None:
                answers.add(answer)
            of_entities.note(call)
            suspended = _suspended_after(event, suspended)
            verdict.take.append(delivery)


def _answers_request(message: Message) -> bool:
    """Tell whether an entity answers a request, or grants it."""
    return is_named_by_request(message) or is_grant(message)


def _is_unasked(delivery: Delivery) -> bool:
    """Tell whether an entity's answer has waited long enough for the turn that asked: it was lost."""
    return delivery.deliveries >= UNASKED_PATIENCE and _answers_request(delivery.message)


def _drop(verdict: Verdict, state: State, delivery: Delivery, now: Ticks) -> None:
    """Drop a message; if it is a grant, its locks are given back, where nothing else would."""
    verdict.drop.append(delivery)
    has_ended = not state.is_live
    verdict.replies.extend(
        releases_of_stray(delivery.message, state.sent, now, has_ended=has_ended)
    )


def _give_up(verdict: Verdict, state: State, delivery: Delivery, now: Ticks) -> None:
    """Drop an answer of an entity that no turn has asked for."""
    verdict.unasked.append(delivery)
    _drop(verdict, state, delivery, now)


def _suspended_after(event: Event, suspended: bool) -> bool:
    if isinstance(event, ExecutionSuspended):
        return True
    return suspended and not isinstance(event, ExecutionResumed)


def _judge_before_start(
    verdict: Verdict, delivery: Delivery, row: Instance | None, now: Ticks
) -> None:
    """Judge a message to an instance that has no history, or only that of an earlier execution."""
    event, target = delivery.message.event, delivery.message.target.execution_id
    is_over = row is not None and (row.status.is_terminal or _is_foreign(target, row.execution_id))
    if _answers_request(delivery.message):
        if is_over:
            _drop(verdict, State(), delivery, now)
        elif _is_unasked(delivery):
            _give_up(verdict, State(), delivery, now)
        else:
            verdict.defer.append((delivery, backoff(delivery.deliveries)))
    elif row is None:
        if answer_of(event) is not None:
            _hold(verdict, delivery, ANSWER_PATIENCE)
        elif isinstance(event, EventRaised | ExecutionTerminated):
            _hold(verdict, delivery, EVENT_PATIENCE)  # a child may be about to start
        else:
            verdict.drop.append(delivery)
    elif is_over:
        verdict.drop.append(delivery)
    elif answer_of(event) is not None or row.status is not Status.Pending:
        _hold(verdict, delivery, ANSWER_PATIENCE)
    elif isinstance(event, ExecutionTerminated):
        verdict.drop.append(delivery)
        if verdict.repair is None:
            verdict.repair = terminated_before_start(row, event, now)
    elif isinstance(event, EventRaised | ExecutionSuspended | ExecutionResumed):
        verdict.defer.append((delivery, _until_start(row, delivery, now)))
    else:
        verdict.drop.append(delivery)


def _hold(verdict: Verdict, delivery: Delivery, patience: int) -> None:
    """Put *delivery* back for a while; drop it for good at its *patience*-th delivery."""
    if delivery.deliveries >= patience:
        verdict.drop.append(delivery)
    else:
        verdict.defer.append((delivery, backoff(delivery.deliveries)))


def _until_start(row: Instance, delivery: Delivery, now: Ticks) -> float:
    """Return how long a message waits for a start that is to come."""
    if row.scheduled_start is not None and row.scheduled_start > now:
        return seconds_between(now, row.scheduled_start) + 1.0
    return backoff(delivery.deliveries)


def _lost_the_race(event: ExecutionStarted, row: Instance) -> bool:
    """Tell whether two clients started one ID at once and *row* is the other's."""
    same_generation = (event.generation or 0) == (row.generation or 0)
    return same_generation and row.status is Status.Pending and row.created < event.timestamp


def _is_foreign(target: str | None, execution_id: str | None) -> bool:
    """Tell whether a message to the execution *target* (``None``: any) is not for *execution_id*."""
    return (
        target is not None and execution_id is not None and not same_execution(target, execution_id)
    )


def _is_earlier_try(event: ExecutionStarted, old: ExecutionStarted) -> bool:
    """Tell whether the same execution of a parent has started *event* before *old*."""
    one, other = owner_of(event), owner_of(old)
    return (
        one is not None
        and other is not None
        and same_execution(one[0], other[0])
        and one[1] < other[1]
        and event.timestamp < old.timestamp
    )


def _refusal(event: ExecutionStarted) -> Message:
    """Return what a parent is told whose child's ID belongs to another running instance."""
    assert event.parent is not None  # noqa: S101 (for the types)
    problem = f"an orchestration with the ID '{event.execution.instance_id}' is already running"
    return Message(
        event=SubOrchestrationInstanceFailed(
            timestamp=event.timestamp,
            task_scheduled_id=event.parent.task_schedule_id,
            reason=problem,
            failure=Failure(error_type="OrchestrationAlreadyExists", message=problem),
        ),
        target=event.parent.execution,
        sender=Execution(event.execution.instance_id, event.execution.execution_id),
    )

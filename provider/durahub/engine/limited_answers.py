"""What becomes of a worker's answer that is over a limit of its hub: a failure that says so.

It cannot be refused: a completion that is refused is delivered again, and fails again, for ever.
"""

from collections.abc import Callable
from dataclasses import replace

from durahub.engine.actions import (
    Action,
    Complete,
    CreateSubOrchestration,
    ScheduleTask,
    SendEvent,
    TurnResult,
)
from durahub.engine.answers import ActivityResult
from durahub.engine.dtfx_turn import HistoryResult, TurnAnswer
from durahub.engine.entities.work import (
    EntityAction,
    EntityAnswer,
    EntityBatchDone,
    EntityResult,
    OperationResult,
    SendSignal,
)
from durahub.engine.limits import Limits
from durahub.errors import UsageError
from durahub.model.failure import Failure
from durahub.model.history import (
    Event,
    EventRaised,
    ExecutionCompleted,
    ExecutionStarted,
    Status,
    TaskScheduled,
)

ERROR_TYPE = "LimitExceeded"  # of the failures that take the place of answers


def limited_turn(limits: Limits, result: TurnAnswer) -> TurnAnswer:
    """Return *result*; where anything in it is over a limit, a failure of the orchestration.

    Nothing else of the turn is done then. A custom status at fault is dropped.
    """
    problem = _problem(_check_turn, limits, result)
    if problem is None:
        return result
    end = Complete(id=_end_id(result), status=Status.Failed, failure=_failure(problem))
    status = result.custom_status
    if _problem(limits.check_payload, "the custom status", status) is not None:
        status = None
    return TurnResult(
        actions=(end,),
        custom_status=status,
        events_processed=result.events_processed,
        span_id=result.span_id,
        span_start=result.span_start,
    )


def _end_id(result: TurnAnswer) -> int:
    """Return the number of the event that ends the execution: the one meant for it, or a new one."""
    if isinstance(result, HistoryResult):
        numbers = [getattr(one, "event_id", -1) for one in result.new_history]
        return max(numbers, default=-1) + 1
    ends = [action.id for action in result.actions if isinstance(action, Complete)]
    return ends[0] if ends else max((action.id for action in result.actions), default=-1) + 1


def _check_turn(limits: Limits, result: TurnAnswer) -> None:
    """Raise `OverLimit` or `BadInstanceId` where anything in a turn is over a limit."""
    limits.check_payload("the custom status", result.custom_status)
    if isinstance(result, HistoryResult):
        for told in (*result.new_history, *result.sent, *result.new_tasks):
            _check(limits, told)
        for posted in result.new_messages:
            _check_posted(limits, posted.event)
    else:
        for action in result.actions:
            _check(limits, action)


def _check(limits: Limits, told: Action | Event) -> None:
    match told:
        case ScheduleTask() | TaskScheduled():
            limits.check_payload(f"the input of activity {told.name!r}", told.input)
        case CreateSubOrchestration():
            if told.instance_id:
                limits.check_instance_id(told.instance_id)
            limits.check_payload(f"the input of orchestration {told.name!r}", told.input)
            limits.check_tags(f"orchestration {told.name!r}", told.tags)
        case SendEvent():
            limits.check_payload(f"the data of event {told.name!r}", told.input)
        case Complete(status=Status.ContinuedAsNew):
            limits.check_payload("the input of the next execution", told.result)
            for event in told.carry_over:
                limits.check_payload(f"the data of event {event.name!r}", event.input)
        case Complete() | ExecutionCompleted():
            limits.check_payload("the output", told.result)


def _check_posted(limits: Limits, event: Event) -> None:
    match event:
        case ExecutionStarted():
            limits.check_instance_id(event.execution.instance_id)
            limits.check_payload(f"the input of orchestration {event.name!r}", event.input)
            limits.check_tags(f"orchestration {event.name!r}", event.tags)
        case EventRaised():
            limits.check_payload(f"the data of event {event.name!r}", event.input)


def limited_activity(limits: Limits, result: ActivityResult) -> ActivityResult:
    """Return an activity's result; one that is too large as a failure not to be repeated."""
    if result.failure is not None:
        return result
    problem = _problem(limits.check_payload, "the output of the activity", result.result)
    return result if problem is None else ActivityResult(failure=_failure(problem))


def limited_entity(limits: Limits, answer: EntityAnswer, state: str | None) -> EntityAnswer:
    """Return the answer to a batch, with *state* from before it.

    A result that is too large becomes that operation's failure. Where the state or what the entity
    sends is over a limit every operation has failed, and nothing of the batch is kept. A DTFx worker
    has answered the callers itself, so that nothing can be taken back.
    """
    if isinstance(answer, EntityBatchDone):
        return answer
    problem = _problem(_check_entity, limits, answer)
    if problem is not None:
        failed = OperationResult(failure=_failure(problem))
        return EntityResult(results=(failed,) * len(answer.results), state=state)
    return replace(answer, results=tuple(_operation(limits, one) for one in answer.results))


def _operation(limits: Limits, one: OperationResult) -> OperationResult:
    problem = _problem(limits.check_payload, "the result of the operation", one.result)
    return one if problem is None else OperationResult(failure=_failure(problem))


def _check_entity(limits: Limits, answer: EntityResult) -> None:
    limits.check_payload("the state of the entity", answer.state)
    for action in answer.actions:
        _check_entity_action(limits, action)


def _check_entity_action(limits: Limits, action: EntityAction) -> None:
    if isinstance(action, SendSignal):
        limits.check_entity_id(action.target)
        limits.check_payload(f"the input of signal {action.name!r}", action.input)
    else:
        if action.instance_id:
            limits.check_instance_id(action.instance_id)
        limits.check_payload(f"the input of orchestration {action.name!r}", action.input)


def _problem(check: Callable[..., None], *arguments: object) -> UsageError | None:
    """Return what *check* raises of *arguments*."""
    try:
        check(*arguments)
    except UsageError as problem:
        return problem
    return None


def _failure(problem: UsageError) -> Failure:
    return Failure(error_type=ERROR_TYPE, message=str(problem), non_retriable=True)

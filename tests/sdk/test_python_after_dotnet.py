"""What .NET began a worker of the Python SDK ends, wherever .NET was stopped.

The histories are .NET's: recorded ones, cut after each of their episodes, and some more of their kind.
What was under way at the cut is sent anew.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.task import OrchestrationContext, RetryPolicy, Task, TaskFailedError
from durabletask.worker import TaskHubGrpcWorker

from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    TaskFailed,
    TaskScheduled,
    TimerCreated,
    TimerFired,
)
from durahub.model.message import Message
from tests.checklist.served_hubs import ServedHub, classic_store, new_name, scheduler_store, served
from tests.checklist.stored_histories import begun, episodes, put_history, recorded
from tests.conftest import Storage

pytestmark = [pytest.mark.sdk, pytest.mark.asyncio]

Json = Any
Turns = Iterator[Task[Any]]
NOTHING = pb.WorkItemFilters(
    orchestrations=[pb.OrchestrationFilter(name="none")],
    activities=[pb.ActivityFilter(name="none")],
)
POLICY = RetryPolicy(first_retry_interval=timedelta(milliseconds=100), max_number_of_attempts=3)
TWICE = RetryPolicy(first_retry_interval=timedelta(milliseconds=100), max_number_of_attempts=2)


def Retries(ctx: OrchestrationContext, row: Json) -> Turns:  # noqa: N802 (recorded)
    result = yield ctx.call_activity("Flaky", input=row, retry_policy=POLICY)
    return [result, (yield ctx.call_activity("Noted"))]


def ByHand(ctx: OrchestrationContext, _: Json) -> Turns:  # noqa: N802
    for _ in range(4):
        try:
            return (yield ctx.call_activity("Flaky"))
        except TaskFailedError:
            yield ctx.create_timer(timedelta(milliseconds=100))
    return "never"


def GivesUp(ctx: OrchestrationContext, _: Json) -> Turns:  # noqa: N802
    try:
        return (yield ctx.call_activity("Broken", retry_policy=TWICE))
    except TaskFailedError:
        return (yield ctx.call_activity("Noted"))


def Flaky(ctx: Any, _: Json) -> str:  # noqa: N802
    return "finally"


def Noted(ctx: Any, _: Json) -> str:  # noqa: N802
    return "noted"


@contextlib.asynccontextmanager
async def python_hub(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[ServedHub]:
    """Serve a new hub, with a worker of the Python SDK."""
    async with contextlib.AsyncExitStack() as open_things:
        if kind == "scheduler":
            store: Any = await open_things.enter_async_context(scheduler_store(new_name()))
        else:
            storage: Storage = request.getfixturevalue("azurite")
            classic = classic_store(new_name(), storage.connection_string)
            store = await open_things.enter_async_context(classic)
        hub = await open_things.enter_async_context(served(store, workItemFilters=NOTHING))
        quiet = logging.getLogger("tests.sdk.quiet")
        quiet.setLevel(logging.CRITICAL)
        worker = TaskHubGrpcWorker(host_address=f"127.0.0.1:{hub.port}", logger=quiet)
        for orchestrator in (Retries, ByHand, GivesUp):
            worker.add_orchestrator(orchestrator)
        for activity in (Flaky, Noted):
            worker.add_activity(activity)
        worker.start()
        try:
            yield hub
        finally:
            await asyncio.to_thread(worker.stop)  # it waits for this loop to take its last answers


STORES = [pytest.param("classic", marks=pytest.mark.azurite), "scheduler"]


def under_way(instance_id: str, events: Sequence[Event]) -> tuple[list[Message], list[Message]]:
    """Return the activities and the timers that have no answer in *events*, as messages."""
    [started] = (event for event in events if isinstance(event, ExecutionStarted))
    target = Execution(instance_id, started.execution.execution_id)
    answered = {getattr(e, "task_scheduled_id", getattr(e, "timer_id", None)) for e in events}
    waiting = [event for event in events if event.event_id not in answered]
    activities = [
        Message(event=event, target=target, sender=target)
        for event in waiting
        if isinstance(event, TaskScheduled)
    ]
    timers = [
        Message(event=fired(event), target=target, sender=target)
        for event in waiting
        if isinstance(event, TimerCreated)
    ]
    return activities, timers


def fired(timer: TimerCreated) -> TimerFired:
    return TimerFired(timestamp=timer.timestamp, timer_id=timer.event_id, fire_at=timer.fire_at)


async def ended(hub: ServedHub, instance_id: str, events: Sequence[Event]) -> str:
    """Return the output of an instance that goes on from *events*."""
    activities, timers = under_way(instance_id, events)
    await put_history(hub, instance_id, events, activities=activities, outbound=timers)
    state = await hub.ended(instance_id)
    assert state.orchestrationStatus == pb.ORCHESTRATION_STATUS_COMPLETED, state
    return str(state.output.value)


@pytest.mark.parametrize("kind", STORES)
async def test_python_goes_on_after_each_episode_of_retries(
    kind: str, request: pytest.FixtureRequest
) -> None:
    whole = recorded("finished", "retries")
    async with python_hub(kind, request) as hub:
        for count in range(1, 6):
            output = await ended(hub, f"retries-{count}", episodes(whole, count))
            assert output == '["finally", "noted"]'
            numbers = [e.event_id for e in await hub.history(f"retries-{count}") if e.event_id >= 0]
            assert numbers == list(range(len(numbers)))


def by_dotnet(name: str, *turns: Sequence[Event]) -> list[Event]:
    """Return the history of an orchestration: its start and what each turn holds."""
    start, started = begun("any", name)
    now = started.timestamp
    mark = OrchestratorCompleted(timestamp=now)
    first, *others = turns
    found: list[Event] = [start, started, *first, mark]
    for turn in others:
        found += [OrchestratorStarted(timestamp=now), *turn, mark]
    return found


def task(number: int, name: str) -> TaskScheduled:
    return TaskScheduled(event_id=number, timestamp=0, name=name, version="")


def failed(number: int) -> TaskFailed:
    return TaskFailed(timestamp=0, task_scheduled_id=number, reason="no")


def timer(number: int) -> TimerCreated:
    return TimerCreated(event_id=number, timestamp=0, fire_at=0)


@pytest.mark.parametrize("kind", STORES)
async def test_a_loop_by_hand_is_not_taken_for_a_retry_in_the_end(
    kind: str, request: pytest.FixtureRequest
) -> None:
    events = by_dotnet(
        "ByHand",
        [task(0, "Flaky")],
        [failed(0), timer(1)],
        [fired(timer(1)), task(2, "Flaky")],
        [failed(2), timer(3)],
    )
    async with python_hub(kind, request) as hub:
        assert await ended(hub, "by-hand", events) == '"finally"'


@pytest.mark.parametrize("kind", STORES)
@pytest.mark.parametrize("is_over", [False, True])
async def test_python_goes_on_after_the_pause_that_follows_a_last_try(
    kind: str, is_over: bool, request: pytest.FixtureRequest
) -> None:
    turns = [
        [task(0, "Broken")],
        [failed(0), timer(1)],
        [fired(timer(1)), task(2, "Broken")],
        [failed(2), timer(3)],
    ]
    if is_over:
        turns.append([fired(timer(3)), task(4, "Noted")])
    async with python_hub(kind, request) as hub:
        assert await ended(hub, "gives-up", by_dotnet("GivesUp", *turns)) == '"noted"'

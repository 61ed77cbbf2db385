"""A hub with DTS's limits, at work: clients are refused, workers' answers become failures, once."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from durahub.dispatch.clients import StartRequest
from durahub.dispatch.limited import LimitedHub
from durahub.dispatch.settings import DispatchSettings
from durahub.dispatch.streams import WorkStream
from durahub.dispatch.work import ActivityWork, OrchestratorWork, StreamOptions
from durahub.engine.actions import Complete, ScheduleTask, TurnResult
from durahub.engine.limited_answers import ERROR_TYPE
from durahub.engine.limits import DTS, MIB
from durahub.errors import BadInstanceId, OverLimit
from durahub.model.history import Status, TaskFailed
from durahub.storage import SqliteStorage

BIG = "x" * (MIB + 1)
WITHIN = 60.0


@pytest.fixture
async def hub() -> AsyncIterator[LimitedHub]:
    async with SqliteStorage(":memory:") as storage:
        served = LimitedHub(storage.store("Shop"), settings=DispatchSettings(limits=DTS, drain=0.1))
        await served.open(create=True)
        running = asyncio.create_task(served.run())
        yield served
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        served.stop_streams()
        await served.close()


def worker(hub: LimitedHub) -> WorkStream:
    return hub.connect(
        StreamOptions(worker_id="w", max_orchestrations=1, max_activities=1, max_entities=1)
    )


async def turn(stream: WorkStream) -> OrchestratorWork:
    work = await asyncio.wait_for(stream.next(), WITHIN)
    assert isinstance(work, OrchestratorWork)
    return work


@pytest.mark.parametrize(
    ("request_", "error", "said"),
    [
        (StartRequest(name="O", input=BIG), OverLimit, "the input of the orchestration has"),
        (StartRequest(name="O", instance_id="x" * 101), BadInstanceId, "limit of this hub is 100"),
        (StartRequest(name="O", instance_id="é"), BadInstanceId, "printable ASCII"),
        (StartRequest(name="O", tags={"t": "x" * 1000}), OverLimit, "the tags of"),
    ],
)
async def test_a_start_over_a_limit_is_refused_and_nothing_is_started(
    hub: LimitedHub, request_: StartRequest, error: type[Exception], said: str
) -> None:
    with pytest.raises(error, match=said):
        await hub.start(request_)
    if request_.instance_id:
        assert await hub.get(request_.instance_id) is None


async def test_what_else_clients_send_is_measured_too(hub: LimitedHub) -> None:
    instance = await hub.start(StartRequest(name="O"))

    with pytest.raises(OverLimit, match="the data of event 'E'"):
        await hub.raise_event(instance, "E", BIG)
    with pytest.raises(OverLimit, match="the output of the termination"):
        await hub.terminate(instance, BIG, recursive=False)
    with pytest.raises(OverLimit, match="the reason"):
        await hub.suspend(instance, BIG)
    with pytest.raises(OverLimit, match="the reason"):
        await hub.resume(instance, BIG)
    with pytest.raises(OverLimit, match="the input of signal 'add'"):
        await hub.signal_entity("@counter@a", "add", BIG)
    with pytest.raises(BadInstanceId):
        await hub.signal_entity(f"@counter@{'k' * 100}", "add", None)


async def test_an_output_over_the_limit_ends_the_orchestration_as_failed(hub: LimitedHub) -> None:
    stream = worker(hub)
    instance = await hub.start(StartRequest(name="O"))
    work = await turn(stream)
    end = Complete(id=1, status=Status.Completed, result=BIG)
    await hub.complete_orchestration(work.token, instance, TurnResult(actions=(end,)))

    state = await asyncio.wait_for(hub.wait_for_completion(instance, payloads=True), WITHIN)

    assert state.status is Status.Failed
    failure = await hub.failure_of(state)
    assert failure is not None
    assert failure.error_type == ERROR_TYPE
    assert "the output has 1048577 bytes" in failure.message


async def test_an_activity_result_over_the_limit_fails_the_activity_and_is_not_delivered_again(
    hub: LimitedHub,
) -> None:
    stream = worker(hub)
    instance = await hub.start(StartRequest(name="O"))
    first = await turn(stream)
    task = ScheduleTask(id=1, name="A")
    await hub.complete_orchestration(first.token, instance, TurnResult(actions=(task,)))
    activity = await asyncio.wait_for(stream.next(), WITHIN)
    assert isinstance(activity, ActivityWork)
    await hub.complete_activity(activity.token, instance, 1, result=BIG, failure=None)

    second = await turn(stream)

    failed = [event for event in second.new if isinstance(event, TaskFailed)]
    assert [event.failure and event.failure.non_retriable for event in failed] == [True]

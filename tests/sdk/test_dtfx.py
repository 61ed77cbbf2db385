"""Workers that compute their histories by themselves, on both stores: what DTFx needs of a hub."""

import asyncio
from collections.abc import AsyncIterator, Generator
from typing import Any

import grpc
import pytest
from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.task import ActivityContext, OrchestrationContext

from durahub.edge.backend import backend_service_pb2 as bs
from tests.compatibility.claims import dtfx
from tests.sdk.dtfx_hubs import Served, served
from tests.sdk.dtfx_replay import Context, Failed, Orchestrator, Task
from tests.sdk.dtfx_worker import DtfxWorker, Stub, at_work, complete, handed_in

pytestmark = dtfx(
    "DTFx: orchestrations and activities",
    *("CreateInstance", "GetInstance", "WaitForInstance", "AddEvent", "GetWorkItems"),
    *("GetOrchestrationRuntimeState", "StreamInstanceHistory"),
    *("CompleteOrchestrationWorkItem", "CompleteActivityWorkItem"),
)

COMPLETED = pb.ORCHESTRATION_STATUS_COMPLETED
FAILED = pb.ORCHESTRATION_STATUS_FAILED
TERMINATED = pb.ORCHESTRATION_STATUS_TERMINATED
RUNNING = pb.ORCHESTRATION_STATUS_RUNNING
SUSPENDED = pb.ORCHESTRATION_STATUS_SUSPENDED
PENDING = pb.ORCHESTRATION_STATUS_PENDING

Steps = Generator[Task, Any, Any]


def chain(ctx: Context) -> Steps:
    value = ctx.input
    for _ in range(3):
        value = yield ctx.activity("inc", value)
    return value


def fan_out(ctx: Context) -> Steps:
    results = yield ctx.all([ctx.activity("inc", n) for n in range(5)])
    return sum(results)


def timed(ctx: Context) -> Steps:
    yield ctx.timer(0.2)
    return "late"


def family(ctx: Context) -> Steps:
    first = yield ctx.child("chain", 1)
    try:
        yield ctx.child("broken")
    except Failed as failed:
        return [first, failed.details.errorType, str(failed)]
    return None


def broken(ctx: Context) -> Steps:
    yield ctx.activity("fail", "no stock")


def waits(ctx: Context) -> Steps:
    ctx.custom_status = '"waiting"'
    return (yield ctx.event("Go"))


def waits_twice(ctx: Context) -> Steps:
    first = yield ctx.event("Go")
    return [first, (yield ctx.event("Go"))]


def counts_down(ctx: Context) -> Steps:
    yield ctx.activity("inc", ctx.input)
    if ctx.input:
        ctx.continue_as_new(ctx.input - 1)
    return "done"


def gathers(ctx: Context) -> Steps:
    """Take one event a generation; what is unread goes on to the next."""
    yield ctx.event("item")
    if ctx.input > 1:
        ctx.continue_as_new(ctx.input - 1)
    return "all"


def talks(ctx: Context) -> Steps:
    ctx.send("listener", "Go", "hello")
    yield ctx.timer(0.0)
    return "sent"


def fail(given: str) -> None:
    raise ValueError(given)


ORCHESTRATORS: dict[str, Orchestrator] = {
    f.__name__: f
    for f in (
        chain,
        fan_out,
        timed,
        family,
        broken,
        waits,
        waits_twice,
        counts_down,
        gathers,
        talks,
    )
}
ACTIVITIES = {"inc": lambda n: n + 1, "fail": fail}


@pytest.fixture(params=["scheduler", pytest.param("classic", marks=pytest.mark.azurite)])
async def hub(request: pytest.FixtureRequest, hub_name: str) -> AsyncIterator[Served]:
    """A served hub without workers."""
    place = None
    if request.param == "classic":
        place = request.getfixturevalue("azurite").connection_string
    async with served(hub_name, place) as found:
        yield found


def a_worker(hub: Served, **how: Any) -> DtfxWorker:
    return DtfxWorker(hub.channel, hub.name, ORCHESTRATORS, ACTIVITIES, **how)


@pytest.fixture
async def worker(hub: Served) -> AsyncIterator[DtfxWorker]:
    async with at_work(a_worker(hub)) as at:
        yield at


# --- what orchestrations do -----------------------------------------------------------------------


async def test_a_chain_ends_and_its_history_has_the_shape_of_dtfx(
    hub: Served, worker: DtfxWorker
) -> None:
    instance_id = await hub.client.start("chain", "1")
    ended = await hub.client.end(instance_id)
    assert (ended.orchestrationStatus, ended.output.value) == (COMPLETED, "4")
    kinds = await hub.client.kinds(instance_id)
    turn = ["orchestratorStarted", "taskCompleted", "taskScheduled", "orchestratorCompleted"]
    assert kinds == [
        *("orchestratorStarted", "executionStarted", "taskScheduled", "orchestratorCompleted"),
        *turn * 2,
        *("orchestratorStarted", "taskCompleted", "executionCompleted", "orchestratorCompleted"),
    ]
    assert worker.refused == []


async def test_the_history_does_not_hold_the_inputs_of_activities(
    hub: Served, worker: DtfxWorker
) -> None:
    instance_id = await hub.client.start("chain", "1")
    await hub.client.end(instance_id)
    history = await hub.client.history(instance_id)
    scheduled = [e.taskScheduled for e in history if e.HasField("taskScheduled")]
    assert [(s.name, s.HasField("input")) for s in scheduled] == [("inc", False)] * 3


async def test_a_fan_out_comes_together(hub: Served, worker: DtfxWorker) -> None:
    ended = await hub.client.end(await hub.client.start("fan_out"))
    assert ended.output.value == "15"


async def test_a_timer_fires(hub: Served, worker: DtfxWorker) -> None:
    ended = await hub.client.end(await hub.client.start("timed"))
    assert ended.output.value == '"late"'


async def test_a_parent_gets_the_result_of_a_child_and_the_failure_of_another(
    hub: Served, worker: DtfxWorker
) -> None:
    ended = await hub.client.end(await hub.client.start("family"))
    assert ended.output.value == '[4, "ValueError", "no stock"]'


async def test_a_failure_is_stored_with_its_details(hub: Served, worker: DtfxWorker) -> None:
    ended = await hub.client.end(await hub.client.start("broken"))
    assert ended.orchestrationStatus == FAILED
    details = ended.failureDetails
    assert (details.errorType, details.errorMessage) == ("ValueError", "no stock")
    assert ended.output.value == "ValueError: no stock"


async def test_an_event_reaches_its_orchestration_and_the_custom_status_is_seen(
    hub: Served, worker: DtfxWorker
) -> None:
    instance_id = await hub.client.start("waits")
    await hub.client.until(instance_id, lambda s: s.customStatus.value == '"waiting"')
    await hub.client.raise_event(instance_id, "go", '"now"')
    assert (await hub.client.end(instance_id)).output.value == '"now"'


async def test_an_orchestration_raises_an_event_at_another(hub: Served, worker: DtfxWorker) -> None:
    await hub.client.start("waits", instance_id="listener")
    await hub.client.until("listener", lambda s: s.orchestrationStatus == RUNNING)
    await hub.client.end(await hub.client.start("talks"))
    assert (await hub.client.end("listener")).output.value == '"hello"'


async def test_a_continue_as_new_leaves_the_last_generation_only(
    hub: Served, worker: DtfxWorker
) -> None:
    instance_id = await hub.client.start("counts_down", "2")
    first = (await hub.client.state(instance_id)).executionId.value
    ended = await hub.client.end(instance_id)
    assert ended.output.value == '"done"'
    assert ended.input.value == "0"
    assert ended.executionId.value != first
    kinds = await hub.client.kinds(instance_id)
    assert kinds.count("executionStarted") == 1
    assert kinds.count("taskScheduled") == 1


async def test_events_that_were_not_read_go_on_to_the_next_generation(
    hub: Served, worker: DtfxWorker
) -> None:
    instance_id = await hub.client.start("gathers", "3")
    for number in "123":
        await hub.client.raise_event(instance_id, "item", number)
    assert (await hub.client.end(instance_id)).output.value == '"all"'


async def test_a_termination_ends_an_instance(hub: Served, worker: DtfxWorker) -> None:
    instance_id = await hub.client.start("waits")
    await hub.client.until(instance_id, lambda s: s.orchestrationStatus == RUNNING)
    stop = pb.ExecutionTerminatedEvent(input={"value": '"stop"'})
    await hub.client.add(instance_id, executionTerminated=stop)
    ended = await hub.client.end(instance_id)
    assert (ended.orchestrationStatus, ended.output.value) == (TERMINATED, '"stop"')


async def test_a_suspended_instance_keeps_its_events_until_it_is_resumed(
    hub: Served, worker: DtfxWorker
) -> None:
    instance_id = await hub.client.start("waits")
    await hub.client.add(instance_id, executionSuspended=pb.ExecutionSuspendedEvent())
    await hub.client.until(instance_id, lambda s: s.orchestrationStatus == SUSPENDED)
    await hub.client.raise_event(instance_id, "Go", "1")
    await hub.client.add(instance_id, executionResumed=pb.ExecutionResumedEvent())
    assert (await hub.client.end(instance_id)).output.value == "1"


# --- work items -----------------------------------------------------------------------------------


async def test_a_worker_may_ask_for_the_history_of_its_turn(hub: Served) -> None:
    async with at_work(a_worker(hub, fetches_history=True)):
        ended = await hub.client.end(await hub.client.start("chain", "1"))
    assert ended.output.value == "4"


async def test_a_work_item_has_the_messages_only_and_the_history_all_that_is_stored(
    hub: Served, worker: DtfxWorker
) -> None:
    await hub.client.end(await hub.client.start("chain", "1"))
    turns = [i.orchestratorRequest for i in worker.seen if i.HasField("orchestratorRequest")]
    assert [[e.WhichOneof("eventType") for e in t.newEvents] for t in turns] == [
        ["executionStarted"],
        *[["taskCompleted"]] * 3,
    ]
    assert [len(turn.pastEvents) for turn in turns] == [0, 4, 8, 12]
    assert turns[1].pastEvents[3].HasField("orchestratorCompleted")


async def test_a_worker_without_a_maximum_for_orchestrations_gets_none(hub: Served) -> None:
    idle = a_worker(hub, maximum=0, worker_id="idle")
    async with at_work(idle), at_work(a_worker(hub)):
        await hub.client.end(await hub.client.start("chain", "1"))
    assert idle.seen == []


@dtfx("DTFx: work given back", "AbandonOrchestrationWorkItem")
async def test_what_is_abandoned_is_delivered_again(hub: Served, worker: DtfxWorker) -> None:
    async def refuse_once(item: pb.WorkItem) -> bool:
        worker.on_turn = None
        token = item.completionToken
        request = bs.AbandonOrchestrationWorkItemRequest(completionToken=token)
        await worker.stub.AbandonOrchestrationWorkItem(request)
        return True

    worker.on_turn = refuse_once
    assert (await hub.client.end(await hub.client.start("chain", "1"))).output.value == "4"
    tokens = {item.completionToken for item in worker.seen}
    assert len(tokens) == len(worker.seen) == 8  # 4 turns, 3 activities, one turn again


@dtfx("DTFx: work given back", "ReleaseOrchestrationWorkItem")
async def test_what_is_released_is_delivered_at_once(hub: Served, worker: DtfxWorker) -> None:
    async def let_go_once(item: pb.WorkItem) -> bool:
        worker.on_turn = None
        token = item.completionToken
        request = bs.ReleaseOrchestrationWorkItemRequest(completionToken=token)
        await worker.stub.ReleaseOrchestrationWorkItem(request)
        return True

    worker.on_turn = let_go_once
    assert (await hub.client.end(await hub.client.start("chain", "1"))).output.value == "4"


async def test_a_completion_that_means_nothing_is_refused_and_the_turn_comes_again(
    hub: Served, worker: DtfxWorker
) -> None:
    async def nonsense_once(item: pb.WorkItem) -> bool:
        worker.on_turn = None
        request = await worker.completion(item)
        request.newTasks.add(eventId=9, timerFired=pb.TimerFiredEvent())
        await worker.stub.CompleteOrchestrationWorkItem(request)
        return True

    worker.on_turn = nonsense_once
    assert (await hub.client.end(await hub.client.start("chain", "1"))).output.value == "4"
    assert worker.refused == [grpc.StatusCode.INVALID_ARGUMENT]


async def test_the_work_of_a_lost_worker_goes_to_another(hub: Served) -> None:
    lost = a_worker(hub, worker_id="lost")
    lost.hold = True
    async with at_work(lost):
        instance_id = await hub.client.start("chain", "1")
        old = await lost.until_seen(1)
    async with at_work(a_worker(hub)):
        assert (await hub.client.end(instance_id)).output.value == "4"
    late = await lost.completion(old)
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await hub.client.stub.CompleteOrchestrationWorkItem(late)
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


async def test_a_completion_in_parts_is_taken_as_a_whole(hub: Served, worker: DtfxWorker) -> None:
    async def in_parts(item: pb.WorkItem) -> bool:
        whole = await worker.completion(item)
        parts = [bs.CompleteOrchestrationWorkItemRequest() for _ in range(2)]
        for number, part in enumerate(parts):
            part.CopyFrom(whole)
            for name in ("newHistory", "newTasks"):
                events = list(getattr(whole, name))
                half = len(events) // 2
                part.ClearField(name)
                getattr(part, name).extend(events[half:] if number else events[:half])
            part.isPartial = number == 0
            part.chunkIndex.value = number
            await worker.stub.CompleteOrchestrationWorkItem(part)
        return True

    worker.on_turn = in_parts
    assert (await hub.client.end(await hub.client.start("fan_out"))).output.value == "15"


async def test_messages_that_were_not_processed_come_again(hub: Served, worker: DtfxWorker) -> None:
    async def first_only(item: pb.WorkItem) -> bool:
        if len(item.orchestratorRequest.newEvents) == 1:
            return False
        del item.orchestratorRequest.newEvents[1:]
        request = await worker.completion(item)
        request.numEventsProcessed.value = 1
        await worker.stub.CompleteOrchestrationWorkItem(request)
        return True

    worker.on_turn = first_only
    assert (await hub.client.end(await hub.client.start("fan_out"))).output.value == "15"


# --- extended sessions ----------------------------------------------------------------------------


def turn_in(session: Any, item: pb.WorkItem, past: list[Any], new: list[Any], count: int) -> Any:
    """Return a call that completes a turn of a session."""
    done = complete(ORCHESTRATORS, past, new)
    past += done.history
    request = handed_in(item, done)
    request.completionCount = count
    return session.CompleteOrchestrationWorkItemWithExtendedSession(request)


@dtfx("DTFx: extended sessions", "CompleteOrchestrationWorkItemWithExtendedSession")
async def test_a_session_gets_its_messages_over_the_call_that_began_it(hub: Served) -> None:
    worker = a_worker(hub)
    worker.hold = True
    async with at_work(worker):
        instance_id = await hub.client.start("waits_twice")
        item = await worker.until_seen(1)
        past: list[pb.HistoryEvent] = []
        first = turn_in(worker.stub, item, past, list(item.orchestratorRequest.newEvents), 1)
        assert (await first.read()).HasField("orchestratorResponse")
        await hub.client.raise_event(instance_id, "Go", "1")
        news = list((await first.read()).newMessages.events)
        assert [event.eventRaised.name for event in news] == ["Go"]
        second = turn_in(worker.stub, item, past, news, 2)
        assert (await second.read()).HasField("orchestratorResponse")
        assert await first.read() is grpc.aio.EOF  # the later call is the one that is answered
        await hub.client.raise_event(instance_id, "Go", "2")
        news = list((await second.read()).newMessages.events)
        third = turn_in(worker.stub, item, past, news, 3)
        assert (await third.read()).HasField("orchestratorResponse")
        assert await third.read() is grpc.aio.EOF
        assert (await hub.client.end(instance_id)).output.value == "[1, 2]"
    assert len(worker.seen) == 1
    assert (await hub.client.kinds(instance_id)).count("eventRaised") == 2


@dtfx("DTFx: extended sessions", "CompleteOrchestrationWorkItemWithExtendedSession")
async def test_a_completion_of_a_session_that_is_repeated_is_taken_once(hub: Served) -> None:
    worker = a_worker(hub)
    worker.hold = True
    async with at_work(worker):
        instance_id = await hub.client.start("waits_twice")
        item = await worker.until_seen(1)
        new = list(item.orchestratorRequest.newEvents)
        past: list[pb.HistoryEvent] = []
        await turn_in(worker.stub, item, past, new, 1).read()
        again = turn_in(worker.stub, item, [], new, 1)
        assert (await again.read()).HasField("orchestratorResponse")
        await hub.client.raise_event(instance_id, "Go", "1")
        assert len((await again.read()).newMessages.events) == 1
        assert (await hub.client.kinds(instance_id)).count("executionStarted") == 1


@dtfx("DTFx: extended sessions", "CompleteOrchestrationWorkItemWithExtendedSession")
async def test_a_session_that_is_cut_off_leaves_its_turn_to_others(hub: Served) -> None:
    worker = a_worker(hub)
    worker.hold = True
    async with at_work(worker):
        instance_id = await hub.client.start("waits_twice")
        item = await worker.until_seen(1)
        past: list[pb.HistoryEvent] = []
        call = turn_in(worker.stub, item, past, list(item.orchestratorRequest.newEvents), 1)
        await call.read()
        await hub.client.raise_event(instance_id, "Go", "1")
        await call.read()
        call.cancel()
        worker.hold = False
        await worker.until_seen(2)  # the same turn, as a work item
        await hub.client.raise_event(instance_id, "Go", "2")
        assert (await hub.client.end(instance_id)).output.value == "[1, 2]"


@dtfx("DTFx: extended sessions", "CompleteOrchestrationWorkItemWithExtendedSession")
async def test_a_session_that_is_released_gives_its_instance_back(hub: Served) -> None:
    worker = a_worker(hub)
    worker.hold = True
    async with at_work(worker):
        instance_id = await hub.client.start("waits_twice")
        item = await worker.until_seen(1)
        call = turn_in(worker.stub, item, [], list(item.orchestratorRequest.newEvents), 1)
        await call.read()
        release = bs.ReleaseOrchestrationWorkItemRequest(completionToken=item.completionToken)
        await worker.stub.ReleaseOrchestrationWorkItem(release)
        assert await call.read() is grpc.aio.EOF
        worker.hold = False
        for number in "12":
            await hub.client.raise_event(instance_id, "Go", number)
        assert (await hub.client.end(instance_id)).output.value == "[1, 2]"


# --- the hub --------------------------------------------------------------------------------------


async def numbers(hub: Served) -> bs.BackendMetrics:
    return (await hub.client.stub.GetMetrics(bs.GetMetricsRequest())).metrics


@dtfx("DTFx: measures and drain", "GetMetrics")
async def test_what_waits_without_any_worker_is_counted(hub: Served) -> None:
    for _ in range(20):
        await hub.client.start("chain", "1")
    found = await numbers(hub)
    assert found.orchestratorWorkItems.pending == 20
    assert found.orchestratorWorkItems.active == 0
    assert found.connectedWorkers.count == 0


@dtfx("DTFx: measures and drain", "GetMetrics")
async def test_what_is_with_workers_is_counted_as_active(hub: Served) -> None:
    worker = a_worker(hub, maximum=2)
    worker.hold = True
    async with at_work(worker):
        for _ in range(5):
            await hub.client.start("chain", "1")
        await worker.until_seen(2)
        for _ in range(1200):
            found = await numbers(hub)
            if found.orchestratorWorkItems.pending == 3:
                break
            await asyncio.sleep(0.05)
    assert found.orchestratorWorkItems.pending == 3
    assert found.orchestratorWorkItems.active == 2
    assert found.connectedWorkers.count == 1
    assert found.activityWorkItems == bs.WorkItemMetrics()


async def test_a_ping_is_answered_and_one_to_an_unknown_hub_is_not(hub: Served) -> None:
    assert await hub.client.stub.Ping(bs.PingRequest()) == bs.PingResponse()
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await Stub(hub.channel, "nohub").Ping(bs.PingRequest())
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


@dtfx("DTFx: management", "AddEvents")
async def test_events_for_several_instances_tell_which_could_not_be_served(
    hub: Served, worker: DtfxWorker
) -> None:
    instance_id = await hub.client.start("waits")
    go = pb.HistoryEvent(eventRaised=pb.EventRaisedEvent(name="Go", input={"value": "1"}))
    request = bs.AddEventsRequest(events={instance_id: go, "nobody": go})
    answer = await hub.client.stub.AddEvents(request)
    assert list(answer.unsuccessfulInstanceIds) == ["nobody"]
    assert (await hub.client.end(instance_id)).output.value == "1"


async def test_an_event_for_nobody_is_refused(hub: Served) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await hub.client.raise_event("nobody", "Go", "1")
    assert refused.value.code() is grpc.StatusCode.NOT_FOUND


@dtfx("DTFx: management", "QueryInstances", "RestartInstance", "PurgeInstances")
async def test_instances_are_listed_restarted_and_purged(hub: Served, worker: DtfxWorker) -> None:
    instance_id = await hub.client.start("chain", "1")
    await hub.client.end(instance_id)
    stub = hub.client.stub
    page = await stub.QueryInstances(pb.QueryInstancesRequest(query=pb.InstanceQuery()))
    assert [state.instanceId for state in page.orchestrationState] == [instance_id]
    again = pb.RestartInstanceRequest(instanceId=instance_id, restartWithNewInstanceId=True)
    restarted = (await stub.RestartInstance(again)).instanceId
    assert (await hub.client.end(restarted)).output.value == "4"
    purged = await stub.PurgeInstances(pb.PurgeInstancesRequest(instanceId=instance_id))
    assert purged.deletedInstanceCount == 1
    gone = await stub.GetInstance(pb.GetInstanceRequest(instanceId=instance_id))
    assert not gone.exists


# --- one hub, two kinds of workers ----------------------------------------------------------------


def has_family_abroad(ctx: Context) -> Steps:
    """Have a child, and an activity, that a worker of an SDK runs."""
    doubled = yield ctx.activity("double", 4)
    return (yield ctx.child("sdk_child", doubled))


def sdk_child(ctx: OrchestrationContext, given: int) -> Any:
    """Have an activity and a child that a worker of DTFx runs, and one of our own."""
    more = yield ctx.call_activity("inc", input=given)
    doubled = yield ctx.call_activity("double", input=more)
    return (yield ctx.call_sub_orchestrator("chain", input=doubled))


def double(_: ActivityContext, given: int) -> int:
    return given * 2


async def test_workers_of_both_services_share_a_hub(hub: Served) -> None:
    known = {**ORCHESTRATORS, "has_family_abroad": has_family_abroad}
    dtfx = DtfxWorker(hub.channel, hub.name, known, ACTIVITIES, filtered=True)
    sdk = DurableTaskSchedulerWorker(
        host_address=f"127.0.0.1:{hub.port}",
        taskhub=hub.name,
        token_credential=None,
        secure_channel=False,
    )
    sdk.add_orchestrator(sdk_child)
    sdk.add_activity(double)
    sdk.use_work_item_filters()
    await asyncio.to_thread(sdk.start)
    try:
        async with at_work(dtfx):
            ended = await hub.client.end(await hub.client.start("has_family_abroad"))
    finally:
        await asyncio.to_thread(sdk.stop)
    assert ended.output.value == str((4 * 2 + 1) * 2 + 3)

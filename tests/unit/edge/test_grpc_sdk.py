"""The real Python SDK against the edge: its client, and its worker with a hub that scripts the work."""

import asyncio
import time

import pytest
from durabletask import task
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.client import OrchestrationStatus, TaskHubGrpcClient
from fake_task_hub import FakeTaskHub, an_instance
from grpc_edge import served

from durahub.dispatch.work import ActivityWork, OrchestratorWork
from durahub.engine.actions import Complete, ScheduleTask
from durahub.model.failure import Failure
from durahub.model.history import (
    Execution,
    ExecutionStarted,
    OrchestratorStarted,
    Status,
    TaskCompleted,
    TaskScheduled,
)
from durahub.model.ticks import from_unix


async def test_the_client_starts_waits_and_sees_the_end() -> None:
    hub = FakeTaskHub()
    async with served(hub) as edge:
        client = TaskHubGrpcClient(host_address=edge.address)
        begun = asyncio.to_thread(
            client.schedule_new_orchestration, "Order", input={"sku": 7}, instance_id="order-7"
        )
        assert await begun == "order-7"
        waiting = asyncio.create_task(
            asyncio.to_thread(client.wait_for_orchestration_completion, "order-7", timeout=30)
        )
        await hub.until(lambda: hub.waiting == 1)
        hub.failures["order-7"] = Failure(error_type="E", message="no stock")
        await hub.end("order-7", Status.Failed, output="E: no stock")
        state = await waiting
        assert state is not None
        assert state.runtime_status is OrchestrationStatus.FAILED
        assert state.serialized_input == '{"sku": 7}'
        assert state.failure_details is not None
        assert state.failure_details.message == "no stock"
        client.close()


async def test_the_client_times_out_on_what_does_not_exist() -> None:
    async with served(FakeTaskHub()) as edge:
        client = TaskHubGrpcClient(host_address=edge.address)
        assert await asyncio.to_thread(client.get_orchestration_state, "nobody") is None
        with pytest.raises(TimeoutError):
            await asyncio.to_thread(client.wait_for_orchestration_start, "nobody", timeout=1)
        client.close()


async def test_the_scheduler_client_reaches_its_hub_and_follows_pages() -> None:
    orders = FakeTaskHub("orders")
    for number in range(5):
        await orders.put(an_instance(str(number)))
    async with served(FakeTaskHub(), orders) as edge:
        client = DurableTaskSchedulerClient(
            host_address=f"http://{edge.address}",
            taskhub="Orders",
            token_credential=None,
            secure_channel=False,
        )
        found = await asyncio.to_thread(client.get_all_orchestration_states)
        assert [state.instance_id for state in found] == ["0", "1", "2", "3", "4"]
        await asyncio.to_thread(client.raise_orchestration_event, "0", "go", data=1)
        await asyncio.to_thread(client.terminate_orchestration, "0", output="enough")
        assert orders.called("raise_event") == [("0", "go", "1")]
        assert orders.called("terminate") == [("0", '"enough"', True)]
        client.close()


def order(ctx: task.OrchestrationContext, given: int):  # type: ignore[no-untyped-def]
    result = yield ctx.call_activity(add_one, input=given)
    return result


def add_one(ctx: task.ActivityContext, given: int) -> int:
    return given + 1


@pytest.mark.sdk
async def test_the_worker_runs_turns_and_activities() -> None:
    hub = FakeTaskHub()
    started = ExecutionStarted(
        timestamp=from_unix(1), execution=Execution("order-7", "e1"), name="order", input="41"
    )
    begun = OrchestratorStarted(timestamp=from_unix(2))
    scheduled = TaskScheduled(event_id=1, timestamp=from_unix(2), name="add_one")

    def turn(token: str, past: tuple, new: tuple) -> OrchestratorWork:
        return OrchestratorWork(
            token=token,
            instance_id="order-7",
            execution_id="e1",
            past=past,
            new=new,
            started=started,
        )

    async with served(hub) as edge:
        worker = DurableTaskSchedulerWorker(
            host_address=f"http://{edge.address}",
            taskhub="default",
            token_credential=None,
            secure_channel=False,
        )
        worker.add_orchestrator(order)
        worker.add_activity(add_one)
        worker.start()
        await asyncio.wait_for(hub.connected.wait(), 30)
        assert hub.streams[0].options.worker_id.count(":") == 2  # as the SDK makes it

        hub.send(turn("t1", (), (begun, started)))
        await hub.until(lambda: bool(hub.called("complete_orchestration")))
        [(_, _, first)] = hub.called("complete_orchestration")
        assert first.actions == (ScheduleTask(id=1, name="add_one", input="41"),)

        task_ = TaskScheduled(event_id=1, timestamp=from_unix(2), name="add_one", input="41")
        hub.send(ActivityWork(token="t2", instance_id="order-7", execution_id="e1", task=task_))
        await hub.until(lambda: bool(hub.called("complete_activity")))
        assert hub.called("complete_activity") == [("t2", "order-7", 1, "42", None)]

        done = TaskCompleted(timestamp=from_unix(3), task_scheduled_id=1, result="42")
        again = OrchestratorStarted(timestamp=from_unix(4))
        hub.send(turn("t3", (begun, started, scheduled), (again, done)))
        await hub.until(lambda: len(hub.called("complete_orchestration")) == 2)
        _, (_, _, last) = hub.called("complete_orchestration")
        assert last.actions == (Complete(id=2, status=Status.Completed, result="42"),)

        began = time.monotonic()
        stopping = asyncio.create_task(asyncio.to_thread(worker.stop))
        await edge.server.stop(5)
        await stopping
        assert time.monotonic() - began < 30

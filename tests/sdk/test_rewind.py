"""Rewinds through the Python SDK: its client, and its worker, which replays what the server has rewritten."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from durabletask.azuremanaged.client import DurableTaskSchedulerClient
from durabletask.azuremanaged.worker import DurableTaskSchedulerWorker
from durabletask.client import OrchestrationStatus
from durabletask.task import ActivityContext, OrchestrationContext, RetryPolicy, when_all

from tests.sdk.travel_hub import QUIET
from tests.sdk.two_stores import BOTH_STORES, new_hub, server_on

pytestmark = pytest.mark.sdk

calls: Counter[str] = Counter()


def flaky(_: ActivityContext, given: dict[str, Any]) -> str:
    """Fail as often as told, then greet."""
    name = given["name"]
    calls[name] += 1
    if calls[name] <= given["failures"]:
        raise RuntimeError(f"failure {calls[name]}")
    return f"Hello, {name}!"


def greet(ctx: OrchestrationContext, given: dict[str, Any]) -> Any:
    first = yield ctx.call_activity(flaky, input={"name": given["name"] + "-first", "failures": 0})
    second = yield ctx.call_activity(flaky, input=given)
    return [first, second]


def parent(ctx: OrchestrationContext, given: dict[str, Any]) -> Any:
    kid = yield ctx.call_sub_orchestrator(greet, input=given)
    return {"kid": kid}


def patient(ctx: OrchestrationContext, given: dict[str, Any]) -> Any:
    policy = RetryPolicy(first_retry_interval=timedelta(milliseconds=50), max_number_of_attempts=3)
    found = yield ctx.call_activity(flaky, input=given, retry_policy=policy)
    return found


def together(ctx: OrchestrationContext, given: dict[str, Any]) -> Any:
    others = [{"name": f"{given['name']}-{number}", "failures": 0} for number in range(3)]
    found = yield when_all([ctx.call_activity(flaky, input=one) for one in (given, *others)])
    return len(found)


@pytest.fixture(scope="module", params=BOTH_STORES)
def client(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DurableTaskSchedulerClient]:
    hub, state = new_hub("rewind"), tmp_path_factory.mktemp("rewind")
    with server_on(request.param, request, Path(state), hub) as server:
        where: dict[str, Any] = {
            "host_address": server.ready.endpoint,
            "taskhub": hub,
            "token_credential": None,
            "secure_channel": False,
            "logger": QUIET,
        }
        with DurableTaskSchedulerWorker(**where) as worker:
            for orchestrator in (greet, parent, patient, together):
                worker.add_orchestrator(orchestrator)
            worker.add_activity(flaky)
            worker.start()
            calls.clear()
            yield DurableTaskSchedulerClient(**where)


def ended(client: DurableTaskSchedulerClient, instance_id: str) -> Any:
    found = client.wait_for_orchestration_completion(instance_id, timeout=30)
    assert found is not None
    return found


def failed(client: DurableTaskSchedulerClient, name: str, failures: int, orchestrator: Any) -> str:
    given = {"name": name, "failures": failures}
    instance_id = client.schedule_new_orchestration(orchestrator, input=given)
    assert ended(client, instance_id).runtime_status is OrchestrationStatus.FAILED
    return str(instance_id)


def output_after_rewind(client: DurableTaskSchedulerClient, instance_id: str) -> Any:
    client.rewind_orchestration(instance_id, reason="after the fix")
    state = ended(client, instance_id)
    assert state.runtime_status is OrchestrationStatus.COMPLETED
    assert state.failure_details is None
    return state.get_output()


def test_only_the_failed_activity_runs_again(client: DurableTaskSchedulerClient) -> None:
    instance_id = failed(client, "Ada", 1, greet)
    assert output_after_rewind(client, instance_id) == ["Hello, Ada-first!", "Hello, Ada!"]
    assert (calls["Ada-first"], calls["Ada"]) == (1, 2)


def test_a_child_is_rewound_and_its_parent_completes(client: DurableTaskSchedulerClient) -> None:
    instance_id = failed(client, "Bob", 1, parent)
    assert output_after_rewind(client, instance_id) == {"kid": ["Hello, Bob-first!", "Hello, Bob!"]}
    assert (calls["Bob-first"], calls["Bob"]) == (1, 2)


def test_a_rewind_without_reason_can_be_repeated(client: DurableTaskSchedulerClient) -> None:
    instance_id = failed(client, "Cleo", 2, greet)
    client.rewind_orchestration(instance_id)
    assert ended(client, instance_id).runtime_status is OrchestrationStatus.FAILED
    assert output_after_rewind(client, instance_id) == ["Hello, Cleo-first!", "Hello, Cleo!"]
    assert calls["Cleo"] == 3


def test_what_was_retried_in_vain_is_tried_once_more(client: DurableTaskSchedulerClient) -> None:
    instance_id = failed(client, "Dan", 3, patient)
    assert output_after_rewind(client, instance_id) == "Hello, Dan!"
    assert calls["Dan"] == 4


def test_what_ran_beside_the_failure_is_not_waited_for_in_vain(
    client: DurableTaskSchedulerClient,
) -> None:
    assert output_after_rewind(client, failed(client, "Eve", 1, together)) == 4


def test_only_what_failed_is_rewound(client: DurableTaskSchedulerClient) -> None:
    given = {"name": "Finn", "failures": 0}
    done = client.schedule_new_orchestration(greet, input=given)
    ended(client, done)
    with pytest.raises(grpc.RpcError, match="FAILED_PRECONDITION"):
        client.rewind_orchestration(done)
    with pytest.raises(grpc.RpcError, match="NOT_FOUND"):
        client.rewind_orchestration("nobody")

"""What clients get, over a real channel."""

import logging
from collections.abc import AsyncIterator
from typing import Any

import grpc
import grpc.aio
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub
from fake_task_hub import CREATED, FakeDirectory, FakeTaskHub, an_instance
from google.protobuf.empty_pb2 import Empty
from grpc_edge import Edge, served

from durahub.dispatch.clients import StartRequest
from durahub.edge.history_chunks import CHUNK_BYTES
from durahub.edge.server import start_server
from durahub.errors import InstanceExists, InstanceNotFound, StorageUnavailable
from durahub.model.failure import Failure
from durahub.model.history import (
    EventRaised,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
)
from durahub.model.ticks import UNIX_EPOCH, Ticks
from durahub.store import InstanceQuery


@pytest.fixture
async def edge() -> AsyncIterator[Edge]:
    async with served(FakeTaskHub()) as edge:
        yield edge


async def refusal(call: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await call
    return refused.value.code(), refused.value.details() or ""


# -- starting ----------------------------------------------------------------------------------


async def test_a_start_brings_all_that_the_client_says(edge: Edge) -> None:
    answer = await edge.stub.StartInstance(
        pb.CreateInstanceRequest(
            instanceId="order-7",
            name="Order",
            version={"value": "2"},
            input={"value": ""},
            scheduledStartTimestamp={"seconds": 1, "nanos": 100},
            executionId={"value": "e9"},
            tags={"a": "b"},
            orchestrationIdReusePolicy={"replaceableStatus": [1, 5]},
        )
    )
    assert answer.instanceId == "order-7"
    assert edge.hub.called("start") == [
        (
            StartRequest(
                name="Order",
                instance_id="order-7",
                execution_id="e9",
                version="2",
                input="",
                scheduled_start=Ticks(UNIX_EPOCH + 10_000_001),
                tags={"a": "b"},
                replaceable=frozenset({Status.Completed, Status.Terminated}),
            ),
        )
    ]


async def test_a_start_may_leave_all_to_the_hub(edge: Edge) -> None:
    answer = await edge.stub.StartInstance(
        pb.CreateInstanceRequest(name="Order", executionId={"value": ""})
    )
    assert answer.instanceId == "made-by-the-hub"
    assert edge.hub.called("start") == [(StartRequest(name="Order"),)]


async def test_an_empty_reuse_policy_is_not_the_same_as_none(edge: Edge) -> None:
    request = pb.CreateInstanceRequest(name="Order", orchestrationIdReusePolicy={})
    await edge.stub.StartInstance(request)
    assert edge.hub.called("start") == [(StartRequest(name="Order", replaceable=frozenset()),)]


@pytest.mark.parametrize("unended", [Status.Running, Status.Pending, Status.Suspended])
async def test_running_work_is_replaced_only_where_terminated_work_may_be(
    edge: Edge, unended: Status
) -> None:
    def request(*statuses: Status) -> pb.CreateInstanceRequest:
        policy = {"replaceableStatus": statuses}
        return pb.CreateInstanceRequest(name="Order", orchestrationIdReusePolicy=policy)

    code, detail = await refusal(edge.stub.StartInstance(request(unended, Status.Failed)))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert (
        "Invalid reusable statuses: cannot exclude 'Terminated' "
        "while also allowing reuse of running instances" in detail
    )
    await edge.stub.StartInstance(request(unended, Status.Terminated))


async def test_a_status_that_does_not_exist_is_refused(edge: Edge) -> None:
    policy = {"replaceableStatus": [42]}
    request = pb.CreateInstanceRequest(name="Order", orchestrationIdReusePolicy=policy)
    code, detail = await refusal(edge.stub.StartInstance(request))
    assert (code, detail) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "DH107: not an orchestration status: 42",
    )


async def test_an_instance_can_be_restarted_under_its_id_or_a_new_one(edge: Edge) -> None:
    await edge.hub.put(an_instance("order-7"))
    same = await edge.stub.RestartInstance(pb.RestartInstanceRequest(instanceId="order-7"))
    new = await edge.stub.RestartInstance(
        pb.RestartInstanceRequest(instanceId="order-7", restartWithNewInstanceId=True)
    )
    assert (same.instanceId, new.instanceId) == ("order-7", "restarted")


# -- errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "code", "detail"),
    [
        (
            InstanceExists("order-7", "Running"),
            grpc.StatusCode.ALREADY_EXISTS,
            "DH301: an instance with the ID 'order-7' already exists and is Running",
        ),
        (
            InstanceNotFound("order-7"),
            grpc.StatusCode.NOT_FOUND,
            "DH202: no instance with the ID 'order-7'",
        ),
        (
            StorageUnavailable("shop", "timed out"),
            grpc.StatusCode.UNAVAILABLE,
            "DH501: storage account shop does not answer: timed out",
        ),
    ],
    ids=["exists", "not found", "unavailable"],
)
async def test_an_error_is_told_with_its_code_and_sentence(
    edge: Edge, error: Exception, code: grpc.StatusCode, detail: str
) -> None:
    edge.hub.error = error
    assert await refusal(edge.stub.GetInstance(pb.GetInstanceRequest(instanceId="x"))) == (
        code,
        detail,
    )


async def test_an_unforeseen_error_is_logged_where_it_happened_and_tells_nothing(
    edge: Edge, caplog: pytest.LogCaptureFixture
) -> None:
    edge.hub.error = ValueError("the payload")
    code, detail = await refusal(edge.stub.GetInstance(pb.GetInstanceRequest(instanceId="x")))
    assert code is grpc.StatusCode.INTERNAL
    assert "payload" not in detail
    [record] = [r for r in caplog.records if r.message == "rpc-failed"]
    assert record.levelno == logging.ERROR
    assert record.rpc == "/TaskHubSidecarService/GetInstance"  # type: ignore[attr-defined]
    assert record.error == "ValueError"  # type: ignore[attr-defined]
    assert "_called" in record.at  # type: ignore[attr-defined]
    assert "the payload" not in str(record.__dict__)


async def test_an_error_of_a_stream_is_told_too(edge: Edge) -> None:
    edge.hub.error = StorageUnavailable("shop", "timed out")
    call = edge.stub.StreamInstanceHistory(pb.StreamInstanceHistoryRequest(instanceId="x"))
    assert (await refusal(call.read()))[0] is grpc.StatusCode.UNAVAILABLE


async def test_a_long_detail_is_cut_to_what_a_header_holds(edge: Edge) -> None:
    edge.hub.error = StorageUnavailable("shop", "é" * 10_000)
    _, detail = await refusal(edge.stub.GetInstance(pb.GetInstanceRequest(instanceId="x")))
    assert len(detail) == 1_024


# -- hubs --------------------------------------------------------------------------------------


async def test_the_header_names_the_hub_without_case() -> None:
    other = FakeTaskHub("Orders")
    async with served(FakeTaskHub(), other) as edge:
        await edge.stub.GetInstance(
            pb.GetInstanceRequest(instanceId="x"), metadata=(("taskhub", "oRDERS"),)
        )
        await edge.stub.GetInstance(pb.GetInstanceRequest(instanceId="y"))
    assert other.called("get") == [("x", False)]
    assert edge.hub.called("get") == [("y", False)]


@pytest.mark.parametrize("rpc", ["Hello", "GetInstance", "GetWorkItems"])
async def test_an_unknown_hub_is_not_found(edge: Edge, rpc: str) -> None:
    request = {
        "Hello": Empty(),
        "GetInstance": pb.GetInstanceRequest(instanceId="x"),
        "GetWorkItems": pb.GetWorkItemsRequest(),
    }[rpc]
    call = getattr(edge.stub, rpc)(request, metadata=(("taskhub", "nowhere"),))
    code, detail = await refusal(call.read() if rpc == "GetWorkItems" else call)
    assert code is grpc.StatusCode.NOT_FOUND
    assert "Task hub not found: nowhere" in detail


# -- looking -----------------------------------------------------------------------------------


async def test_an_unknown_instance_is_an_answer(edge: Edge) -> None:
    answer = await edge.stub.GetInstance(pb.GetInstanceRequest(instanceId="nobody"))
    assert answer == pb.GetInstanceResponse(exists=False)


FAILED = an_instance(
    "order-7",
    Status.Failed,
    version="2",
    input="",
    output="E: m",
    custom_status='"half"',
    completed=Ticks(CREATED + 9),
    scheduled_start=Ticks(CREATED + 1),
    tags={"a": "b", "MS_CreateTrace": "true"},
)


async def test_an_instance_is_shown_with_all_that_its_row_has(edge: Edge) -> None:
    await edge.hub.put(FAILED)
    edge.hub.failures["order-7"] = Failure(error_type="E", message="m")
    request = pb.GetInstanceRequest(instanceId="order-7", getInputsAndOutputs=True)
    state = (await edge.stub.GetInstance(request)).orchestrationState
    seconds = 1_700_000_000
    assert state == pb.OrchestrationState(
        instanceId="order-7",
        name="Order",
        version={"value": "2"},
        orchestrationStatus=3,
        executionId={"value": "e1"},
        createdTimestamp={"seconds": seconds},
        lastUpdatedTimestamp={"seconds": seconds, "nanos": 500},
        completedTimestamp={"seconds": seconds, "nanos": 900},
        scheduledStartTimestamp={"seconds": seconds, "nanos": 100},
        input={"value": ""},
        output={"value": "E: m"},
        customStatus={"value": '"half"'},
        failureDetails={"errorType": "E", "errorMessage": "m"},
        tags={"a": "b"},
    )


async def test_payloads_are_shown_only_when_asked_for(edge: Edge) -> None:
    await edge.hub.put(FAILED)
    edge.hub.failures["order-7"] = Failure(error_type="E", message="m")
    answer = await edge.stub.GetInstance(pb.GetInstanceRequest(instanceId="order-7"))
    state = answer.orchestrationState
    fields = {field.name for field, _ in state.ListFields()}
    assert not fields & {"input", "output", "customStatus", "failureDetails"}
    assert state.tags == {"a": "b"}


async def test_the_reason_of_a_suspension_is_not_an_output(edge: Edge) -> None:
    await edge.hub.put(an_instance("order-7", Status.Suspended, output="lunch"))
    request = pb.GetInstanceRequest(instanceId="order-7", getInputsAndOutputs=True)
    state = (await edge.stub.GetInstance(request)).orchestrationState
    assert not state.HasField("output")


@pytest.mark.parametrize(
    ("rpc", "status"),
    [("WaitForInstanceStart", Status.Running), ("WaitForInstanceCompletion", Status.Completed)],
)
async def test_a_wait_outlasts_that_the_instance_does_not_exist_yet(
    edge: Edge, rpc: str, status: Status
) -> None:
    request = pb.GetInstanceRequest(instanceId="order-7", getInputsAndOutputs=True)
    waiting = getattr(edge.stub, rpc)(request)  # without a deadline
    await edge.hub.until(lambda: edge.hub.waiting == 1)
    await edge.hub.put(an_instance("order-7", Status.Pending))
    await edge.hub.put(an_instance("order-7", status, output="1"))
    answer = await waiting
    assert answer.exists
    assert answer.orchestrationState.orchestrationStatus == status


async def test_a_wait_ends_at_the_clients_deadline_and_frees_its_place(edge: Edge) -> None:
    request = pb.GetInstanceRequest(instanceId="nobody")
    code, _ = await refusal(edge.stub.WaitForInstanceCompletion(request, timeout=0.05))
    assert code is grpc.StatusCode.DEADLINE_EXCEEDED
    await edge.hub.until(lambda: edge.hub.waiting == 0)


async def test_a_wait_ends_when_the_client_leaves(edge: Edge) -> None:
    waiting = edge.stub.WaitForInstanceStart(pb.GetInstanceRequest(instanceId="nobody"))
    await edge.hub.until(lambda: edge.hub.waiting == 1)
    waiting.cancel()
    await edge.hub.until(lambda: edge.hub.waiting == 0)


# -- pages -------------------------------------------------------------------------------------


async def test_a_query_is_read_field_by_field(edge: Edge) -> None:
    query = pb.InstanceQuery(
        runtimeStatus=[1, 3],
        createdTimeFrom={"seconds": 1},
        createdTimeTo={"seconds": 2},
        maxInstanceCount=7,
        continuationToken={"value": "3"},
        instanceIdPrefix={"value": "order-"},
        fetchInputsAndOutputs=True,
    )
    await edge.stub.QueryInstances(pb.QueryInstancesRequest(query=query))
    assert edge.hub.queries == [
        InstanceQuery(
            statuses=frozenset({Status.Completed, Status.Failed}),
            created_from=Ticks(UNIX_EPOCH + 10_000_000),
            created_to=Ticks(UNIX_EPOCH + 20_000_000),
            prefix="order-",
            payloads=True,
            page_size=7,
            token="3",
        )
    ]


@pytest.mark.parametrize(
    ("count", "payloads", "page_size"),
    [(0, False, 100), (2**31 - 1, False, 1_000), (2**31 - 1, True, 100), (5, True, 5)],
)
async def test_a_page_has_a_size_that_the_server_can_bear(
    edge: Edge, count: int, payloads: bool, page_size: int
) -> None:
    query = pb.InstanceQuery(maxInstanceCount=count, fetchInputsAndOutputs=payloads)
    await edge.stub.QueryInstances(pb.QueryInstancesRequest(query=query))
    assert edge.hub.queries == [InstanceQuery(payloads=payloads, page_size=page_size)]


async def pages(edge: Edge, **query: Any) -> list[list[str]]:
    """Return the IDs of all pages, as a client that follows the tokens sees them."""
    found: list[list[str]] = []
    token: dict[str, str] | None = None
    while True:
        wanted = pb.InstanceQuery(continuationToken=token, **query)
        answer = await edge.stub.QueryInstances(pb.QueryInstancesRequest(query=wanted))
        found.append([state.instanceId for state in answer.orchestrationState])
        if not answer.HasField("continuationToken"):
            return found
        assert answer.continuationToken.value
        token = {"value": answer.continuationToken.value}


async def test_the_last_page_has_no_token_not_even_an_empty_one(edge: Edge) -> None:
    for name in "abc":
        await edge.hub.put(an_instance(name))
    assert await pages(edge, maxInstanceCount=2) == [["a", "b"], ["c"]]


async def test_an_empty_token_begins_at_the_front(edge: Edge) -> None:
    await edge.hub.put(an_instance("a"))
    query = pb.InstanceQuery(continuationToken={"value": ""})
    answer = await edge.stub.QueryInstances(pb.QueryInstancesRequest(query=query))
    assert [state.instanceId for state in answer.orchestrationState] == ["a"]


async def test_a_page_too_large_for_clients_is_cut_short() -> None:
    unlimited = (("grpc.max_receive_message_length", -1),)
    async with served(FakeTaskHub(), channel_options=unlimited) as edge:
        for name, size in {"a": 3, "b": 2, "c": 1, "d": 9, "e": 0}.items():
            await edge.hub.put(an_instance(name, input="x" * (size * 1024 * 1024)))
        everything = {"fetchInputsAndOutputs": True, "maxInstanceCount": 100}
        assert await pages(edge, **everything) == [["a"], ["b", "c"], ["d"], ["e"]]


async def test_failures_of_a_page_are_told_in_order(edge: Edge) -> None:
    for number in range(40):
        await edge.hub.put(an_instance(f"{number:02}", Status.Failed))
        edge.hub.failures[f"{number:02}"] = Failure(error_type="E", message=f"{number:02}")
    query = pb.InstanceQuery(fetchInputsAndOutputs=True)
    answer = await edge.stub.QueryInstances(pb.QueryInstancesRequest(query=query))
    assert len(answer.orchestrationState) == 40
    assert all(s.failureDetails.errorMessage == s.instanceId for s in answer.orchestrationState)


# -- histories ---------------------------------------------------------------------------------


async def chunks_of(edge: Edge, **request: Any) -> list[pb.HistoryChunk]:
    call = edge.stub.StreamInstanceHistory(pb.StreamInstanceHistoryRequest(**request))
    return [chunk async for chunk in call]


async def test_a_client_sees_the_whole_history_but_for_orchestrator_completed(edge: Edge) -> None:
    edge.hub.histories["order-7"] = [
        OrchestratorStarted(timestamp=Ticks(1)),
        ExecutionStarted(timestamp=Ticks(2), execution=Execution("order-7"), name="Order"),
        ExecutionCompleted(timestamp=Ticks(3), status=Status.Completed),
        OrchestratorCompleted(timestamp=Ticks(4)),
    ]
    [chunk] = await chunks_of(edge, instanceId="order-7", executionId={"value": "e1"})
    assert [event.WhichOneof("eventType") for event in chunk.events] == [
        "orchestratorStarted",
        "executionStarted",
        "executionCompleted",
    ]
    assert edge.hub.called("history") == [("order-7", "e1")]


@pytest.mark.parametrize("for_work", [True, False])
async def test_a_long_history_comes_in_chunks(edge: Edge, for_work: bool) -> None:
    events = [EventRaised(timestamp=Ticks(n), name="e", input="x" * 100_000) for n in range(1, 8)]
    edge.hub.histories["order-7"] = list(events)
    edge.hub.work["order-7"] = tuple(events)
    chunks = await chunks_of(edge, instanceId="order-7", forWorkItemProcessing=for_work)
    assert [len(chunk.events) for chunk in chunks] == [2, 2, 2, 1]
    assert all(chunk.ByteSize() <= CHUNK_BYTES for chunk in chunks)


@pytest.mark.parametrize("for_work", [True, False])
async def test_the_history_of_what_is_not_there_is_an_empty_stream(
    edge: Edge, for_work: bool
) -> None:
    assert await chunks_of(edge, instanceId="nobody", forWorkItemProcessing=for_work) == []


async def test_a_worker_sees_of_a_history_what_its_work_item_would_have_held(edge: Edge) -> None:
    edge.hub.work["order-7"] = (
        OrchestratorStarted(timestamp=Ticks(1)),
        OrchestratorCompleted(timestamp=Ticks(2)),
        ExecutionCompleted(timestamp=Ticks(3), status=Status.Completed),
    )
    [chunk] = await chunks_of(
        edge, instanceId="order-7", executionId={"value": "e1"}, forWorkItemProcessing=True
    )
    assert [event.WhichOneof("eventType") for event in chunk.events] == ["orchestratorStarted"]
    assert edge.hub.called("work_history") == [("order-7", "e1", "")]


# -- steering ----------------------------------------------------------------------------------


async def test_steering_calls_reach_the_hub_with_nulls_and_empties_apart(edge: Edge) -> None:
    await edge.stub.RaiseEvent(pb.RaiseEventRequest(instanceId="a", name="Go"))
    await edge.stub.RaiseEvent(pb.RaiseEventRequest(instanceId="a", name="Go", input={"value": ""}))
    await edge.stub.TerminateInstance(pb.TerminateRequest(instanceId="a"))
    await edge.stub.TerminateInstance(
        pb.TerminateRequest(instanceId="a", output={"value": "null"}, recursive=True)
    )
    await edge.stub.SuspendInstance(pb.SuspendRequest(instanceId="a", reason={"value": "r"}))
    await edge.stub.ResumeInstance(pb.ResumeRequest(instanceId="a"))
    assert edge.hub.calls == [
        ("raise_event", "a", "Go", None),
        ("raise_event", "a", "Go", ""),
        ("terminate", "a", None, False),
        ("terminate", "a", "null", True),
        ("suspend", "a", "r"),
        ("resume", "a", None),
    ]


# -- purging -----------------------------------------------------------------------------------


async def test_a_purge_by_id_counts_what_it_deleted(edge: Edge) -> None:
    await edge.hub.put(an_instance("a", Status.Completed))
    request = pb.PurgeInstancesRequest(instanceId="a", recursive=True)
    first = await edge.stub.PurgeInstances(request)
    second = await edge.stub.PurgeInstances(request)
    assert (first.deletedInstanceCount, first.isComplete.value) == (1, True)
    assert (second.deletedInstanceCount, second.isComplete.value) == (0, True)
    assert edge.hub.called("purge") == [("a", True), ("a", True)]


async def test_what_runs_is_not_purged(edge: Edge) -> None:
    await edge.hub.put(an_instance("a", Status.Running))
    code, _ = await refusal(edge.stub.PurgeInstances(pb.PurgeInstancesRequest(instanceId="a")))
    assert code is grpc.StatusCode.FAILED_PRECONDITION


async def test_a_filter_without_anything_means_all_that_has_ended(edge: Edge) -> None:
    answer = await edge.stub.PurgeInstances(pb.PurgeInstancesRequest(purgeInstanceFilter={}))
    assert (answer.deletedInstanceCount, answer.isComplete.value) == (3, True)
    assert edge.hub.called("purge_matching") == [(InstanceQuery(payloads=False), None, False)]


async def test_a_filter_brings_its_bounds_and_its_time(edge: Edge) -> None:
    wanted = pb.PurgeInstanceFilter(
        runtimeStatus=[1],
        createdTimeFrom={"seconds": 1},
        createdTimeTo={"seconds": 2},
        timeout={"seconds": 4, "nanos": 500_000_000},
    )
    answer = await edge.stub.PurgeInstances(pb.PurgeInstancesRequest(purgeInstanceFilter=wanted))
    assert not answer.isComplete.value
    assert answer.HasField("isComplete")
    query = InstanceQuery(
        statuses=frozenset({Status.Completed}),
        created_from=Ticks(UNIX_EPOCH + 10_000_000),
        created_to=Ticks(UNIX_EPOCH + 20_000_000),
        payloads=False,
    )
    assert edge.hub.called("purge_matching") == [(query, 4.5, False)]


async def test_a_batch_is_purged_as_it_is(edge: Edge) -> None:
    batch = {"instanceIds": ["a", "@counter@b"]}
    request = pb.PurgeInstancesRequest(instanceBatch=batch, recursive=True)
    answer = await edge.stub.PurgeInstances(request)
    assert answer.deletedInstanceCount == 2
    assert edge.hub.called("purge_batch") == [(("a", "@counter@b"), True)]


async def test_a_purge_of_orchestrations_leaves_entities(edge: Edge) -> None:
    one = pb.PurgeInstancesRequest(instanceId="@counter@b", isOrchestration=True)
    some = pb.PurgeInstancesRequest(
        instanceBatch={"instanceIds": ["a", "@counter@b"]}, isOrchestration=True
    )
    assert (await edge.stub.PurgeInstances(one)).deletedInstanceCount == 0
    assert (await edge.stub.PurgeInstances(some)).deletedInstanceCount == 1
    assert edge.hub.calls == [("purge_batch", ("a",), False)]


@pytest.mark.parametrize(
    "request_",
    [pb.PurgeInstancesRequest()],
    ids=["nothing"],
)
async def test_a_purge_that_cannot_be_meant_is_refused(
    edge: Edge, request_: pb.PurgeInstancesRequest
) -> None:
    code, _ = await refusal(edge.stub.PurgeInstances(request_))
    assert code is grpc.StatusCode.INVALID_ARGUMENT
    assert edge.hub.calls == []


# -- rewinding, listing, ending by force --------------------------------------------------------


async def test_a_rewind_brings_its_reason_or_none(edge: Edge) -> None:
    await edge.stub.RewindInstance(pb.RewindInstanceRequest(instanceId="a", reason={"value": "r"}))
    await edge.stub.RewindInstance(pb.RewindInstanceRequest(instanceId="b"))
    assert edge.hub.called("rewind") == [("a", "r"), ("b", None)]


async def test_ended_ids_come_in_pages_until_no_key_is_left(edge: Edge) -> None:
    first = await edge.stub.ListInstanceIds(
        pb.ListInstanceIdsRequest(
            runtimeStatus=[1, 3],
            completedTimeFrom={"seconds": 1},
            completedTimeTo={"seconds": 2},
            lastInstanceKey={"value": ""},
        )
    )
    last = await edge.stub.ListInstanceIds(
        pb.ListInstanceIdsRequest(pageSize=7, lastInstanceKey=first.lastInstanceKey)
    )
    assert (list(first.instanceIds), first.lastInstanceKey.value) == (["a", "b"], "next")
    assert not last.HasField("lastInstanceKey")
    ends = frozenset({Status.Completed, Status.Failed})
    bounds = (Ticks(UNIX_EPOCH + 10_000_000), Ticks(UNIX_EPOCH + 20_000_000))
    assert edge.hub.called("list_ended") == [
        (ends, *bounds, 0, ""),
        (frozenset(), None, None, 7, "next"),
    ]


async def test_a_termination_by_force_tells_which_were_left(edge: Edge) -> None:
    request = pb.SkipGracefulOrchestrationTerminationsRequest(
        instanceBatch={"instanceIds": ["a", "b"]}, reason={"value": "r"}
    )
    answer = await edge.stub.SkipGracefulOrchestrationTerminations(request)
    assert list(answer.unterminatedInstanceIds) == ["b"]
    assert edge.hub.called("force_terminate") == [(("a", "b"), "r")]


# -- hubs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rpc", "request_"),
    [("CreateTaskHub", pb.CreateTaskHubRequest()), ("DeleteTaskHub", pb.DeleteTaskHubRequest())],
)
async def test_hubs_are_managed_only_where_a_setting_allows_it(
    edge: Edge, rpc: str, request_: Any
) -> None:
    code, detail = await refusal(getattr(edge.stub, rpc)(request_))
    assert code is grpc.StatusCode.UNIMPLEMENTED
    assert "server.allow_hub_management" in detail


async def test_a_client_that_may_creates_and_deletes_the_hub_that_it_names() -> None:
    directory = FakeDirectory(FakeTaskHub())
    directory.allows_management = True
    server = await start_server(directory, host="127.0.0.1", port=0)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{server.port}") as channel:
        stub = TaskHubSidecarServiceStub(channel)
        metadata = (("taskhub", "shop"),)
        await stub.CreateTaskHub(pb.CreateTaskHubRequest(), metadata=metadata)
        await stub.CreateTaskHub(pb.CreateTaskHubRequest(recreateIfExists=True), metadata=metadata)
        await stub.DeleteTaskHub(pb.DeleteTaskHubRequest())
    await server.stop(0)
    assert directory.managed == [("shop", False), ("shop", True), ("default", "deleted")]

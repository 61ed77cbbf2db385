"""Lines 36 to 39: entities."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import grpc.aio
import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from durabletask.internal.orchestrator_service_pb2_grpc import TaskHubSidecarServiceStub

from durahub.model.history import EventRaised, EventSent, ExecutionStarted
from durahub.model.message import Message
from tests.checklist.answers import Action, done, send, text
from tests.checklist.recording_worker import RecordingWorker
from tests.checklist.served_hubs import ServedHub, new_hub
from tests.checklist.turns import Script, Turn, kinds

pytestmark = pytest.mark.asyncio(loop_scope="module")

LEGACY = (("grpc.primary_user_agent", "grpc-dotnet/2.85.0"),)  # .NET's plain worker calls itself so


def counter(log: list[Any], value: int = 0) -> Callable[[pb.EntityRequest], pb.EntityBatchResult]:
    """Return an entity that adds what it is told, and logs it."""

    def run(request: pb.EntityRequest) -> pb.EntityBatchResult:
        state = json.loads(request.entityState.value) if request.HasField("entityState") else value
        result = pb.EntityBatchResult()
        for event in request.operationRequests:
            body = getattr(event, event.WhichOneof("eventType"))
            given = json.loads(body.input.value or "null")
            log.append(given if given is not None else body.operation)
            state += given if isinstance(given, int) else 0
            outcome = pb.OperationResult(success=pb.OperationResultSuccess(result=text(str(state))))
            result.results.append(outcome)
        result.entityState.value = str(state)
        return result

    return run


def entity(hub: ServedHub, log: list[Any]) -> str:
    """Give the worker an entity; return its ID."""
    entity_id = f"@counter@{hub.unique('key')}"
    hub.worker.entities[entity_id] = counter(log)
    return entity_id


async def signal(hub: ServedHub, entity_id: str, given: int) -> None:
    await hub.client.SignalEntity(
        pb.SignalEntityRequest(
            instanceId=entity_id,
            name="add",
            input=text(str(given)),
            requestId=str(uuid.uuid4()),
        )
    )


async def state_of(hub: ServedHub, entity_id: str, wanted: str) -> pb.EntityMetadata:
    """Return an entity once it has the state *wanted*."""

    async def look() -> pb.EntityMetadata | None:
        request = pb.GetEntityRequest(instanceId=entity_id, includeState=True)
        found = await hub.client.GetEntity(request)
        same = found.exists and found.entity.serializedState.value == wanted
        return found.entity if same else None

    return await hub.eventually(look)


def entity_call(number: int, entity_id: str, given: int) -> Action:
    called = pb.EntityOperationCalledEvent(
        requestId=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{entity_id} {number} {given}")),
        operation="add",
        input=text(str(given)),
        targetInstanceId=text(entity_id),
    )
    message = pb.SendEntityMessageAction(entityOperationCalled=called)
    return Action(id=number, sendEntityMessage=message)


def answered(turn: Turn) -> list[str]:
    """Return the results of the entity calls so far."""
    return [
        event.entityOperationCompleted.output.value
        for event in turn.events
        if event.HasField("entityOperationCompleted")
    ]


@pytest.mark.line(36)
async def test_after_a_batch_the_history_is_three_events_of_a_new_execution(hub: ServedHub) -> None:
    log: list[Any] = []
    counted = entity(hub, log)
    executions = []
    for total in ("5", "12"):
        await signal(hub, counted, 5 if total == "5" else 7)
        await state_of(hub, counted, total)
        assert await hub.kinds(counted) == (
            "OrchestratorStarted ExecutionStarted OrchestratorCompleted"
        )
        row = await hub.row(counted)
        assert json.loads(row.custom_status or "")["entityExists"] is True
        executions.append(row.execution_id)
    assert len(set(executions)) == 2


@pytest.mark.line(37)
async def test_calls_are_applied_once_and_in_order_though_messages_come_doubled_and_reversed(
    hub: ServedHub,
) -> None:
    """The messages of a recorded orchestration are taken from the hub, and sent in the wrong order."""
    log: list[Any] = []
    counted = entity(hub, log)
    calls = [1, 10, 100]

    def order(turn: Turn) -> list[Action]:
        if turn.number == 1:
            return [entity_call(n, counted, given) for n, given in enumerate(calls)]
        return [done(9, answered(turn))] if len(answered(turn)) == len(calls) else []

    first = await hub.start(order)
    await hub.ended(first)
    assert log == calls
    # From the labels of what was sent, the messages of an orchestration like it:
    sent = [e for e in await hub.history(first) if isinstance(e, EventSent)]
    execution = next(e for e in await hub.history(first) if isinstance(e, ExecutionStarted))
    other = entity(hub, other_log := [])
    for event in [*reversed(sent), *sent]:
        raised = EventRaised(timestamp=event.timestamp, name=event.name, input=event.input)
        await hub.store.send(
            Message(
                event=raised, target=type(execution.execution)(other), sender=execution.execution
            )
        )
    await state_of(hub, other, "111")
    await hub.eventually(hub.nothing_waits)
    assert other_log == calls


def locking(hub: ServedHub, entities: list[str], name: str, log: list[str]) -> Any:
    """Return an orchestration that locks *entities*, waits for the event Go, and releases them."""
    section = str(uuid.uuid5(uuid.NAMESPACE_OID, name))

    def script(turn: Turn) -> list[Action]:
        if not turn.has("entityLockGranted"):
            if turn.number > 1:
                return []
            asked = pb.EntityLockRequestedEvent(
                criticalSectionId=section, lockSet=sorted(entities), position=0
            )
            message = pb.SendEntityMessageAction(entityLockRequested=asked)
            return [Action(id=0, sendEntityMessage=message)]
        if "entityLockGranted" in kinds(turn.new):
            log.append(f"{name} in")
        if "Go" not in turn.raised():
            return []
        log.append(f"{name} out")
        unlocks = [
            Action(
                id=1 + n,
                sendEntityMessage=pb.SendEntityMessageAction(
                    entityUnlockSent=pb.EntityUnlockSentEvent(
                        criticalSectionId=section, targetInstanceId=text(target)
                    )
                ),
            )
            for n, target in enumerate(sorted(entities))
        ]
        return [*unlocks, done(9)]

    return script


@pytest.mark.line(38)
async def test_two_orchestrations_that_lock_the_same_entities_never_interleave(
    hub: ServedHub,
) -> None:
    log: list[str] = []
    both = [entity(hub, []), entity(hub, [])]
    one = await hub.start(locking(hub, both, "one", log))
    await hub.worker.until(lambda: log == ["one in"])
    two = await hub.start(locking(hub, both[::-1], "two", log))
    await hub.send(two, "Go")  # it would go through at once, had it the locks
    await hub.worker.turn(two, 2)
    assert log == ["one in"]

    await hub.send(one, "Go")
    await asyncio.gather(hub.ended(one), hub.ended(two))

    assert log == ["one in", "one out", "two in", "two out"]


@pytest.mark.line(38)
async def test_cleaning_frees_the_locks_of_a_holder_that_was_killed(hub: ServedHub) -> None:
    log: list[str] = []
    both = [entity(hub, []), entity(hub, [])]
    holder = await hub.start(locking(hub, both, "holder", log))
    await hub.worker.until(lambda: log == ["holder in"])
    await hub.store.purge(holder)  # behind the server's back: it sends no releases
    waiting = await hub.start(locking(hub, both, "waiting", log))

    await hub.client.CleanEntityStorage(pb.CleanEntityStorageRequest(releaseOrphanedLocks=True))
    await hub.send(waiting, "Go")
    await hub.ended(waiting)

    assert log[-2:] == ["waiting in", "waiting out"]


def calls_twice(call: Callable[[Turn, int], Action]) -> Script:
    """Return an orchestrator that calls, waits for the event Go, calls again, and ends."""

    def script(turn: Turn) -> list[Action]:
        made = sum(event.eventId >= 0 for event in turn.events)
        answers = len(answered(turn)) + sum(name != "Go" for name in turn.raised())
        if answers < made or (made == 1 and "Go" not in turn.raised()):
            return []
        return [done(2)] if made == 2 else [call(turn, made)]

    return script


def legacy_call(entity_id: str) -> Callable[[Turn, int], Action]:
    """Return the call as .NET's plain worker makes it: an event, in DTFx's own JSON.

    It is labelled with the orchestrator's time, and with that of the call before it.
    """

    def call(turn: Turn, number: int) -> Action:
        times = [e.timestamp for e in turn.events if e.HasField("orchestratorStarted")]
        request = {
            "op": "add",
            "input": "1",
            "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{turn.instance_id} {number}")),
            "parent": turn.instance_id,
            "parentExecution": turn.request.executionId.value,
            "Timestamp": times[-1].ToJsonString(),
            "Predecessor": times[0].ToJsonString() if number else "0001-01-01T00:00:00",
        }
        return send(number, entity_id, "op", request)

    return call


@contextlib.asynccontextmanager
async def worker_of(
    hub: ServedHub, name: str, script: Script, options: Any
) -> AsyncIterator[RecordingWorker]:
    """Connect another worker, with the orchestrator *name* alone."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{hub.port}", options=options) as channel:
        worker = RecordingWorker(TaskHubSidecarServiceStub(channel))  # type: ignore[no-untyped-call]
        worker.orchestrators[name] = script
        alone = pb.WorkItemFilters(orchestrations=[pb.OrchestrationFilter(name=name)])
        async with worker.connected(workItemFilters=alone):
            yield worker


@pytest.mark.line(39)
@pytest.mark.parametrize("legacy_first", [True, False])
async def test_an_orchestration_with_entity_calls_goes_on_under_a_worker_of_the_other_dialect(
    store_kind: str, account: str, legacy_first: bool
) -> None:
    log: list[Any] = []
    entities_alone = pb.WorkItemFilters(entities=[pb.EntityFilter(name="counter")])
    async with new_hub(store_kind, account, workItemFilters=entities_alone) as hub:
        counted = entity(hub, log)
        legacy = (calls_twice(legacy_call(counted)), LEGACY)
        native = (calls_twice(lambda turn, number: entity_call(number, counted, 1)), ())
        first, second = (legacy, native) if legacy_first else (native, legacy)
        await hub.client.StartInstance(pb.CreateInstanceRequest(instanceId="mixed", name="Mixed"))
        async with worker_of(hub, "Mixed", *first) as one:
            await one.turn("mixed", 2)
            await hub.stored("mixed", 7)
        await hub.send("mixed", "Go")
        async with worker_of(hub, "Mixed", *second) as other:
            await other.turn("mixed", 2)
            await hub.ended("mixed")

    assert log == [1, 1]
    for worker, is_legacy in ((one, legacy_first), (other, not legacy_first)):
        seen = {str(kind) for turn in worker.turns for kind in kinds(turn.events)}
        assert any(kind.startswith("entity") for kind in seen) is not is_legacy
        assert ("eventSent" in seen) is is_legacy

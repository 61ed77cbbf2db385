"""Takes back what was put at a target: each instance is ended by the ghost, then purged."""

import asyncio
import contextlib
from collections.abc import Iterable, Mapping

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import NotThere, ReplayStuck, WorkItemNotFound
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.targets.ghost import actions
from durahub_migrate.targets.ghost.arrivals import Arrivals, next_of
from durahub_migrate.targets.ghost.members import Member
from durahub_migrate.targets.ghost.worker import GhostWorker

REASON = "taken back by durahub"

LOOK_EVERY = 0.5
"""Seconds between two looks at an instance that some targets end without a worker."""

ON_ITS_WAY = 5.0
"""Seconds for which a child is waited for whose parent has started it: it comes to be without the parent."""

COMES_AGAIN = 20.0
"""Seconds for which an activity is waited for that a killed mover had in hand: it comes again."""

ENDED = frozenset(
    {
        pb.ORCHESTRATION_STATUS_COMPLETED,
        pb.ORCHESTRATION_STATUS_FAILED,
        pb.ORCHESTRATION_STATUS_TERMINATED,
        pb.ORCHESTRATION_STATUS_CANCELED,
    }
)


async def remove(
    client: EndpointClient, worker: GhostWorker, members: Mapping[str, Member], patience: float
) -> int:
    """Remove *members*, and the children that their scripts have made; return how many there were.

    A parent goes before its children: it needs no answer any more. Raises `ReplayStuck`.
    """
    count = 0
    everything = _all_of(members)
    started: set[str] = set()
    for target_id in everything:
        state = await client.get_instance(target_id, payloads=False)
        waited = 0.0
        while state is None and target_id in started and waited < ON_ITS_WAY:
            await asyncio.sleep(LOOK_EVERY)  # its parent's message to it lies in a queue
            waited += LOOK_EVERY
            state = await client.get_instance(target_id, payloads=False)
        if state is None:
            continue
        history = await client.history(target_id)
        started |= _children_in(history)
        worker.book.have_sent(history)  # it may still be on its way
        await _drain(client, worker, target_id, _open_in(history))
        if state.orchestrationStatus not in ENDED:
            await end_instance(client, worker, target_id, patience)
        with contextlib.suppress(NotThere):
            await client.purge(target_id)
        worker.held.pop(target_id, None)
        count += 1
    await worker.dismiss(everything)
    return count


def _children_in(history: Iterable[pb.HistoryEvent]) -> set[str]:
    return {
        one.subOrchestrationInstanceCreated.instanceId
        for one in history
        if one.HasField("subOrchestrationInstanceCreated")
    }


def _open_in(history: Iterable[pb.HistoryEvent]) -> set[int]:
    """Return the numbers of the activities that have no answer there."""
    found: set[int] = set()
    for one in history:
        match one.WhichOneof("eventType"):
            case "taskScheduled":
                found.add(one.eventId)
            case "taskCompleted":
                found.discard(one.taskCompleted.taskScheduledId)
            case "taskFailed":
                found.discard(one.taskFailed.taskScheduledId)
    return found


async def _drain(
    client: EndpointClient, worker: GhostWorker, target_id: str, waiting: set[int]
) -> None:
    """End the activities of an instance: they outlive it, and the app would run them."""
    if not waiting:
        return
    queue: Arrivals = asyncio.Queue()
    worker.claims[target_id] = queue
    for taken in worker.taken(target_id):
        queue.put_nowait(taken)
    waited = 0.0
    try:
        while waiting and waited < COMES_AGAIN:
            item = await next_of(queue, LOOK_EVERY)
            if item is None:
                waited += LOOK_EVERY
                waiting &= _open_in(await client.history(target_id))
                continue
            if item.HasField("activityRequest"):
                await worker.end_activity(item, pb.ActivityResponse())
                waiting.discard(item.activityRequest.taskId)
            else:
                request = item.orchestratorRequest
                if not request.requiresHistoryStreaming:
                    waiting &= _open_in((*request.pastEvents, *request.newEvents))
                worker.hold(item)
    finally:
        await worker.unclaim(target_id)


def _all_of(members: Mapping[str, Member]) -> list[str]:
    found = dict.fromkeys(members)
    known = {one.instance_id for one in members.values()}
    for member in members.values():
        for output in member.script.outputs if member.script is not None else ():
            child = output.event.subOrchestrationInstanceCreated.instanceId
            if output.sign.kind == "child" and child not in known:
                found[child] = None
    return list(found)


async def end_instance(
    client: EndpointClient, worker: GhostWorker, target_id: str, patience: float
) -> None:
    """Terminate an instance, and answer its turn for it. Raises `ReplayStuck`."""
    queue: Arrivals = asyncio.Queue()
    worker.claims[target_id] = queue
    token = worker.held.pop(target_id, "")
    try:
        if token and await _completed(client, target_id, token):
            return
        await client.terminate(target_id, REASON)
        waited = 0.0
        while waited < patience:
            item = await next_of(queue, LOOK_EVERY)
            if item is None:
                waited += LOOK_EVERY
                state = await client.get_instance(target_id, payloads=False)
                if state is None or state.orchestrationStatus in ENDED:
                    return
                continue
            if item.HasField("orchestratorRequest") and await _completed(
                client, target_id, item.completionToken
            ):
                return
        raise ReplayStuck(target_id, patience)
    finally:
        await worker.unclaim(target_id)


async def _completed(client: EndpointClient, target_id: str, token: str) -> bool:
    response = pb.OrchestratorResponse(
        instanceId=target_id, completionToken=token, actions=[actions.terminated(0, REASON)]
    )
    try:
        await client.complete_orchestrator(response)
    except WorkItemNotFound:
        return False
    state = await client.get_instance(target_id, payloads=False)
    return state is None or state.orchestrationStatus in ENDED

"""The probe of events between orchestrations that are addressed to an execution which nobody has."""

import asyncio
from collections.abc import Sequence

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.wrappers_pb2 import StringValue

from durahub_migrate.endpoint import answers
from durahub_migrate.endpoint.taking import Taking
from durahub_migrate.probing.judging import Observed
from durahub_migrate.probing.scratch import Scratch

NOWHERE = "durahub-probe-nowhere"
STRAY, LAST = "Stray", "Last"


async def strays(scratch: Scratch) -> Observed:
    """P14: send events to executions that there are not, of an instance that stands and of one to come.

    *dropped*: the first was not given it; *dropped_before*: nor the second, when it began. *goes_on*: the
    sender was told nothing bad.
    """
    sender, stands, to_come = scratch.new_id(), scratch.new_id(), scratch.new_id()
    async with scratch.worker() as worker:
        for instance_id in (stands, sender):
            await scratch.client.start_instance(scratch.start(instance_id))
        item = await worker.turn(stands, scratch.within)
        if item is None:
            return {"why": "no work item came for an instance that was started"}
        await scratch.answer(worker, item)
        item = await worker.turn(sender, scratch.within)
        if item is None:
            return {"why": "no work item came for an instance that was started"}
        sent = (_to(number, whom) for number, whom in enumerate((stands, to_come), 1))
        await scratch.answer(worker, item, *sent)
        await asyncio.sleep(scratch.quiet)  # an event may be longer on its way than a client's call
        found = {"goes_on": await _goes_on(scratch, worker, sender)}
        found["dropped"] = STRAY not in await _given(scratch, worker, stands)
        await scratch.client.start_instance(scratch.start(to_come))
        item = await worker.turn(to_come, scratch.within)
        if item is None:
            return {**found, "why": "no work item came for an instance that was started"}
        before = _names(item)
        await scratch.answer(worker, item)
        found["dropped_before"] = STRAY not in [*before, *await _given(scratch, worker, to_come)]
    return found


def _to(number: int, instance_id: str) -> pb.OrchestratorAction:
    action = pb.OrchestratorAction(id=number)
    action.sendEvent.instance.instanceId = instance_id
    action.sendEvent.instance.executionId.value = NOWHERE
    action.sendEvent.name = STRAY
    action.sendEvent.data.CopyFrom(StringValue(value='"probe"'))
    return action


async def _given(scratch: Scratch, worker: Taking, instance_id: str) -> list[str]:
    """Return the names of the events that an instance is given, up to one that a client sends it."""
    await scratch.client.raise_event(instance_id, LAST, None)
    found: list[str] = []
    while LAST not in found:
        item = await worker.turn(instance_id, scratch.within)
        if item is None:
            break
        found += _names(item)
        await scratch.answer(worker, item)
    return found


async def _goes_on(scratch: Scratch, worker: Taking, sender: str) -> bool:
    def both(history: Sequence[pb.HistoryEvent]) -> bool:
        return sum(event.HasField("eventSent") for event in history) == 2

    history = await scratch.seen(lambda: scratch.client.history(sender), both)
    state = await scratch.client.get_instance(sender)
    if state is None or state.orchestrationStatus in answers.ENDED:
        return False
    return both(history) and LAST in await _given(scratch, worker, sender)


def _names(item: pb.WorkItem) -> list[str]:
    new = item.orchestratorRequest.newEvents
    return [event.eventRaised.name for event in new if event.HasField("eventRaised")]

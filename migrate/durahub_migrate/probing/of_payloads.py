"""The probe of payloads: each kind in growing sizes, until one is refused or comes back changed."""

from collections.abc import Awaitable, Callable, Mapping

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import DurahubError
from durahub_migrate.endpoint import answers
from durahub_migrate.endpoint.scratch import ENTITY
from durahub_migrate.probing.judging import KINDS, SIZES, Observed
from durahub_migrate.probing.of_entities import STATE
from durahub_migrate.probing.scratch import Scratch

Way = Callable[[Scratch, str], Awaitable[str | None]]
"""Sends a payload and returns what came back, ``None`` if nothing did."""


async def payloads(scratch: Scratch, sizes: tuple[int, ...] = SIZES) -> Observed:
    """P3: return for each kind the largest size that came back whole, and what was said to the next."""
    found: dict[str, object] = {}
    refusals: dict[str, str] = {}
    for kind in KINDS:
        largest = 0
        for size in sizes:
            problem = await _tried(scratch, _WAYS[kind], '"' + "x" * (size - 2) + '"')
            if problem:
                refusals[kind] = f"{size:,} bytes: {problem}"
                break
            largest = size
        found[kind] = largest
    return {**found, "refusals": refusals, "tried": list(sizes)}


async def _tried(scratch: Scratch, way: Way, payload: str) -> str:
    scratch.names += 1
    try:
        back = await way(scratch, payload)
    except DurahubError as error:
        return error.sentence
    if back == payload:
        return ""
    return "it did not come back" if back is None else "it came back changed"


async def _input(scratch: Scratch, payload: str) -> str | None:
    instance_id = scratch.new_id()
    await scratch.client.start_instance(scratch.start(instance_id, payload, waits=True))
    state = await scratch.client.get_instance(instance_id)
    return state.input.value if state is not None else None


async def _output(scratch: Scratch, payload: str) -> str | None:
    return await _after_one_turn(
        scratch,
        answers.ending(pb.ORCHESTRATION_STATUS_COMPLETED, payload, number=1),
        None,
        lambda state: state.output.value if state.orchestrationStatus in answers.ENDED else None,
    )


async def _custom_status(scratch: Scratch, payload: str) -> str | None:
    return await _after_one_turn(
        scratch, None, payload, lambda state: state.customStatus.value or None
    )


async def _after_one_turn(
    scratch: Scratch,
    action: pb.OrchestratorAction | None,
    status: str | None,
    read: Callable[[pb.OrchestrationState], str | None],
) -> str | None:
    async def told() -> str | None:
        state = await scratch.client.get_instance(instance_id)
        return read(state) if state is not None else None

    instance_id = scratch.new_id()
    await scratch.client.start_instance(scratch.start(instance_id))
    async with scratch.worker() as worker:
        item = await worker.turn(instance_id, scratch.within)
        if item is None:
            return None
        await scratch.answer(worker, item, *([action] if action is not None else []), status=status)
        return await scratch.seen(told, lambda back: back is not None)


async def _activity_input(scratch: Scratch, payload: str) -> str | None:
    activity = None
    instance_id = scratch.new_id()
    await scratch.client.start_instance(scratch.start(instance_id))
    async with scratch.worker() as worker:
        item = await worker.turn(instance_id, scratch.within)
        if item is not None:
            await scratch.answer(worker, item, answers.task(1, scratch.activity, payload))
            activity = await worker.activity(instance_id, scratch.within)
        if activity is not None:
            await scratch.answer_activity(worker, activity)
            await worker.turn(instance_id, scratch.within)  # one that came behind us would be lost
    return activity.activityRequest.input.value if activity is not None else None


async def _activity_output(scratch: Scratch, payload: str) -> str | None:
    instance_id = scratch.new_id()
    await scratch.client.start_instance(scratch.start(instance_id))
    async with scratch.worker() as worker:
        item = await worker.turn(instance_id, scratch.within)
        if item is None:
            return None
        await scratch.answer(worker, item, answers.task(1, scratch.activity))
        activity = await worker.activity(instance_id, scratch.within)
        if activity is None:
            return None
        await scratch.answer_activity(worker, activity, payload)
        item = await worker.turn(instance_id, scratch.within)
    new = item.orchestratorRequest.newEvents if item is not None else []
    return next(
        (one.taskCompleted.result.value for one in new if one.HasField("taskCompleted")), None
    )


async def _event(scratch: Scratch, payload: str) -> str | None:
    instance_id = scratch.new_id()
    await scratch.client.start_instance(scratch.start(instance_id))
    await scratch.client.raise_event(instance_id, "Probe", payload)
    async with scratch.worker() as worker:
        for _ in range(2):  # it may come with the start, or behind it
            item = await worker.turn(instance_id, scratch.within)
            if item is None:
                return None
            for event in item.orchestratorRequest.newEvents:
                if event.HasField("eventRaised"):
                    return event.eventRaised.input.value
            await scratch.answer(worker, item)
    return None


async def _entity_state(scratch: Scratch, payload: str) -> str | None:
    entity_id = scratch.new_entity()
    await scratch.client.signal_entity(entity_id, "seed", None, request_id=scratch.guid())
    async with scratch.worker(activities=(), entities=(ENTITY,)) as worker:
        item = await worker.batch(entity_id, scratch.within)
        if item is None:
            return None
        try:
            await scratch.client.complete_entity(answers.batch(item, payload))
        except DurahubError:
            again = await worker.batch(entity_id, scratch.quiet)  # it came back when it was refused
            waiting = again if again is not None else item
            await scratch.client.complete_entity(answers.batch(waiting, STATE))
            worker.done(waiting.completionToken)
            raise
        worker.done(item.completionToken)
    entity = await scratch.seen(
        lambda: scratch.client.get_entity(entity_id),
        lambda entity: entity is not None and entity.HasField("serializedState"),
    )
    return entity.serializedState.value if entity is not None else None


_WAYS: Mapping[str, Way] = {
    "input": _input,
    "output": _output,
    "activity input": _activity_input,
    "activity output": _activity_output,
    "event": _event,
    "custom status": _custom_status,
    "entity state": _entity_state,
}

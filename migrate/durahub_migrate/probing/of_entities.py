"""Probes of entities: a state that a migration worker sets, and messages in DTFx's own form."""

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.engine.entities.messages import REQUEST, Request, request_text
from durahub.engine.entities.stamps import Stamp
from durahub.errors import DurahubError
from durahub_migrate.endpoint import answers
from durahub_migrate.endpoint.scratch import ENTITY
from durahub_migrate.probing.judging import Observed
from durahub_migrate.probing.scratch import Scratch

STATE = '{"seeded":true}'


async def seeding(scratch: Scratch) -> Observed:
    """P10: set a state by answering a signal with it; and an entity whose ID has 101 characters."""
    entity_id = scratch.new_entity()
    try:
        found = await _seeded(scratch, entity_id, STATE)
    except DurahubError as error:
        return {"seeded": False, "why": error.sentence}
    if found is None:
        return {"seeded": False, "why": "no batch came for an entity that was signalled"}
    base = scratch.new_entity("-")
    longer = base + "x" * (101 - len(base))
    scratch.entities.append(longer)
    try:
        at_101: bool | str = await _seeded(scratch, longer, STATE) is True
    except DurahubError as error:
        at_101 = error.sentence
    return {"seeded": found, "of_101_characters": at_101}


async def _seeded(scratch: Scratch, entity_id: str, state: str) -> bool | None:
    """Return whether the state came back as it was given, ``None`` if no batch came."""
    async with scratch.worker(activities=(), entities=(ENTITY,)) as worker:
        await scratch.client.signal_entity(entity_id, "seed", None, request_id=scratch.guid())
        item = await worker.batch(entity_id, scratch.within)
        if item is None:
            return None
        await scratch.client.complete_entity(answers.batch(item, state))
        worker.done(item.completionToken)
    entity = await scratch.seen(
        lambda: scratch.client.get_entity(entity_id),
        lambda entity: entity is not None and entity.HasField("serializedState"),
    )
    return entity is not None and entity.serializedState.value == state


async def own_form(scratch: Scratch) -> Observed:
    """P9: let an orchestration send an entity what DTFx would: an event with a JSON text."""
    instance_id, entity_id = scratch.new_id(), scratch.new_entity()
    request = Request(
        id=scratch.guid(),
        operation="seed",
        signal=True,
        parent=instance_id,
        timestamp=Stamp(scratch.clock(), has_zone=True),  # or it would count as received before
    )
    action = pb.OrchestratorAction(id=1)
    action.sendEvent.instance.instanceId = entity_id
    action.sendEvent.name = REQUEST
    action.sendEvent.data.value = request_text(request)
    async with scratch.worker(entities=(ENTITY,)) as worker:
        await scratch.client.start_instance(scratch.start(instance_id))
        item = await worker.turn(instance_id, scratch.within)
        if item is None:
            return {"why": "no work item came for an instance that was started"}
        try:
            await scratch.answer(worker, item, action)
        except DurahubError as error:
            return {"understood": False, "why": error.sentence}
        batch = await worker.batch(entity_id, scratch.quiet)
        if batch is not None:  # it would come to the app's worker
            await scratch.client.complete_entity(answers.batch(batch, None))
            worker.done(batch.completionToken)
        return {"understood": batch is not None}

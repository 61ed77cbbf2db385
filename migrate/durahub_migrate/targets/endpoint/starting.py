"""The start of an instance at a target, and whether one that is there already is ours."""

from collections.abc import Mapping

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.wellknown import optional_timestamp, string_value, version_value
from durahub.errors import InstanceExists, InstanceNotFound
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.endpoint.marks import Marks
from durahub_migrate.targets.endpoint.standing import Standing


def start_of(
    standing: Standing, target_id: str, tags: Mapping[str, str], *, execution: bool = False
) -> pb.CreateInstanceRequest:
    """Return the start of an instance as it began, under its own ID, with *tags* besides its own.

    The reuse policy says that nothing may be replaced: without one, some endpoints replace what has ended.
    With *execution* it asks for the source's execution ID.
    """
    instance, started = standing.held.instance, standing.started
    request = pb.CreateInstanceRequest(
        instanceId=target_id,
        name=(started.name if started is not None else instance.name) or "",
        version=version_value(started.version if started is not None else instance.version),
        input=string_value(started.input if started is not None else instance.input),
        orchestrationIdReusePolicy=pb.OrchestrationIdReusePolicy(),
    )
    if started is None:
        due = optional_timestamp(instance.scheduled_start)
        if due is not None:
            request.scheduledStartTimestamp.CopyFrom(due)
    request.tags.update((started.tags if started is not None else None) or instance.tags or {})
    request.tags.update(tags)
    if execution and instance.execution_id:
        request.executionId.value = instance.execution_id
    return request


async def check_free(client: EndpointClient, target_ids: list[str]) -> None:
    """Raise `InstanceExists` if there is an instance of any of these IDs."""
    for target_id in target_ids:
        state = await client.get_instance(target_id, payloads=False)
        if state is not None:
            status = pb.OrchestrationStatus.Name(state.orchestrationStatus)
            word = status.removeprefix("ORCHESTRATION_STATUS_").lower()
            raise InstanceExists(target_id, f"{word} at {client.place}")


async def is_ours(
    client: EndpointClient, request: pb.CreateInstanceRequest, marks: Marks, unit: Unit
) -> bool | None:
    """Tell whether the instance that is there was started by such a request of this job.

    Its tags tell; not every endpoint shows them before its history does. ``None``: nobody can tell, for
    nothing is marked, or the tags are not to be seen.
    """
    state = await client.get_instance(request.instanceId)
    if state is None or state.name != request.name or state.input.value != request.input.value:
        return False
    return await bears_marks(client, state, marks, unit)


async def bears_marks(
    client: EndpointClient, state: pb.OrchestrationState, marks: Marks, unit: Unit
) -> bool | None:
    """Tell whether an instance bears the marks of this job and unit, ``None`` if that cannot be seen."""
    if not marks.job:
        return None
    if state.tags:
        return marks.are_on(state.tags, unit)
    try:
        history = await client.history(state.instanceId)
    except InstanceNotFound:
        return None
    starts = [one.executionStarted for one in history if one.HasField("executionStarted")]
    return marks.are_on(starts[0].tags, unit) if starts else None

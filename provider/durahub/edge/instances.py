"""Instances and the requests about them, between the wire and the hub."""

import asyncio

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.dispatch.clients import StartRequest
from durahub.edge.failures import failure_to_proto
from durahub.edge.hub import Hub
from durahub.edge.statuses import status_to_proto, statuses_from_proto
from durahub.edge.traces import trace_from_proto
from durahub.edge.wellknown import (
    filled_text,
    optional_timestamp,
    string_value,
    text_of,
    ticks_of,
    timestamp,
    version_value,
)
from durahub.errors import BadRequest
from durahub.model.history import Status
from durahub.model.instance import Instance
from durahub.store import InstanceQuery

_HIDDEN_TAGS = frozenset(
    {
        "MS_CreateTrace",
        "MS_Entities_RequestTime",
        "MS_Entities_TraceParent",
        "MS_Entities_TraceState",
    }
)
"""Tags by which DTFx hands things to itself; no user set them."""

_UNENDED = frozenset({Status.Running, Status.Pending, Status.Suspended})

_AT_ONCE = 16  # failures that are looked up at the same time


def start_request(request: pb.CreateInstanceRequest) -> StartRequest:
    """Return the start. Raises `BadRequest` for a reuse policy that contradicts itself."""
    replaceable = None
    if request.HasField("orchestrationIdReusePolicy"):
        replaceable = statuses_from_proto(request.orchestrationIdReusePolicy.replaceableStatus)
        if replaceable & _UNENDED and Status.Terminated not in replaceable:
            # Running work is replaced by terminating it; JavaScript knows this sentence.
            raise BadRequest(
                "Invalid reusable statuses: cannot exclude 'Terminated' "
                "while also allowing reuse of running instances"
            )
    return StartRequest(
        name=request.name,
        instance_id=request.instanceId,
        execution_id=filled_text(request, "executionId"),
        version=text_of(request, "version"),
        input=text_of(request, "input"),
        # JavaScript sends 1970 where no time is asked for; to the hub any past time means now.
        scheduled_start=ticks_of(request, "scheduledStartTimestamp"),
        tags=dict(request.tags) or None,
        trace=trace_from_proto(request.parentTraceContext),
        replaceable=replaceable,
    )


async def state_of(hub: Hub, instance: Instance, *, payloads: bool) -> pb.OrchestrationState:
    """Return the state of *instance*; only with *payloads* what it was given and what came of it."""
    state = pb.OrchestrationState(
        instanceId=instance.instance_id,
        name=instance.name or "",
        version=version_value(instance.version),
        orchestrationStatus=status_to_proto(instance.status),
        scheduledStartTimestamp=optional_timestamp(instance.scheduled_start),
        createdTimestamp=timestamp(instance.created),
        lastUpdatedTimestamp=timestamp(instance.last_updated),
        executionId=string_value(instance.execution_id),
        parentInstanceId=string_value(instance.parent_id),
        completedTimestamp=optional_timestamp(instance.completed),
        tags={k: v for k, v in (instance.tags or {}).items() if k not in _HIDDEN_TAGS},
    )
    if not payloads:
        return state
    state.MergeFrom(
        pb.OrchestrationState(
            input=string_value(instance.input),
            # Until an instance has ended its Output holds why it was suspended or resumed.
            output=string_value(instance.output if instance.status.is_terminal else None),
            # of a hub in Azure Storage "null" tells that none was set; it comes with what was moved here
            customStatus=string_value(
                None if instance.custom_status == "null" else instance.custom_status
            ),
        )
    )
    failure = await hub.failure_of(instance) if instance.status is Status.Failed else None
    if failure is not None:
        state.failureDetails.CopyFrom(failure_to_proto(failure))
    return state


async def states_of(
    hub: Hub, instances: tuple[Instance, ...], *, payloads: bool
) -> list[pb.OrchestrationState]:
    """Return the states of *instances*, in order."""
    states: list[pb.OrchestrationState] = []
    for begin in range(0, len(instances), _AT_ONCE):
        some = [state_of(hub, i, payloads=payloads) for i in instances[begin : begin + _AT_ONCE]]
        for state in await asyncio.gather(*some, return_exceptions=True):  # none is left running
            if isinstance(state, BaseException):
                raise state
            states.append(state)
    return states


async def found(
    hub: Hub, instance: Instance | None, request: pb.GetInstanceRequest
) -> pb.GetInstanceResponse:
    """Return the answer to a request for one instance."""
    if instance is None:
        return pb.GetInstanceResponse(exists=False)
    state = await state_of(hub, instance, payloads=request.getInputsAndOutputs)
    return pb.GetInstanceResponse(exists=True, orchestrationState=state)


def purge_query(wanted: pb.PurgeInstanceFilter) -> tuple[InstanceQuery, float | None]:
    """Return which instances to purge, and the seconds it may take."""
    query = InstanceQuery(
        statuses=statuses_from_proto(wanted.runtimeStatus),
        created_from=ticks_of(wanted, "createdTimeFrom"),
        created_to=ticks_of(wanted, "createdTimeTo"),
        payloads=False,
    )
    limit = wanted.timeout.seconds + wanted.timeout.nanos / 1e9
    return query, limit if limit > 0 else None

"""b4: a history is written through ``BackendService``, with all that is open and on its way.

One completion of a work item is one transaction: history, activities, timers, children and messages. So an
instance stands at the target as a whole or not at all; what was on its way to it are messages that it
sends itself. A tree is written from its root down: a child begins with its parent's message, which tells
it whose child it is, and its own work item takes its history.

The service is DTFx's. Histories are told as DTFx has them, messages to entities too: in the protocol's own
events they would be sent once more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.backend import backend_service_pb2 as bs
from durahub.edge.projection import event_to_proto
from durahub.edge.statuses import status_to_proto
from durahub.edge.wellknown import string_value, timestamp, version_value
from durahub.model import history as h
from durahub.model.ticks import Ticks
from durahub_migrate.endpoint.backend import BackendClient
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.taking import Taking
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.endpoint.marks import Marks
from durahub_migrate.targets.endpoint.outcomes import stuck
from durahub_migrate.targets.endpoint.standing import Standing
from durahub_migrate.targets.endpoint.starting import start_of
from durahub_migrate.targets.endpoint.whole_trees import WholeTrees

WRITE = "write"
"""The step of a tree: done, or removed and begun again."""


@dataclass(frozen=True, slots=True)
class Writing:
    """Writes trees. *worker* is a stream of ``BackendService``, *patience* is in seconds."""

    client: EndpointClient
    worker: Taking
    marks: Marks
    patience: float

    async def place(self, unit: Unit, members: Mapping[str, Standing], ledger: Ledger) -> Moved:
        """Write a tree, a parent before its children. Raises `InstanceExists`."""
        return await self._trees.place(unit, members, ledger)

    async def deliver(self, unit: Unit, members: Mapping[str, Standing], ledger: Ledger) -> Moved:
        """Tell those that have not begun what was on its way to them; the others have it."""
        return await self._trees.deliver(unit, members, ledger)

    @property
    def _trees(self) -> WholeTrees:
        return WholeTrees(
            self.client, self.worker, self.patience, WRITE, self._write_all, self._end
        )

    async def _end(self, item: pb.WorkItem) -> None:
        """Answer a turn that its instance is terminated."""
        instance = item.orchestratorRequest
        event = pb.HistoryEvent(eventId=0)
        event.timestamp.GetCurrentTime()
        event.executionCompleted.orchestrationStatus = pb.ORCHESTRATION_STATUS_TERMINATED
        await BackendClient(self.client.wire).complete_orchestration(
            bs.CompleteOrchestrationWorkItemRequest(
                completionToken=item.completionToken,
                instance=pb.OrchestrationInstance(
                    instanceId=instance.instanceId, executionId=instance.executionId
                ),
                runtimeStatus=pb.ORCHESTRATION_STATUS_TERMINATED,
                newHistory=[event],
            )
        )

    async def _write_all(self, unit: Unit, members: Mapping[str, Standing]) -> Moved | None:
        service = BackendClient(self.client.wire)
        begun = _begun_by_parents(members)
        for instance_id, member in members.items():
            target_id = unit.target_id(instance_id)
            if instance_id not in begun:
                request = start_of(member, target_id, self.marks.of(unit), execution=True)
                await service.create_instance(request)
            if member.started is None:
                continue  # its start waits; what was on its way to it is told behind that
            item = await self.worker.turn(target_id, self.patience)
            if item is None:
                return stuck(target_id, f"no work item of it came for {self.patience:g} seconds")
            await service.complete_orchestration(
                completion(item, member, members, unit, self.marks)
            )
            self.worker.done(item.completionToken)
        return None


def _begun_by_parents(members: Mapping[str, Standing]) -> frozenset[str]:
    """Return the members that are begun by their parents' messages."""
    return frozenset(
        child.instance_id for member in members.values() for _, child in _children(member, members)
    )


def _children(
    member: Standing, members: Mapping[str, Standing]
) -> Iterable[tuple[h.SubOrchestrationInstanceCreated, Standing]]:
    """Yield the events by which *member* has made others of the tree, with those."""
    for event in member.history:
        if isinstance(event, h.SubOrchestrationInstanceCreated):
            child = members.get(event.instance_id or "")
            if child is not None:
                yield event, child


def completion(
    item: pb.WorkItem, member: Standing, members: Mapping[str, Standing], unit: Unit, marks: Marks
) -> bs.CompleteOrchestrationWorkItemRequest:
    """Return what writes a member in one transaction."""
    instance = item.orchestratorRequest
    own = pb.OrchestrationInstance(instanceId=instance.instanceId, executionId=instance.executionId)
    end = member.end
    suspended = h.Status.Suspended if member.is_suspended else h.Status.Running
    request = bs.CompleteOrchestrationWorkItemRequest(
        completionToken=item.completionToken,
        instance=own,
        runtimeStatus=status_to_proto(end.status if end is not None else suspended),
        customStatus=string_value(member.custom_status),
        newHistory=[_told(event, unit) for event in member.history],
        newTasks=[event_to_proto(task) for task in member.tasks],
        newTimers=[event_to_proto(timer) for timer in member.timers],
    )
    for created, child in _children(member, members):
        _add_child(request, created, member, child, unit, marks.of(unit))
    inbox = list(member.inbox)
    if member.must_wake:
        at = member.history[-1].timestamp if member.history else Ticks(0)
        inbox += [h.ExecutionSuspended(timestamp=at), h.ExecutionResumed(timestamp=at)]
    for event in inbox:
        message = request.newMessages.add()
        message.instance.CopyFrom(own)
        message.event.CopyFrom(event_to_proto(event))
    return request


def _add_child(
    request: bs.CompleteOrchestrationWorkItemRequest,
    created: h.SubOrchestrationInstanceCreated,
    parent: Standing,
    child: Standing,
    unit: Unit,
    marks: Mapping[str, str],
) -> None:
    """Add the message that begins a child."""
    instance, started = child.held.instance, child.started
    target_id = unit.target_id(child.instance_id)
    message = request.newMessages.add()
    message.instance.instanceId = target_id
    if instance.execution_id:
        message.instance.executionId.value = instance.execution_id
    event = message.event
    event.eventId = -1
    event.timestamp.CopyFrom(
        timestamp(started.timestamp if started is not None else created.timestamp)
    )
    body = event.executionStarted
    body.name = (started.name if started is not None else instance.name) or ""
    body.orchestrationInstance.CopyFrom(message.instance)
    for field, value in (
        ("version", version_value(started.version if started is not None else instance.version)),
        ("input", string_value(started.input if started is not None else instance.input)),
    ):
        if value is not None:
            getattr(body, field).CopyFrom(value)
    body.tags.update((started.tags if started is not None else None) or instance.tags or {})
    body.tags.update(marks)
    info = body.parentInstance
    info.taskScheduledId = created.event_id
    name = parent.held.instance.name
    if name:
        info.name.value = name
    info.orchestrationInstance.CopyFrom(request.instance)


def _told(event: h.Event, unit: Unit) -> pb.HistoryEvent:
    """Return an event of the history, instances in it by their IDs at the target."""
    message = event_to_proto(event)
    match message.WhichOneof("eventType"):
        case "subOrchestrationInstanceCreated":
            body = message.subOrchestrationInstanceCreated
            body.instanceId = unit.target_id(body.instanceId)
        case "eventSent":
            message.eventSent.instanceId = unit.target_id(message.eventSent.instanceId)
        case "executionStarted":
            started = message.executionStarted
            instance = started.orchestrationInstance
            instance.instanceId = unit.target_id(instance.instanceId)
            if started.HasField("parentInstance"):
                parent = started.parentInstance.orchestrationInstance
                parent.instanceId = unit.target_id(parent.instanceId)
    return message

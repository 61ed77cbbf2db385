"""b3: a history is handed over by a rewind.

The instance is started, fails, is rewound, and the worker's answer to that is the history that it shall have.
What is open the app asks for again when it replays; so the history is without it. What was on its way stands
at its end, as if it had just been taken: all of it arrives with that one answer, or none of it.

A tree is rewound from below. An endpoint looks at the children in a history that it is handed: one that runs
it waits for, one that is missing it makes anew, one that has failed it rewinds. So children stand first, and
a history that waits beside a child which has failed is not handed over.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.entity_events import EntityEvents
from durahub.edge.failures import failure_to_proto
from durahub.edge.projection import event_to_proto
from durahub.edge.statuses import status_to_proto
from durahub.errors import EndpointRejects
from durahub.model import history as h
from durahub.model.ticks import Ticks
from durahub_migrate.endpoint import answers
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.taking import Taking
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.endpoint.marks import Marks
from durahub_migrate.targets.endpoint.outcomes import rejected, stuck
from durahub_migrate.targets.endpoint.standing import Standing
from durahub_migrate.targets.endpoint.starting import start_of
from durahub_migrate.targets.endpoint.whole_trees import WholeTrees

REWIND = "rewind"
"""The step of a tree: done, or removed and begun again."""

REASON = "moved by durahub"


@dataclass(frozen=True, slots=True)
class Rewinding:
    """Rewinds trees. *worker* is a stream of work items, *patience* is in seconds."""

    client: EndpointClient
    worker: Taking
    marks: Marks
    patience: float

    async def place(self, unit: Unit, members: Mapping[str, Standing], ledger: Ledger) -> Moved:
        """Rewind a tree, children before their parent. Raises `InstanceExists`."""
        for member in members.values():
            if _has_failed_child(member) and not ledger.is_done(REWIND):
                why = f"a child of {member.instance_id!r} has failed: it would be rewound, too"
                return rejected(EndpointRejects(self.client.place, "RewindInstance", why))
        return await self._trees.place(unit, members, ledger)

    async def deliver(self, unit: Unit, members: Mapping[str, Standing], ledger: Ledger) -> Moved:
        """Tell those that have not begun what was on its way to them; the others have it."""
        return await self._trees.deliver(unit, members, ledger)

    @property
    def _trees(self) -> WholeTrees:
        return WholeTrees(
            self.client, self.worker, self.patience, REWIND, self._rewind_all, self._end
        )

    async def _rewind_all(self, unit: Unit, members: Mapping[str, Standing]) -> Moved | None:
        for member in reversed(list(members.values())):
            target_id = unit.target_id(member.instance_id)
            await self.client.start_instance(start_of(member, target_id, self.marks.of(unit)))
            if member.started is None:
                continue
            missed = await self._rewind(target_id, member, unit)
            if missed:
                return stuck(target_id, missed)
        return None

    async def settle(self, unit: Unit, members: Mapping[str, Standing], ledger: Ledger) -> Moved:
        """Suspend those that were: a second time changes nothing."""
        for member in members.values():
            target_id = unit.target_id(member.instance_id)
            step = f"suspend:{target_id}"
            if member.is_suspended and not ledger.is_done(step):
                await ledger.begin(step)
                await self.client.suspend(target_id, member.pause_reason)
                await ledger.end(step)
        return Moved()

    async def _rewind(self, target_id: str, member: Standing, unit: Unit) -> str:
        """Bring one instance to where it stood; return what went wrong."""
        item = await self.worker.turn(target_id, self.patience)
        if item is None:
            return "no work item of it came when it was started"
        failing = answers.ending(pb.ORCHESTRATION_STATUS_FAILED, number=0, error=REASON)
        await self._answer(item, failing, None)
        await self.client.rewind(target_id, REASON)
        item = await self.worker.turn(target_id, self.patience)
        if item is None:
            return "no work item of it came when it was rewound"
        new = item.orchestratorRequest.newEvents
        if not any(event.HasField("executionRewound") for event in new):
            return "the endpoint rewinds by itself, and takes no history"
        action = pb.OrchestratorAction(id=-1)
        action.rewindOrchestration.newHistory.extend(history_of(member, unit, self.marks.of(unit)))
        await self._answer(item, action, member.custom_status)
        item = await self.worker.turn(target_id, self.patience)
        if item is None:
            return "no work item of it came behind its history"
        end = member.end
        if end is None:
            return ""  # held, and given back when the mover leaves: the app goes on there
        last = answers.ending(status_to_proto(end.status), end.result, number=end.event_id)
        if end.failure is not None:
            last.completeOrchestration.failureDetails.CopyFrom(failure_to_proto(end.failure))
        await self._answer(item, last, member.custom_status)
        return ""

    async def _end(self, item: pb.WorkItem) -> None:
        """Answer a turn that its instance is terminated."""
        await self._answer(item, answers.ending(pb.ORCHESTRATION_STATUS_TERMINATED), None)

    async def _answer(
        self, item: pb.WorkItem, action: pb.OrchestratorAction, status: str | None
    ) -> None:
        await self.client.complete_orchestrator(answers.turn(item, [action], status))
        self.worker.done(item.completionToken)


def history_of(member: Standing, unit: Unit, marks: Mapping[str, str]) -> list[pb.HistoryEvent]:
    """Return the history that is handed over: what has ended is without its end, what pauses without that."""
    pause = member.pause
    kept: list[h.Event] = [
        event
        for event in member.history
        if event is not pause and not isinstance(event, h.ExecutionCompleted)
    ]
    if member.inbox:
        at = kept[-1].timestamp if kept else Ticks(0)
        kept += [h.OrchestratorStarted(timestamp=at), *member.inbox]
    entities = EntityEvents.of(kept)
    return [_told(event_to_proto(event, None, entities), unit, marks) for event in kept]


def _told(message: pb.HistoryEvent, unit: Unit, marks: Mapping[str, str]) -> pb.HistoryEvent:
    match message.WhichOneof("eventType"):
        case "subOrchestrationInstanceCreated":
            body = message.subOrchestrationInstanceCreated
            body.instanceId = unit.target_id(body.instanceId)
        case "executionStarted":
            started = message.executionStarted
            started.tags.update(marks)
            instance = started.orchestrationInstance
            instance.instanceId = unit.target_id(instance.instanceId)
    return message


def _has_failed_child(member: Standing) -> bool:
    return member.end is None and any(
        isinstance(event, h.SubOrchestrationInstanceFailed)
        for event in (*member.history, *member.inbox)
    )

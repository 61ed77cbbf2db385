"""Gives an instance that is replayed the next of its recorded inputs, by a call or an answer."""

from dataclasses import dataclass

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.targets.ghost.activities import Activities
from durahub_migrate.targets.ghost.exchange import Exchange
from durahub_migrate.targets.ghost.progress import is_final, to_feed
from durahub_migrate.targets.ghost.replay import Replay


@dataclass(frozen=True, slots=True)
class Feeding:
    """Feeds the members of one tree; what a member is given by another one comes by itself."""

    client: EndpointClient
    exchange: Exchange
    activities: Activities

    async def feed(self, replay: Replay) -> None:
        """Feed what comes next behind an answered turn."""
        script = replay.script
        target_id = replay.member.target_id
        if not is_final(script, replay.found):
            self.exchange.waited[target_id] = replay.found.seen
        for index in to_feed(script, replay.found, replay.fed):
            replay.fed = index + 1
            if self.exchange.is_given(target_id, index):
                continue
            await self._feed_one(target_id, script.inputs[index].event)

    async def _feed_one(self, target_id: str, event: pb.HistoryEvent) -> None:
        match event.WhichOneof("eventType"):
            case "taskCompleted":
                await self.activities.feed(target_id, event.taskCompleted.taskScheduledId, event)
            case "taskFailed":
                await self.activities.feed(target_id, event.taskFailed.taskScheduledId, event)
            case "eventRaised":
                raised = event.eventRaised
                content = raised.input.value if raised.HasField("input") else None
                await self.client.raise_event(target_id, raised.name, content)
            case "executionSuspended":
                reason = event.executionSuspended.input
                await self.client.suspend(target_id, reason.value or None)
            case "executionResumed":
                await self.client.resume(target_id, event.executionResumed.input.value or None)
            case "executionTerminated":
                body = event.executionTerminated
                output = body.input.value if body.HasField("input") else None
                await self.client.terminate(target_id, output)
            case _:
                pass  # a timer fires, a child ends, an entity answers by itself

"""A recorded output as the action that a turn is answered with, with the GUIDs that the app will give."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.entity_work import guid
from durahub_migrate.targets.ghost import actions
from durahub_migrate.targets.ghost.coupling import Sent
from durahub_migrate.targets.ghost.entities import EntityBook
from durahub_migrate.targets.ghost.exchange import Exchange
from durahub_migrate.targets.ghost.guids import Made, Maker, made_by, making_of
from durahub_migrate.targets.ghost.members import Member
from durahub_migrate.targets.ghost.replay import Replay
from durahub_migrate.targets.ghost.script import Output, requests_before
from durahub_migrate.targets.ghost.signs import named_in


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Makes the actions of a tree's *members*; *maker* makes the GUIDs of the target's app."""

    members: Mapping[str, Member]
    target_id: Callable[[str], str]
    exchange: Exchange
    book: EntityBook
    maker: Maker | None

    def action(self, replay: Replay, index: int) -> pb.OrchestratorAction:
        """Return the action that an output of the script was."""
        script = replay.script
        event = script.outputs[index].event
        text: str | None = None
        if event.HasField("taskScheduled"):
            text = replay.member.inputs.get(event.eventId)
        elif event.HasField("subOrchestrationInstanceCreated"):
            created = event.subOrchestrationInstanceCreated
            child = self.members.get(self.target_id(created.instanceId))
            text = created.input.value if created.HasField("input") else None
            if child is not None:
                text = child.text
        request = self._request(replay, index)
        found = actions.action_of(event, replay.member.target_id, self.target_id, text, request)
        if self.exchange.reaches(Sent(replay.member.target_id, index)):
            found.sendEvent.instance.ClearField("executionId")  # it is to come: nobody raises it
        return found

    def _request(self, replay: Replay, index: int) -> str | None:
        """Return the GUID that the app will give a request to an entity; its answer is known by it."""
        script = replay.script
        output = script.outputs[index]
        recorded = named_in(output.event)
        if recorded is None:
            return None
        request = replay.renamed.get(recorded)
        if request is None:
            request = self._made(replay, index, recorded)
            replay.renamed[recorded] = request
        answer = entity_answer(replay, output, index)
        if answer is not None:
            self.book.answers[guid(request)] = answer
        self.book.will_send(replay.member.target_id, request, output.event)
        return request

    def _made(self, replay: Replay, index: int, recorded: str) -> str:
        script, clocks = replay.script, replay.found.clocks
        output = script.outputs[index]
        if not 0 < output.place <= len(clocks):
            return recorded
        made = making_of(recorded, replay.member.instance_id, output.clock)
        if self.maker is not None:
            counter = made.counter if made is not None else requests_before(script, index)
            made = Made(self.maker, counter)
        if made is None:
            return recorded
        clock = clocks[output.place - 1]
        return made_by(made.maker, replay.member.target_id, clock, made.counter)


def entity_answer(replay: Replay, output: Output, index: int) -> pb.HistoryEvent | None:
    """Return what an entity has answered to a recorded request, ``None`` if nothing yet."""
    script = replay.script
    if output.request is None:
        return None
    if output.answer is not None:
        return script.inputs[output.answer].event
    return replay.member.later.get(index)

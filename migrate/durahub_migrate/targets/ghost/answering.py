"""Answers the turns of a tree's members with what is recorded, and feeds what comes next.

Where members have sent each other events, an answer waits until its receivers wait for what it sends. Such
a turn is put off, and taken up when another one was answered.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.errors import WorkItemNotFound
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.targets.ghost import actions
from durahub_migrate.targets.ghost.activities import Activities
from durahub_migrate.targets.ghost.coupling import Sent
from durahub_migrate.targets.ghost.exchange import Exchange
from durahub_migrate.targets.ghost.family import Family
from durahub_migrate.targets.ghost.feeding import Feeding
from durahub_migrate.targets.ghost.members import Closing
from durahub_migrate.targets.ghost.outgoing import Outgoing
from durahub_migrate.targets.ghost.progress import Progress, is_final, ready
from durahub_migrate.targets.ghost.replay import Halt, Replay, Stage
from durahub_migrate.targets.ghost.worker import GhostWorker


@dataclass(slots=True)
class Answering:
    """Answers turns of *family*. *expected* are the instances whose turns come, or are in hand."""

    client: EndpointClient
    worker: GhostWorker
    family: Family
    exchange: Exchange
    outgoing: Outgoing
    activities: Activities
    stage: Stage = Stage.PAST
    expected: set[str] = field(default_factory=set)
    _feeding: Feeding = field(init=False)
    _put_off: dict[str, pb.WorkItem | None] = field(default_factory=dict)  # turns, by instances

    def __post_init__(self) -> None:
        self._feeding = Feeding(self.client, self.exchange, self.activities)

    def begin_turn(self, target_id: str) -> None:
        """Note that a turn of an instance has come: an earlier one counts no more."""
        self.exchange.waited.pop(target_id, None)
        self._put_off.pop(target_id, None)

    async def answer(self, replay: Replay) -> None:
        """Answer the turn in hand, and feed what comes next."""
        script, found = replay.script, replay.found
        if (
            self.stage is Stage.PAST
            and script.held_from is not None
            and found.seen >= script.held_from
        ):
            replay.halt = Halt.PARKED
            return
        if is_final(script, found):
            await self._close(replay)
            return
        if await self._send(replay, self._ready(replay)):
            await self._feeding.feed(replay)

    async def end_shell(self, target_id: str, item: pb.WorkItem) -> None:
        """End a child that the bundle does not have with its recorded result, as soon as that is due."""
        if not self.exchange.may_end(target_id):
            self._put_off[target_id] = item
            return
        response = pb.OrchestratorResponse(
            instanceId=target_id,
            completionToken=item.completionToken,
            actions=[actions.completed(0, self.family.shells[target_id])],
        )
        self._put_off.pop(target_id, None)
        await self.client.complete_orchestrator(response)
        del self.family.shells[target_id]
        self.worker.claims.pop(target_id, None)

    async def go_on(self) -> None:
        """Take up turns that were put off, as long as that changes which ones they are."""
        while self._put_off:
            before = list(self._put_off)
            for target_id, item in list(self._put_off.items()):
                if item is not None:
                    await self.end_shell(target_id, item)
                    continue
                del self._put_off[target_id]
                replay = self.family.replays[target_id]
                if replay.token is not None and replay.halt is None:
                    await self.answer(replay)
            if list(self._put_off) == before:
                break

    async def complete(self, replay: Replay, found: list[pb.OrchestratorAction]) -> bool:
        """Answer the turn in hand with these actions; tell whether the target has taken it."""
        token, replay.token = replay.token, None
        assert token is not None  # noqa: S101 (for the types)
        script = replay.member.script
        response = pb.OrchestratorResponse(
            instanceId=replay.member.target_id, actions=found, completionToken=token
        )
        if script is not None and script.custom_status is not None:
            response.customStatus.value = script.custom_status
        try:
            await self.client.complete_orchestrator(response)
        except WorkItemNotFound:
            return await self._was_taken(replay)
        return True

    async def _was_taken(self, replay: Replay) -> bool:
        """Tell whether an answer of which nobody knows has arrived: then its inputs are stored."""
        script = replay.member.script
        if script is None:
            return False
        stored = Progress()
        stored.follow(script, await self.client.history(replay.member.target_id))
        return stored.seen >= replay.found.seen

    def _ready(self, replay: Replay, without: Collection[int] = ()) -> list[int]:
        """Return the outputs of the next answer."""
        script, found = replay.script, replay.found
        outputs = ready(script, found, without)
        if not self.exchange:
            return outputs
        target_id = replay.member.target_id
        early = {
            index
            for index, output in enumerate(script.outputs)
            if output.sign.kind == "child"
            and self.family.is_replayed(self.family.child(output))
            and output.place <= found.seen
            and index not in found.sent
            and index not in without
        }
        to_itself = {
            index
            for index in outputs
            if self.exchange.is_early(target_id, index, found.seen) and not is_final(script, found)
        }
        # An event to a child that is not there yet does not come to it.
        children = sorted(
            {index for index in outputs if script.outputs[index].sign.kind == "child"} | early
        )
        return [one for one in outputs if one not in to_itself and one not in children] + children

    async def _close(self, replay: Replay) -> None:
        """Answer the turn behind the last recorded input."""
        script, final = replay.script, replay.final
        assert final is not None  # noqa: S101 (for the types)
        without = set(final.dropped)
        if final.closing is Closing.LEAVE or self.stage is not Stage.END:
            without |= final.rest
        sent = self._ready(replay, without)
        if final.closing is Closing.HOLD and self.stage is not Stage.END:
            replay.halt = Halt.HELD
            return
        if not final.is_answered:
            replay.halt = Halt.STANDS  # the turn goes back as it is: the app answers it
            return
        later = {
            script.outputs[index].event.eventId: answer
            for index, answer in replay.member.later.items()
            if script.outputs[index].sign.kind == "task"
        }
        if await self._send(replay, sent, ends=script.end is not None):
            replay.halt = Halt.STANDS
            replay.owed = set(later)
            for number, answer in later.items():
                await self.activities.feed(replay.member.target_id, number, answer)

    async def _send(self, replay: Replay, outputs: list[int], *, ends: bool = False) -> bool:
        """Send outputs as the answer of a turn; tell whether the target has taken it."""
        script = replay.script
        if self.exchange and not self.exchange.may_send(replay, outputs, ends=ends):
            self._put_off[replay.member.target_id] = None
            return False
        found = [self.outgoing.action(replay, index) for index in outputs]
        if ends and script.end is not None:
            found.append(actions.completion(script.end))
        if not await self.complete(replay, found):
            return False
        for index in outputs:
            output = script.outputs[index]
            self.exchange.note_sent(Sent(replay.member.target_id, index))
            if output.event.HasField("subOrchestrationInstanceCreated"):
                child = self.family.child(output)
                if self.family.is_replayed(child):
                    self.expected.add(child)
                    self.exchange.there.add(child)
        return True

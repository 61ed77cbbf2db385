"""One tree, replayed at the target: what comes over the streams is answered, then the next input is fed.

Every instance goes through its script on its own. A child is made by its parent's action and then replayed
as well; one that the bundle does not have, but whose result is recorded, ends with that result at once.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.wellknown import put_timestamp
from durahub.errors import DurahubError, NotThere, ReplayDiverged, ReplayStuck, WorkItemNotFound
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.targets.ghost import actions
from durahub_migrate.targets.ghost.activities import Activities
from durahub_migrate.targets.ghost.coupling import Sent, Taken, coupling_of
from durahub_migrate.targets.ghost.exchange import Exchange
from durahub_migrate.targets.ghost.guids import Maker
from durahub_migrate.targets.ghost.members import Closing, Member, final_of
from durahub_migrate.targets.ghost.outgoing import Outgoing, entity_answer
from durahub_migrate.targets.ghost.progress import (
    Progress,
    is_final,
    looked_at,
    ready,
    to_feed,
)
from durahub_migrate.targets.ghost.replay import Halt, Replay
from durahub_migrate.targets.ghost.script import Output
from durahub_migrate.targets.ghost.worker import GhostWorker

LEFT_OVER = "left over by a replay that was taken back"


class Stage(Enum):
    """How far a replay may go; each goes on where the one before has stopped."""

    PAST = auto()  # up to the locks that are still held: others may have had them before
    LOCKS = auto()  # up to the last recorded input, and all but what waits for the app
    END = auto()  # what waits is scheduled, too: nobody but the app takes it now


@dataclass(frozen=True, slots=True)
class Left:
    """What is kept of an instance between two stages."""

    progress: Progress
    token: str


@dataclass(slots=True)
class TreeReplay:
    """Replays *members*, by their IDs at the target. *patience* is in seconds."""

    client: EndpointClient
    worker: GhostWorker
    members: Mapping[str, Member]
    target_id: Callable[[str], str]
    patience: float = 120.0
    maker: Maker | None = None  # of the target's app
    is_careful: bool = True  # the target may deliver again what has been sent
    _exchange: Exchange = field(init=False)
    _outgoing: Outgoing = field(init=False)
    _activities: Activities = field(init=False)
    _put_off: dict[str, pb.WorkItem | None] = field(default_factory=dict)  # turns, by instances
    _replays: dict[str, Replay] = field(default_factory=dict)
    _shells: dict[str, pb.HistoryEvent] = field(default_factory=dict)
    _queue: "asyncio.Queue[pb.WorkItem | DurahubError]" = field(default_factory=asyncio.Queue)
    _stage: Stage = Stage.PAST
    _expected: set[str] = field(default_factory=set)
    _in_hand: dict[str, str] = field(default_factory=dict)  # before this stage

    def __post_init__(self) -> None:
        self._exchange = Exchange(self._replays)
        self._outgoing = Outgoing(
            self.members, self.target_id, self._exchange, self.worker.book, self.maker
        )
        self._activities = Activities(self.worker, self._replays)

    @property
    def delivered(self) -> Collection[Taken]:
        """What members were given by their senders, in this run."""
        return self._exchange.delivered

    async def run(
        self, stage: Stage, left: Mapping[str, Left] | None = None, *, anew: bool = False
    ) -> dict[str, Left]:
        """Go on to the end of *stage*; *anew* from the beginning.

        *left* is what the last stage has left of instances, ``None`` if another process has run it; what is
        returned is left for the next one.
        Raises `ReplayStuck`, `ReplayDiverged`, and what the client does.
        """
        self._stage = stage
        self._make_replays()
        for target_id in (*self._replays, *self._shells):
            self.worker.claims[target_id] = self._queue
            self._in_hand[target_id] = self.worker.held.pop(target_id, "")
        try:
            await self._begin(left, anew=anew)
            await self._go()
            await self._activities.end_left_over()
        finally:
            for target_id in (*self._replays, *self._shells):
                if self.worker.claims.get(target_id) is self._queue:
                    del self.worker.claims[target_id]
            self._hold_all()
        return {
            target_id: Left(one.found, one.token)
            for target_id, one in self._replays.items()
            if one.halt in (Halt.PARKED, Halt.HELD) and one.token is not None
        }

    def roots(self) -> list[Member]:
        """Return the members that no other one starts: by themselves they would not come to be."""
        children = {
            self.target_id(output.event.subOrchestrationInstanceCreated.instanceId)
            for member in self.members.values()
            if member.script is not None
            for output in member.script.outputs
            if output.sign.kind == "child"
        }
        return [one for target_id, one in self.members.items() if target_id not in children]

    # -- making ready --------------------------------------------------------------------------

    def _make_replays(self) -> None:
        known = {one.instance_id: one for one in self.members.values()}
        if self.is_careful:
            self._couple()
        for target_id, member in self.members.items():
            script = member.script
            if script is None:
                self._replays[target_id] = Replay(member, None)
                continue
            replay = Replay(member, final_of(member, known, is_careful=self.is_careful))
            self._replays[target_id] = replay
            for output in script.outputs:
                if output.sign.kind == "child" and output.answer is not None:
                    answer = script.inputs[output.answer].event
                    self._expect_child(output.event, answer)
            for index, answer in member.later.items():
                output = script.outputs[index]
                if output.sign.kind == "child":
                    self._expect_child(output.event, answer)

    def _couple(self) -> None:
        coupling = self._exchange.coupling = coupling_of(self.members, self.target_id)
        for parent, member in self.members.items():
            script = member.script
            if not coupling or script is None:
                continue
            if script.held_from is not None and any(one.sender == parent for one in coupling.to):
                raise ReplayDiverged(
                    member.instance_id,
                    "it holds a lock, and has sent events within its tree that the target may deliver again",
                )
            for index, output in enumerate(script.outputs):
                if output.sign.kind != "child":
                    continue
                child = self.target_id(output.event.subOrchestrationInstanceCreated.instanceId)
                if output.answer is not None:
                    self._exchange.ends_at[child] = parent, output.answer
                elif index in member.later:
                    self._exchange.ends_at[child] = parent, len(script.inputs)

    def _expect_child(self, created: pb.HistoryEvent, answer: pb.HistoryEvent) -> None:
        source_id = created.subOrchestrationInstanceCreated.instanceId
        child = self.members.get(self.target_id(source_id))
        if child is None:
            self._shells[self.target_id(source_id)] = answer
        elif child.script is None or child.script.end is None:
            problem = f"its child {source_id!r} has ended, and runs again"
            raise ReplayDiverged(self._parent_of(created), problem)

    def _parent_of(self, created: pb.HistoryEvent) -> str:
        for member in self.members.values():
            if member.script and any(one.event is created for one in member.script.outputs):
                return member.instance_id
        return ""

    async def _begin(self, left: Mapping[str, Left] | None, *, anew: bool) -> None:
        """Set going what there is to do."""
        if anew:
            for member in self.roots():
                if member.script is not None:  # else nobody is to begin it, and it may not be due
                    self._expected.add(member.target_id)
                await self._start(member)
                self._exchange.there.add(member.target_id)
            return
        self._exchange.there.update(self._replays)
        for target_id, replay in self._replays.items():
            if left is None and await self._has_more(replay):
                self._expected.add(target_id)  # its turn comes again
            elif left is None or target_id not in left:
                replay.halt = Halt.STANDS
        for target_id, one in (left or {}).items():
            replay = self._replays[target_id]
            replay.found, replay.token = one.progress, one.token
            replay.renamed = {recorded: found for found, recorded in one.progress.requests.items()}
            self._expected.add(target_id)
            await self._answer(replay)

    async def _has_more(self, replay: Replay) -> bool:
        """Tell whether an instance that another process has replayed is not at the end of the script."""
        script, final = replay.member.script, replay.final
        if script is None or final is None:
            return False
        if final.closing is not Closing.HOLD and script.held_from is None:
            return False
        stored = Progress()
        stored.follow(script, await self.client.history(replay.member.target_id))
        replay.renamed = {recorded: found for found, recorded in stored.requests.items()}
        for index, output in enumerate(script.outputs):
            request = replay.renamed.get(output.request or "")
            answer = entity_answer(replay, output, index) if request else None
            if request and answer is not None:
                self.worker.book.answers[request] = answer
        await self.worker.dismiss(())  # an entity may have been asked meanwhile
        return not (is_final(script, stored) and final.rest <= stored.sent)

    async def _start(self, member: Member) -> None:
        instance = member.held.instance
        request = pb.CreateInstanceRequest(
            instanceId=member.target_id, name=instance.name or "", tags=instance.tags or {}
        )
        version = instance.version
        if member.script is not None:
            started = member.script.started
            request.name, version = started.name or request.name, started.version.value
        if version:
            request.version.value = version
        if member.text is not None:
            request.input.value = member.text
        if member.script is None and instance.scheduled_start is not None:
            put_timestamp(request.scheduledStartTimestamp, instance.scheduled_start)
        await self.client.start_instance(request)

    # -- replaying -----------------------------------------------------------------------------

    async def _go(self) -> None:
        while True:
            moving = [one for one in sorted(self._expected) if not self._has_halted(one)]
            if not moving:
                return
            try:
                item = await asyncio.wait_for(self._queue.get(), self.patience)
            except asyncio.TimeoutError:
                raise ReplayStuck(moving[0], self.patience) from None
            if isinstance(item, DurahubError):
                raise item
            if item.HasField("activityRequest"):
                await self._activities.take(item)
            else:
                await self._take_turn(item)
            while self._put_off:
                before = list(self._put_off)
                await self._go_on()
                if list(self._put_off) == before:
                    break

    def _has_halted(self, target_id: str) -> bool:
        if target_id in self._shells:
            return False
        replay = self._replays.get(target_id)
        return replay is None or (replay.halt is not None and not replay.owed)

    async def _take_turn(self, item: pb.WorkItem) -> None:
        request = item.orchestratorRequest
        target_id = request.instanceId
        self._exchange.waited.pop(target_id, None)
        self._put_off.pop(target_id, None)
        if target_id in self._shells:
            if self._exchange.may_end(target_id):
                await self._end_shell(target_id, item)
            else:
                self._put_off[target_id] = item
            return
        replay = self._replays[target_id]
        script = replay.member.script
        replay.token = item.completionToken
        if script is None:
            replay.halt = Halt.STANDS
            return
        past = list(request.pastEvents)
        if request.requiresHistoryStreaming:
            past = await self.client.history(target_id, for_work_item=True)
        replay.execution_id = request.executionId.value.casefold()
        if await self._is_left_over(replay, list(request.newEvents)):
            return
        if await self._begins_otherwise(replay, past, list(request.newEvents)):
            return
        replay.found = looked_at(script, replay.known, past, list(request.newEvents))
        for found, recorded in replay.found.requests.items():
            replay.renamed[recorded] = found
        if replay.found.stray is not None:
            kind = replay.found.stray.kind
            problem = f"at the target it was given what is not recorded there ({kind})"
            raise ReplayDiverged(replay.member.instance_id, problem)
        if replay.halt is None:
            await self._answer(replay)

    async def _is_left_over(self, replay: Replay, new: list[pb.HistoryEvent]) -> bool:
        """Remove a child whose start was on its way when the replay before this one was taken back.

        The start by its parent of now waits until its ID is free.
        """
        for event in new:
            parent = event.executionStarted.parentInstance.orchestrationInstance
            started_by = parent.executionId.value.casefold()
            now = self._replays.get(parent.instanceId)
            if started_by and now is not None and now.execution_id not in ("", started_by):
                target_id = replay.member.target_id
                await self._complete(replay, [actions.terminated(0, LEFT_OVER)])
                with contextlib.suppress(NotThere):
                    await self.client.purge(target_id)
                return True
        return False

    async def _begins_otherwise(
        self, replay: Replay, past: list[pb.HistoryEvent], new: list[pb.HistoryEvent]
    ) -> bool:
        """Let an execution begin anew that was started as an earlier one of the same instance."""
        script = replay.member.script
        assert script is not None  # noqa: S101 (for the types)
        if replay.restarts or any(one.HasField("executionStarted") for one in past):
            return False
        wanted = script.started
        for event in new:
            started = event.executionStarted
            if event.HasField("executionStarted") and started.version.value != wanted.version.value:
                replay.restarts += 1
                await self._complete(replay, [actions.restarted(wanted)])
                return True
        return False

    async def _answer(self, replay: Replay) -> None:
        """Answer the turn in hand, and feed what comes next."""
        script = replay.member.script
        assert script is not None  # noqa: S101 (for the types)
        found = replay.found
        if (
            self._stage is Stage.PAST
            and script.held_from is not None
            and found.seen >= script.held_from
        ):
            replay.halt = Halt.PARKED
            return
        if is_final(script, found):
            await self._close(replay)
            return
        if await self._send(replay, self._ready(replay)):
            await self._feed(replay)

    def _is_replayed(self, output: Output) -> bool:
        """Tell whether a child is made by the ghost; others are for the app, or for nobody."""
        child = self.target_id(output.event.subOrchestrationInstanceCreated.instanceId)
        return child in self._replays or child in self._shells

    def _ready(self, replay: Replay, without: Collection[int] = ()) -> list[int]:
        """Return the outputs of the next answer."""
        script, found = replay.member.script, replay.found
        assert script is not None  # noqa: S101 (for the types)
        outputs = ready(script, found, without)
        if not self._exchange:
            return outputs
        target_id = replay.member.target_id
        early = {
            index
            for index, output in enumerate(script.outputs)
            if output.sign.kind == "child"
            and self._is_replayed(output)
            and output.place <= found.seen
            and index not in found.sent
            and index not in without
        }
        to_itself = {
            index
            for index in outputs
            if self._exchange.is_early(target_id, index, found.seen) and not is_final(script, found)
        }
        # An event to a child that is not there yet does not come to it.
        children = sorted(
            {index for index in outputs if script.outputs[index].sign.kind == "child"} | early
        )
        return [one for one in outputs if one not in to_itself and one not in children] + children

    async def _close(self, replay: Replay) -> None:
        """Answer the turn behind the last recorded input."""
        script, final = replay.member.script, replay.final
        assert script is not None  # noqa: S101 (for the types)
        assert final is not None  # noqa: S101 (for the types)
        without = set(final.dropped)
        if final.closing is Closing.LEAVE or self._stage is not Stage.END:
            without |= final.rest
        sent = self._ready(replay, without)
        if final.closing is Closing.HOLD and self._stage is not Stage.END:
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
                await self._activities.feed(replay.member.target_id, number, answer)

    async def _send(self, replay: Replay, outputs: list[int], *, ends: bool = False) -> bool:
        """Send outputs as the answer of a turn; tell whether the target has taken it."""
        script = replay.member.script
        assert script is not None  # noqa: S101 (for the types)
        if self._exchange and not self._exchange.may_send(replay, outputs, ends=ends):
            self._put_off[replay.member.target_id] = None
            return False
        found = [self._outgoing.action(replay, index) for index in outputs]
        if ends and script.end is not None:
            found.append(actions.completion(script.end))
        if not await self._complete(replay, found):
            return False
        for index in outputs:
            event = script.outputs[index].event
            self._exchange.note_sent(Sent(replay.member.target_id, index))
            if event.HasField("subOrchestrationInstanceCreated"):
                child = self.target_id(event.subOrchestrationInstanceCreated.instanceId)
                if child in self._shells or child in self._replays:
                    self._expected.add(child)
                    self._exchange.there.add(child)
        return True

    async def _go_on(self) -> None:
        """Take up turns that were put off."""
        for target_id, item in list(self._put_off.items()):
            if item is not None:
                if self._exchange.may_end(target_id):
                    del self._put_off[target_id]
                    await self._end_shell(target_id, item)
                continue
            del self._put_off[target_id]
            replay = self._replays[target_id]
            if replay.token is not None and replay.halt is None:
                await self._answer(replay)

    async def _complete(self, replay: Replay, found: list[pb.OrchestratorAction]) -> bool:
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

    async def _end_shell(self, target_id: str, item: pb.WorkItem) -> None:
        response = pb.OrchestratorResponse(
            instanceId=target_id,
            completionToken=item.completionToken,
            actions=[actions.completed(0, self._shells[target_id])],
        )
        await self.client.complete_orchestrator(response)
        del self._shells[target_id]
        self.worker.claims.pop(target_id, None)

    # -- feeding -------------------------------------------------------------------------------

    async def _feed(self, replay: Replay) -> None:
        script = replay.member.script
        assert script is not None  # noqa: S101 (for the types)
        target_id = replay.member.target_id
        if not is_final(script, replay.found):
            self._exchange.waited[target_id] = replay.found.seen
        for index in to_feed(script, replay.found, replay.fed):
            replay.fed = index + 1
            if self._exchange.is_given(target_id, index):
                continue
            await self._feed_one(replay, script.inputs[index].event)

    async def _feed_one(self, replay: Replay, event: pb.HistoryEvent) -> None:
        target_id = replay.member.target_id
        match event.WhichOneof("eventType"):
            case "taskCompleted":
                await self._activities.feed(target_id, event.taskCompleted.taskScheduledId, event)
            case "taskFailed":
                await self._activities.feed(target_id, event.taskFailed.taskScheduledId, event)
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

    def _hold_all(self) -> None:
        """Keep the turns in hand, to be given back when the ghost leaves; others may have come meanwhile."""
        for target_id, replay in self._replays.items():
            script = replay.member.script
            if script is None or script.end is None:
                before = self._in_hand.get(target_id, "")
                self.worker.held[target_id] = replay.token or before
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if not isinstance(item, DurahubError):
                self.worker.hold(item)

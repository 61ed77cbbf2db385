"""One tree, replayed at the target: what comes over the streams goes to the instance that it is of.

Every instance goes through its script on its own. A child is made by its parent's action and then replayed
as well; one that the bundle does not have, but whose result is recorded, ends with that result at once.
"""

import asyncio
import contextlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.wellknown import put_timestamp
from durahub.errors import DurahubError, NotThere, ReplayDiverged, ReplayStuck
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.targets.ghost import actions
from durahub_migrate.targets.ghost.activities import Activities
from durahub_migrate.targets.ghost.answering import Answering
from durahub_migrate.targets.ghost.arrivals import Arrivals, next_of
from durahub_migrate.targets.ghost.coupling import Taken
from durahub_migrate.targets.ghost.exchange import Exchange
from durahub_migrate.targets.ghost.family import Family, family_of
from durahub_migrate.targets.ghost.guids import Maker
from durahub_migrate.targets.ghost.members import Closing, Member
from durahub_migrate.targets.ghost.outgoing import Outgoing, entity_answer
from durahub_migrate.targets.ghost.progress import Progress, is_final, looked_at
from durahub_migrate.targets.ghost.replay import Halt, Replay, Stage
from durahub_migrate.targets.ghost.worker import GhostWorker

LEFT_OVER = "left over by a replay that was taken back"


@dataclass(frozen=True, slots=True)
class Left:
    """What is kept of an instance between two stages."""

    progress: Progress
    token: str


@dataclass(slots=True)
class TreeReplay:
    """Replays *members*, by their IDs at the target. *patience* is in seconds. Raises `ReplayDiverged`."""

    client: EndpointClient
    worker: GhostWorker
    members: Mapping[str, Member]
    target_id: Callable[[str], str]
    patience: float = 120.0
    maker: Maker | None = None  # of the target's app
    is_careful: bool = True  # the target may deliver again what has been sent
    _family: Family = field(init=False)
    _exchange: Exchange = field(init=False)
    _activities: Activities = field(init=False)
    _answering: Answering = field(init=False)
    _queue: Arrivals = field(default_factory=asyncio.Queue)
    _in_hand: dict[str, str] = field(default_factory=dict)  # before this stage

    def __post_init__(self) -> None:
        family = family_of(self.members, self.target_id, is_careful=self.is_careful)
        exchange = Exchange(family.replays, coupling=family.coupling, ends_at=family.ends_at)
        outgoing = Outgoing(self.members, self.target_id, exchange, self.worker.book, self.maker)
        self._family, self._exchange = family, exchange
        self._activities = Activities(self.worker, family.replays)
        self._answering = Answering(
            self.client, self.worker, family, exchange, outgoing, self._activities
        )

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
        replays = self._family.replays
        claimed = (*replays, *self._family.shells)
        self._answering.stage = stage
        for target_id in claimed:
            self.worker.claims[target_id] = self._queue
            self._in_hand[target_id] = self.worker.held.pop(target_id, "")
        try:
            await self._begin(left, anew=anew)
            await self._go()
            await self._activities.end_left_over()
        finally:
            for target_id in claimed:
                if self.worker.claims.get(target_id) is self._queue:
                    del self.worker.claims[target_id]
            self._hold_all()
        return {
            target_id: Left(one.found, one.token)
            for target_id, one in replays.items()
            if one.halt in (Halt.PARKED, Halt.HELD) and one.token is not None
        }

    async def _begin(self, left: Mapping[str, Left] | None, *, anew: bool) -> None:
        """Set going what there is to do."""
        if anew:
            for member in self._family.roots():
                if member.script is not None:  # else nobody is to begin it, and it may not be due
                    self._answering.expected.add(member.target_id)
                await self._start(member)
                self._exchange.there.add(member.target_id)
            return
        self._exchange.there.update(self._family.replays)
        for target_id, replay in self._family.replays.items():
            if left is None and await self._has_more(replay):
                self._answering.expected.add(target_id)  # its turn comes again
            elif left is None or target_id not in left:
                replay.halt = Halt.STANDS
        for target_id, one in (left or {}).items():
            replay = self._family.replays[target_id]
            replay.found, replay.token = one.progress, one.token
            replay.renamed = {recorded: found for found, recorded in one.progress.requests.items()}
            self._answering.expected.add(target_id)
            await self._answering.answer(replay)

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

    async def _go(self) -> None:
        while True:
            moving = [one for one in sorted(self._answering.expected) if not self._has_halted(one)]
            if not moving:
                return
            item = await next_of(self._queue, self.patience)
            if item is None:
                raise ReplayStuck(moving[0], self.patience)
            if item.HasField("activityRequest"):
                await self._activities.take(item)
            else:
                await self._take_turn(item)
            await self._answering.go_on()

    def _has_halted(self, target_id: str) -> bool:
        if target_id in self._family.shells:
            return False
        replay = self._family.replays.get(target_id)
        return replay is None or (replay.halt is not None and not replay.owed)

    async def _take_turn(self, item: pb.WorkItem) -> None:
        request = item.orchestratorRequest
        target_id = request.instanceId
        self._answering.begin_turn(target_id)
        if target_id in self._family.shells:
            await self._answering.end_shell(target_id, item)
            return
        replay = self._family.replays[target_id]
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
            await self._answering.answer(replay)

    async def _is_left_over(self, replay: Replay, new: list[pb.HistoryEvent]) -> bool:
        """Remove a child whose start was on its way when the replay before this one was taken back.

        The start by its parent of now waits until its ID is free.
        """
        for event in new:
            parent = event.executionStarted.parentInstance.orchestrationInstance
            started_by = parent.executionId.value.casefold()
            now = self._family.replays.get(parent.instanceId)
            if started_by and now is not None and now.execution_id not in ("", started_by):
                target_id = replay.member.target_id
                await self._answering.complete(replay, [actions.terminated(0, LEFT_OVER)])
                with contextlib.suppress(NotThere):
                    await self.client.purge(target_id)
                return True
        return False

    async def _begins_otherwise(
        self, replay: Replay, past: list[pb.HistoryEvent], new: list[pb.HistoryEvent]
    ) -> bool:
        """Let an execution begin anew that was started as an earlier one of the same instance."""
        script = replay.script
        if replay.restarts or any(one.HasField("executionStarted") for one in past):
            return False
        wanted = script.started
        for event in new:
            started = event.executionStarted
            if event.HasField("executionStarted") and started.version.value != wanted.version.value:
                replay.restarts += 1
                await self._answering.complete(replay, [actions.restarted(wanted)])
                return True
        return False

    def _hold_all(self) -> None:
        """Keep the turns in hand, to be given back when the ghost leaves; others may have come meanwhile."""
        for target_id, replay in self._family.replays.items():
            script = replay.member.script
            if script is None or script.end is None:
                before = self._in_hand.get(target_id, "")
                self.worker.held[target_id] = replay.token or before
        while not self._queue.empty():
            item = self._queue.get_nowait()
            if not isinstance(item, DurahubError):
                self.worker.hold(item)

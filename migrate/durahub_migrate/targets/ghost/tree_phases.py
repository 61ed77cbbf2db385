"""The phases of a tree: it is replayed up to its locks, gets what was on its way, and is left to the app.

A tree that was not replayed to its end when its mover was killed is removed and replayed anew: nothing but
the ghost has worked at it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from durahub.errors import InstanceExists, ReplayDiverged
from durahub.model import history as h
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved, Outcome, Phase
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.ghost.coupling import Taken
from durahub_migrate.targets.ghost.guids import maker_of
from durahub_migrate.targets.ghost.members import Closing, Member, final_of, member_of
from durahub_migrate.targets.ghost.removing import ENDED, remove
from durahub_migrate.targets.ghost.replay import Stage
from durahub_migrate.targets.ghost.sends import receivers_in
from durahub_migrate.targets.ghost.tree import Left, TreeReplay
from durahub_migrate.targets.ghost.worker import GhostWorker

NOBODY = "durahub"  # the reason of suspensions that only wake an instance


@dataclass(slots=True)
class TreePhases:
    """Takes trees through their phases; see `durahub_migrate.targets.ghost.mover.GhostMover`."""

    client: EndpointClient
    settings: MoveSettings
    patience: float
    stored_from: int | None
    is_careful: bool
    _left: dict[str, Mapping[str, Left]] = field(default_factory=dict)  # by roots

    async def carry_out(
        self, worker: GhostWorker, phase: Phase, unit: Unit, content: Content, ledger: Ledger
    ) -> Moved:
        """Do *phase* for the tree of *unit*. Raises `InstanceExists`, `ReplayDiverged`, `ReplayStuck`."""
        members = self._members(unit, content)
        match phase:
            case Phase.PLACE:
                return await self._place(worker, unit, members, ledger)
            case Phase.DELIVER:
                return await self._deliver(worker, unit, members, ledger)
            case Phase.SETTLE:
                await self._run(worker, Stage.END, unit, members)
                await self._wake(members, ledger)
                return Moved()

    async def withdraw(self, worker: GhostWorker, unit: Unit, content: Content) -> int:
        """Remove the tree of *unit* from the target; return how many instances were there."""
        members = self._members(unit, content)
        count = await remove(self.client, worker, members, self.patience)
        self._left.pop(unit.root_id, None)
        return count

    @property
    def _numbering(self) -> int | None:
        return self.settings.numbering if self.stored_from is None else self.stored_from

    def _members(self, unit: Unit, content: Content) -> dict[str, Member]:
        alike = self.settings.retries_alike
        found = (
            member_of(held, content, unit, self._numbering, retries_alike=alike)
            for held in content.members(unit.root_id)
        )
        return {member.target_id: member for member in found}

    async def _place(
        self, worker: GhostWorker, unit: Unit, members: Mapping[str, Member], ledger: Ledger
    ) -> Moved:
        if (known := await self._known_receiver(unit, members)) is not None:
            return _would_come_again(known)
        if ledger.was_begun("replay"):
            await remove(self.client, worker, members, self.patience)
        else:
            for target_id in members:
                state = await self.client.get_instance(target_id, payloads=False)
                if state is not None:
                    raise InstanceExists(target_id, "of somebody else")
            await ledger.begin("replay")
        replay = self._replay(worker, unit, members)
        self._left[unit.root_id] = await replay.run(Stage.PAST, anew=True)
        if self._sends_early(unit, members):
            for target_id, place, event in _on_their_way(members):
                if Taken(target_id, place) not in replay.delivered:
                    await self._tell(target_id, event)
        await worker.book.drained(members)
        await ledger.end("replay")
        left: Counter[str] = Counter()
        dropped: Counter[str] = Counter()
        for member in members.values():
            left += member.left
            if member.script is not None:
                dropped.update(member.script.dropped)
        return Moved(
            instances=len(members),
            events=sum(len(one.held.instance.history) for one in members.values()),
            left=dict(left),
            dropped=dict(dropped),
        )

    def _replay(self, worker: GhostWorker, unit: Unit, members: Mapping[str, Member]) -> TreeReplay:
        return TreeReplay(
            self.client,
            worker,
            members,
            unit.target_id,
            self.patience,
            maker_of(self.settings, renumbers=self.stored_from is None),
            self.is_careful,
        )

    def _receivers(self, unit: Unit, members: Mapping[str, Member]) -> list[str]:
        """Return the IDs, at the target, of orchestrations that members have sent events."""
        return list(
            dict.fromkeys(
                unit.target_id(receiver)
                for member in members.values()
                for receiver in receivers_in(one.event for one in member.held.instance.history)
            )
        )

    async def _known_receiver(self, unit: Unit, members: Mapping[str, Member]) -> str | None:
        """Return somebody else at the target that would get an event a second time."""
        if not self.is_careful:
            return None
        for target_id in self._receivers(unit, members):
            if target_id not in members:
                state = await self.client.get_instance(target_id, payloads=False)
                if state is not None and state.orchestrationStatus not in ENDED:
                    return target_id
        return None

    def _sends_early(self, unit: Unit, members: Mapping[str, Member]) -> bool:
        """Tell whether what is on its way to a tree comes with it: later it cannot be replayed again."""
        holds = any(
            one.script is not None and one.script.held_from is not None for one in members.values()
        )
        return self.is_careful and not holds and bool(self._receivers(unit, members))

    async def _run(
        self, worker: GhostWorker, stage: Stage, unit: Unit, members: Mapping[str, Member]
    ) -> None:
        left = self._left.get(unit.root_id)
        if left is not None and not left:
            return
        replay = self._replay(worker, unit, members)
        self._left[unit.root_id] = await replay.run(stage, left)
        if stage is not Stage.END:
            await worker.book.drained(members)

    async def _deliver(
        self, worker: GhostWorker, unit: Unit, members: Mapping[str, Member], ledger: Ledger
    ) -> Moved:
        steps = [
            (f"message:{target_id}:{place}", target_id, event)
            for target_id, member in members.items()
            for place, event in enumerate(member.raised)
        ]
        if self._sends_early(unit, members):
            await self._run(worker, Stage.LOCKS, unit, members)
            return _delivered(members)
        if any(ledger.was_begun(step) for step, _, _ in steps):
            if (known := await self._known_receiver(unit, members)) is not None:
                return _would_come_again(known)
            # Nobody knows whether it has arrived: so the tree is made anew, and all of it sent again.
            await remove(self.client, worker, members, self.patience)
            replay = self._replay(worker, unit, members)
            self._left[unit.root_id] = await replay.run(Stage.PAST, anew=True)
            sent: list[str] = []
        else:
            sent = [step for step, _, _ in steps if ledger.is_done(step)]
        await self._run(worker, Stage.LOCKS, unit, members)
        for step, target_id, event in steps:
            if step not in sent:
                await ledger.begin(step)
                await self._tell(target_id, event)
                await ledger.end(step)
        return _delivered(members)

    async def _tell(self, target_id: str, event: h.Event) -> None:
        match event:
            case h.EventRaised():
                await self.client.raise_event(target_id, event.name or "", event.input)
            case h.ExecutionSuspended():
                await self.client.suspend(target_id, event.reason)
            case h.ExecutionResumed():
                await self.client.resume(target_id, event.reason)
            case h.ExecutionTerminated():
                await self.client.terminate(target_id, event.input, recursive=event.recurse)
            case _:
                raise ReplayDiverged(target_id, f"nothing can bring it a {event.type.name}")

    async def _wake(self, members: Mapping[str, Member], ledger: Ledger) -> None:
        """Cause a turn where the app has to ask for what waits, and nothing else would cause one.

        A pause that is over before anybody has seen it changes nothing, however often it comes.
        """
        known = {one.instance_id: one for one in members.values()}
        for target_id, member in members.items():
            if member.script is None or member.is_suspended:
                continue
            final = final_of(member, known, is_careful=self.is_careful)
            if final.closing is not Closing.LEAVE or member.later or member.raised:
                continue
            if not final.is_answered:
                continue
            step = f"wake:{target_id}"
            if not ledger.is_done(step):
                await ledger.begin(step)
                await self.client.suspend(target_id, NOBODY)
                await self.client.resume(target_id, NOBODY)
                await ledger.end(step)


def _on_their_way(members: Mapping[str, Member]) -> Iterator[tuple[str, int, h.Event]]:
    """Yield what is on its way: to whom, its place behind the recorded inputs, the event."""
    for target_id, member in members.items():
        first = len(member.script.inputs) if member.script is not None else 0
        for place, event in enumerate(member.raised, first):
            yield target_id, place, event


def _would_come_again(receiver: str) -> Moved:
    reason = (
        f"it has sent events to {receiver!r}, which is at the target already, and may get them again: "
        "take that back too, or let it end first"
    )
    return Moved(outcome=Outcome.REJECTED, reason=reason, code=ReplayDiverged.code)


def _delivered(members: Mapping[str, Member]) -> Moved:
    """Return what is at the target when all was told to *members* that was on its way."""
    return Moved(
        messages=sum(len(one.raised) + len(one.later) for one in members.values()),
        taken=sum(one.taken for one in members.values()),
    )

"""Moves units by ghost replay: trees of orchestrations, and entities.

=======  ==================================================================================
PLACE    entities get their states; trees are replayed, up to locks that are still held
DELIVER  holders of locks get them; what was on its way is raised
SETTLE   what the app has to do is scheduled; entities get the operations that waited
=======  ==================================================================================

A tree that was not replayed to its end when its mover was killed is removed and replayed anew: nothing but
the ghost has worked at it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from durahub.edge.entity_work import guid
from durahub.errors import (
    EndpointRejects,
    InstanceExists,
    ReplayDiverged,
    ReplayStuck,
)
from durahub.model import history as h
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.removing import clean_empty
from durahub_migrate.moving.content import Content, Held
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved, Outcome, Phase, UnitOf
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.ghost.backlog import Signal, signals_to, strays_of
from durahub_migrate.targets.ghost.coupling import Taken
from durahub_migrate.targets.ghost.courier import COURIER, Courier, Letter, has_begun
from durahub_migrate.targets.ghost.delayed import not_replayed
from durahub_migrate.targets.ghost.entities import EntityBook
from durahub_migrate.targets.ghost.guids import maker_of
from durahub_migrate.targets.ghost.members import Closing, Member, final_of, member_of
from durahub_migrate.targets.ghost.names import Names, names_in
from durahub_migrate.targets.ghost.removing import ENDED, remove
from durahub_migrate.targets.ghost.replay import Stage
from durahub_migrate.targets.ghost.sends import Sends, receivers_in
from durahub_migrate.targets.ghost.tree import Left, TreeReplay
from durahub_migrate.targets.ghost.worker import GhostWorker

LATE = "due later at the target, and not taken back"
NOBODY = "durahub"  # the reason of suspensions that only wake an instance


@dataclass(slots=True)
class GhostMover:
    """A `durahub_migrate.moving.mover.Mover` for units of strategy b2. *patience* is in seconds.

    *stored_from* is the first number of an action in the target's histories where it keeps numbers of its
    own and shows each worker its SDK's, as a server of durahub does.

    *is_careful*: the target may deliver events that are addressed to another execution. So a tree that has
    sent some is placed before those that got them, with what is on its way to it: it is never replayed
    again when they are there.
    """

    client: EndpointClient
    settings: MoveSettings
    filters: bool = True
    patience: float = 120.0
    stored_from: int | None = None
    is_careful: bool = True
    _names: Names | None = None
    _sends: Sends = field(default_factory=Sends)
    _unit_of: UnitOf | None = None
    _worker: GhostWorker | None = None
    _left: dict[str, Mapping[str, Left]] = field(default_factory=dict)  # by roots
    _is_settling: bool = False

    async def carry_out(self, phase: Phase, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        """Do *phase* for *unit*."""
        if ledger.is_done(f"ghost:{phase.value}"):
            return Moved()
        try:
            worker = await self._ready(phase, content)
            with worker.book.at_work():
                if unit.is_entity:
                    moved = await self._entity(worker, phase, unit, content, ledger)
                else:
                    moved = await self._tree(worker, phase, unit, content, ledger)
        except (InstanceExists, EndpointRejects) as error:
            return Moved(outcome=Outcome.REJECTED, reason=error.sentence, code=error.code)
        except (ReplayStuck, ReplayDiverged) as error:
            return Moved(outcome=Outcome.FAILED, reason=error.sentence, code=error.code)
        await ledger.end(f"ghost:{phase.value}")
        return moved

    async def withdraw(self, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        """Remove what this job has put at the target of *unit*."""
        is_placed = ledger.is_done("replay") or ledger.was_begun("replay")
        if not is_placed and not has_begun(ledger):
            return Moved()
        worker = await self._ready(Phase.PLACE, content)
        with worker.book.at_work():
            if unit.is_entity:
                held = content.member(unit.root_id)
                signals: list[Signal] = []
                if held is not None and held.entity is not None:
                    signals, _ = signals_to(held.entity, content.messages_to(unit.root_id))
                target_id = unit.target_id(unit.root_id)
                left = await self._take_back({target_id: signals}, worker, ledger)
                return Moved(instances=1, left=left)
            members = self._members(unit, content)
            count = await remove(self.client, worker, members, self.patience)
        self._left.pop(unit.root_id, None)
        return Moved(instances=count)

    async def _take_back(
        self, signals: Mapping[str, list[Signal]], worker: GhostWorker, ledger: Ledger
    ) -> dict[str, int]:
        """Let entities have nothing; return how many signals come to them later all the same."""
        await Courier(self.client, worker, self.patience).withdraw(ledger)
        left = 0
        for target_id, found in signals.items():
            sent = [guid(one.request_id) for one in found] if has_begun(ledger) else []
            worker.book.past.update(sent)
            worker.book.coming.update(dict.fromkeys(sent, target_id))
            await worker.book.seed(self.client, target_id, None, self.patience)
            await clean_empty(self.client, target_id.__eq__)
            late = [guid(one.request_id) for one in found if one.due is not None]
            left += sum(one in worker.book.coming for one in late)
        return {LATE: left} if left else {}

    async def hand_over(self) -> None:
        """Leave: the target's own app may come."""
        if self._worker is not None:
            await self._worker.leave()
            self._worker = None

    async def vanish(self) -> None:
        """End as a process does that is killed: nothing is given back."""
        if self._worker is not None:
            await self._worker.disconnect()
            self._worker = None

    async def _ready(self, phase: Phase, content: Content) -> GhostWorker:
        if self._worker is None:
            names = self._read(content)
            self._worker = GhostWorker(
                self.client,
                EntityBook(content.manifest.ended),
                replace(names, orchestrations=(*names.orchestrations, COURIER)),
                filters=self.filters,
                is_moved=lambda instance_id: content.member(instance_id) is not None,
            )
        if phase is Phase.SETTLE:
            await self._worker.only_turns()
        else:
            await self._worker.begin()
        return self._worker

    def _read(self, content: Content) -> Names:
        if self._names is None:
            self._names = names_in(content, self._sends)
        return self._names

    # -- messages that belong to no unit ---------------------------------------------------------

    async def deliver_strays(self, content: Content, ledger: Ledger) -> Moved:
        """Send the signals that begin an entity; whoever waits for an answer of one asks again."""
        signals, left = strays_of(content)
        letters = [
            Letter(target_id, signal)
            for target_id, found in signals.items()
            for signal in await self._unsent(target_id, found, content)
        ]
        if letters:
            worker = await self._ready(Phase.SETTLE, content)
            try:
                await Courier(self.client, worker, self.patience).send(letters, ledger)
            except EndpointRejects as error:
                return Moved(outcome=Outcome.REJECTED, reason=str(error), code=error.code)
            except ReplayStuck as error:
                return Moved(outcome=Outcome.FAILED, reason=str(error), code=error.code)
        sent = sum(map(len, signals.values()))
        return Moved(messages=sent, taken=sent, left=left)

    async def withdraw_strays(self, content: Content, ledger: Ledger) -> Moved:
        """Let entities that only such signals could begin have nothing; what is due later is counted."""
        signals, _ = strays_of(content)
        if not has_begun(ledger):
            return Moved()
        worker = await self._ready(Phase.PLACE, content)
        try:
            with worker.book.at_work():
                left = await self._take_back(signals, worker, ledger)
        except ReplayStuck as error:
            return Moved(outcome=Outcome.FAILED, reason=str(error), code=error.code)
        return Moved(left=left)

    def look_up(self, find: UnitOf) -> None:
        """Take *find* for the units of the plan."""
        self._unit_of = find

    async def _unsent(
        self, target_id: str, signals: list[Signal], content: Content
    ) -> list[Signal]:
        async def sender_of(instance_id: str) -> str | None:
            if self._unit_of is None:
                return instance_id  # there is no plan, and all trees are replayed
            held = content.member(instance_id)
            if held is None:
                return None
            unit = await self._unit_of(held.root_id)
            is_replayed = unit is not None and unit.is_moved and unit.strategy is Strategy.GHOST
            return unit.target_id(instance_id) if unit is not None and is_replayed else None

        moment = content.manifest.ended
        return await not_replayed(self.client, target_id, signals, moment, sender_of)

    async def behind(self, unit: Unit, content: Content) -> frozenset[str]:
        """Return the roots of trees that have sent *unit* events which the target may deliver again."""
        if not self.is_careful or unit.is_entity:
            return frozenset()
        self._read(content)
        return frozenset(self._sends.behind.get(unit.root_id, ()))

    async def before(self, unit: Unit, content: Content) -> frozenset[str]:
        """Return the roots of trees that *unit* has sent such events."""
        if not self.is_careful or unit.is_entity:
            return frozenset()
        self._read(content)
        return frozenset(self._sends.before.get(unit.root_id, ()))

    # -- trees ---------------------------------------------------------------------------------

    async def _tree(
        self, worker: GhostWorker, phase: Phase, unit: Unit, content: Content, ledger: Ledger
    ) -> Moved:
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

    # -- entities ------------------------------------------------------------------------------

    async def _entity(
        self, worker: GhostWorker, phase: Phase, unit: Unit, content: Content, ledger: Ledger
    ) -> Moved:
        held = content.member(unit.root_id)
        if held is None or held.entity is None:
            return Moved()
        target_id = unit.target_id(unit.root_id)
        match phase:
            case Phase.PLACE:
                return await self._seed(worker, target_id, held, held.entity, ledger)
            case Phase.DELIVER:
                return Moved()
            case Phase.SETTLE:
                found, left = signals_to(held.entity, content.messages_to(unit.root_id))
                signals = await self._unsent(target_id, found, content)
                letters = [Letter(target_id, one) for one in signals]
                await Courier(self.client, worker, self.patience).send(letters, ledger)
                waiting, dropped = signals_to(held.entity, ())  # what it held, and no queue
                return Moved(
                    messages=len(signals),
                    taken=len(found) - len(waiting),
                    left=dict(Counter(left) - Counter(dropped)),
                    dropped=dropped,
                )

    async def _seed(
        self,
        worker: GhostWorker,
        target_id: str,
        held: Held,
        entity: hb.EntityRecord,
        ledger: Ledger,
    ) -> Moved:
        if entity.problem:
            return Moved(outcome=Outcome.REJECTED, reason=entity.problem, code="DH401")
        if not entity.HasField("state"):  # it is locked, or asked: that makes it, later
            worker.book.states[target_id] = None
            return Moved(instances=1, events=len(held.instance.history))
        if not ledger.was_begun("replay"):
            there = await self.client.get_entity(target_id)
            if there is not None and there.HasField("serializedState"):
                raise InstanceExists(target_id, "an entity of somebody else")
            await ledger.begin("replay")
        await worker.book.seed(self.client, target_id, entity.state.value, self.patience)
        await ledger.end("replay")
        return Moved(instances=1, events=len(held.instance.history))


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

"""Moves units by ghost replay: trees of orchestrations, and entities.

=======  ==================================================================================
PLACE    entities get their states; trees are replayed, up to locks that are still held
DELIVER  holders of locks get them; what was on its way is raised
SETTLE   what the app has to do is scheduled; entities get the operations that waited
=======  ==================================================================================
"""

from dataclasses import dataclass, field, replace

from durahub.errors import EndpointRejects, InstanceExists, ReplayDiverged, ReplayStuck
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved, Outcome, Phase, UnitOf
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.ghost.backlog import strays_of
from durahub_migrate.targets.ghost.courier import COURIER, has_begun
from durahub_migrate.targets.ghost.entities import EntityBook
from durahub_migrate.targets.ghost.entity_phases import EntityPhases
from durahub_migrate.targets.ghost.names import Names, names_in
from durahub_migrate.targets.ghost.sends import Sends
from durahub_migrate.targets.ghost.tree_phases import TreePhases
from durahub_migrate.targets.ghost.worker import GhostWorker


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
    _worker: GhostWorker | None = None
    _trees: TreePhases = field(init=False)
    _entities: EntityPhases = field(init=False)

    def __post_init__(self) -> None:
        self._trees = TreePhases(
            self.client, self.settings, self.patience, self.stored_from, self.is_careful
        )
        self._entities = EntityPhases(self.client, self.patience)

    async def carry_out(self, phase: Phase, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        """Do *phase* for *unit*."""
        if ledger.is_done(f"ghost:{phase.value}"):
            return Moved()
        try:
            worker = await self._ready(phase, content)
            with worker.book.at_work():
                phases = self._entities if unit.is_entity else self._trees
                moved = await phases.carry_out(worker, phase, unit, content, ledger)
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
        try:
            with worker.book.at_work():
                if unit.is_entity:
                    left = await self._entities.withdraw(worker, unit, content, ledger)
                    return Moved(instances=1, left=left)
                return Moved(instances=await self._trees.withdraw(worker, unit, content))
        except ReplayStuck as error:  # the others are taken back all the same, and this one again
            return Moved(outcome=Outcome.FAILED, reason=error.sentence, code=error.code)

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
        letters = await self._entities.letters(signals, content)
        if letters:
            worker = await self._ready(Phase.SETTLE, content)
            try:
                await self._entities.send(worker, letters, ledger)
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
                left = await self._entities.take_back(worker, signals, ledger)
        except ReplayStuck as error:
            return Moved(outcome=Outcome.FAILED, reason=str(error), code=error.code)
        return Moved(left=left)

    def look_up(self, find: UnitOf) -> None:
        """Take *find* for the units of the plan."""
        self._entities.unit_of = find

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

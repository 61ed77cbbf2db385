"""The phases of an entity: it gets its state, then the operations that waited for it.

Signals that begin an entity belong to no unit, and are sent with the same care.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from durahub.edge.entity_work import guid
from durahub.errors import InstanceExists
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.removing import clean_empty
from durahub_migrate.moving.content import Content, Held
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved, Outcome, Phase, UnitOf
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.ghost.backlog import Signal, signals_to
from durahub_migrate.targets.ghost.courier import Courier, Letter, has_begun
from durahub_migrate.targets.ghost.delayed import not_replayed
from durahub_migrate.targets.ghost.worker import GhostWorker

LATE = "due later at the target, and not taken back"


@dataclass(slots=True)
class EntityPhases:
    """Takes entities through their phases. *unit_of* finds units in the plan, ``None`` without one."""

    client: EndpointClient
    patience: float
    unit_of: UnitOf | None = None

    async def carry_out(
        self, worker: GhostWorker, phase: Phase, unit: Unit, content: Content, ledger: Ledger
    ) -> Moved:
        """Do *phase* for the entity of *unit*. Raises `InstanceExists`, and what a courier does."""
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
                letters = await self.letters({target_id: found}, content)
                await self.send(worker, letters, ledger)
                waiting, dropped = signals_to(held.entity, ())  # what it held, and no queue
                return Moved(
                    messages=len(letters),
                    taken=len(found) - len(waiting),
                    left=dict(Counter(left) - Counter(dropped)),
                    dropped=dropped,
                )

    async def withdraw(
        self, worker: GhostWorker, unit: Unit, content: Content, ledger: Ledger
    ) -> dict[str, int]:
        """Let the entity of *unit* have nothing; return what comes to it later all the same."""
        held = content.member(unit.root_id)
        signals: list[Signal] = []
        if held is not None and held.entity is not None:
            signals, _ = signals_to(held.entity, content.messages_to(unit.root_id))
        return await self.take_back(worker, {unit.target_id(unit.root_id): signals}, ledger)

    async def take_back(
        self, worker: GhostWorker, signals: Mapping[str, list[Signal]], ledger: Ledger
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

    async def letters(self, signals: Mapping[str, list[Signal]], content: Content) -> list[Letter]:
        """Return what is to be sent of *signals*: what no replay sends again by itself."""
        return [
            Letter(target_id, signal)
            for target_id, found in signals.items()
            for signal in await self._unsent(target_id, found, content)
        ]

    async def send(self, worker: GhostWorker, letters: Sequence[Letter], ledger: Ledger) -> None:
        """Send them, each once. Raises `ReplayStuck`, and what the client does."""
        await Courier(self.client, worker, self.patience).send(letters, ledger)

    async def _unsent(
        self, target_id: str, signals: list[Signal], content: Content
    ) -> list[Signal]:
        async def sender_of(instance_id: str) -> str | None:
            if self.unit_of is None:
                return instance_id  # there is no plan, and all trees are replayed
            held = content.member(instance_id)
            if held is None:
                return None
            unit = await self.unit_of(held.root_id)
            is_replayed = unit is not None and unit.is_moved and unit.strategy is Strategy.GHOST
            return unit.target_id(instance_id) if unit is not None and is_replayed else None

        moment = content.manifest.ended
        return await not_replayed(self.client, target_id, signals, moment, sender_of)

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

"""Moves units to an endpoint, each by its strategy; their movers have only the hub in common."""

from collections.abc import Mapping
from dataclasses import dataclass

from durahub_migrate.moving.content import Content
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import (
    DeliversStrays,
    LooksUpUnits,
    Moved,
    Mover,
    Outcome,
    Phase,
    PutsInOrder,
    UnitOf,
    WithdrawsStrays,
)
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit


@dataclass(frozen=True, slots=True)
class EndpointMover:
    """A `durahub_migrate.moving.mover.Mover` that leaves each unit to the mover of its strategy.

    Entities have one way only, whatever their plan calls it: the ghost seeds them.
    """

    movers: Mapping[Strategy, Mover]

    async def carry_out(self, phase: Phase, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        """Do *phase* for *unit*."""
        mover = self._mover_of(unit)
        if mover is None:
            reason = f"nothing moves a unit by {unit.strategy.value} to an endpoint"
            return Moved(outcome=Outcome.REJECTED, reason=reason)
        return await mover.carry_out(phase, unit, content, ledger)

    async def behind(self, unit: Unit, content: Content) -> frozenset[str]:
        """Return the roots of the units that have to be placed before *unit*, whatever its strategy."""
        ghost = self.movers.get(Strategy.GHOST)
        return await ghost.behind(unit, content) if isinstance(ghost, PutsInOrder) else frozenset()

    async def before(self, unit: Unit, content: Content) -> frozenset[str]:
        """Return the roots of the units before which *unit* has to be placed."""
        ghost = self.movers.get(Strategy.GHOST)
        if not isinstance(ghost, PutsInOrder) or not unit.strategy.sends_again:
            return frozenset()
        return await ghost.before(unit, content)

    async def withdraw(self, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        """Remove what this job has put at the target of *unit*."""
        mover = self._mover_of(unit)
        return Moved() if mover is None else await mover.withdraw(unit, content, ledger)

    def look_up(self, find: UnitOf) -> None:
        """Have movers know the units of the plan."""
        for mover in self.movers.values():
            if isinstance(mover, LooksUpUnits):
                mover.look_up(find)

    def _mover_of(self, unit: Unit) -> Mover | None:
        is_moved = unit.strategy.is_carried_out
        return self.movers.get(Strategy.GHOST if unit.is_entity and is_moved else unit.strategy)

    async def hand_over(self) -> None:
        """Let go of everything."""
        for mover in {id(one): one for one in self.movers.values()}.values():
            await mover.hand_over()

    async def deliver_strays(self, content: Content, ledger: Ledger) -> Moved:
        """Have messages delivered that begin entities, as far as anybody can."""
        mover = self.movers.get(Strategy.GHOST)
        if isinstance(mover, DeliversStrays):
            return await mover.deliver_strays(content, ledger)
        return Moved()

    async def withdraw_strays(self, content: Content, ledger: Ledger) -> Moved:
        """Have these taken back."""
        mover = self.movers.get(Strategy.GHOST)
        if isinstance(mover, WithdrawsStrays):
            return await mover.withdraw_strays(content, ledger)
        return Moved()

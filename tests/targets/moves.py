"""Whole moves for tests: units of a content, a ledger in memory, all phases."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from durahub_migrate.moving.content import Content
from durahub_migrate.moving.mover import DeliversStrays, Moved, Mover, Outcome, Phase
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit


@dataclass
class MemoryLedger:
    """A `durahub_migrate.moving.ledger.Ledger` that is lost with the process."""

    begun: dict[str, str] = field(default_factory=dict)
    ended: dict[str, str] = field(default_factory=dict)

    def is_done(self, step: str) -> bool:
        return step in self.ended

    def was_begun(self, step: str) -> bool:
        return step in self.begun and step not in self.ended

    def note(self, step: str) -> str:
        return self.ended.get(step, self.begun.get(step, ""))

    async def begin(self, step: str, note: str = "") -> None:
        self.begun[step] = note

    async def end(self, step: str, note: str = "") -> None:
        self.ended[step] = note


@dataclass
class Ledgers:
    """The ledgers of a job, by unit."""

    of: dict[str, MemoryLedger] = field(default_factory=dict)

    def __call__(self, unit: str) -> MemoryLedger:
        return self.of.setdefault(unit, MemoryLedger())


def units_of(content: Content, strategy: Strategy = Strategy.IMPORT) -> list[Unit]:
    """Return a unit for each tree of a content."""
    return [
        Unit(
            root_id=tree.root_id,
            is_entity=tree.is_entity,
            strategy=strategy,
            why="a test says so",
            digest=tree.digest,
            members=tree.members,
            live=tree.live,
            events=tree.events,
            size=tree.size,
            actions=0,
        )
        for tree in content.trees()
    ]


async def move_all(
    mover: Mover, content: Content, ledgers: Ledgers | None = None, **unit: Any
) -> Moved:
    """Carry everything out in all phases, and hand over; return the sums. All must be done."""
    ledgers = ledgers or Ledgers()
    sums: Counter[str] = Counter()
    left: Counter[str] = Counter()
    doubts: Counter[str] = Counter()

    def add(moved: Moved) -> None:
        assert moved.outcome is Outcome.DONE, moved
        sums.update(instances=moved.instances, events=moved.events, messages=moved.messages)
        left.update(moved.left)
        doubts.update(moved.doubts)

    for phase in Phase:
        for one in units_of(content, **unit):
            add(await mover.carry_out(phase, one, content, ledgers(one.root_id)))
    if isinstance(mover, DeliversStrays):
        add(await mover.deliver_strays(content, ledgers("")))
    await mover.hand_over()
    return Moved(**sums, left=dict(left), doubts=dict(doubts))

"""A target in a folder, of which every call can be counted, and that takes the same call twice.

What is called twice happens twice: that nothing does after a crash is up to the mover, which looks at what
there is. What the target holds lives on when the process is killed; like a server, it has had a call or it
has not.
"""

import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from durahub_migrate.moving.content import Content
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved, Outcome, Phase
from durahub_migrate.moving.units import Unit


class Target:
    """What a folder's ``calls`` file says happened: a line a call."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._file = folder / "calls"
        self._file.touch()
        self.seen = Counter(self.calls())

    def calls(self) -> list[str]:
        return self._file.read_text().splitlines()

    def call(self, line: str) -> None:
        descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND)
        try:
            os.write(descriptor, f"{line}\n".encode())
        finally:
            os.close(descriptor)
        self.seen[line] += 1

    def holds(self) -> Counter[str]:
        """What is there now, by what it was sent as."""
        held: Counter[str] = Counter()
        for line in self.calls():
            kind, _, what = line.partition(" ")
            if kind == "delete":
                del held[f"create {what}"], held[f"event {what}"], held[f"settle {what}"]
            else:
                held[line] += 1
        return held


@dataclass
class CountingMover:
    """Creates each member of a unit, sends each an event, settles each.

    *trouble* is asked before each call, and may raise or return how the unit ends.
    """

    target: Target
    trouble: Callable[[str], Moved | None] = lambda _: None
    handed_over: int = 0
    order: list[str] = field(default_factory=list)
    ran: frozenset[str] = frozenset()

    async def carry_out(self, phase: Phase, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        kind = {Phase.PLACE: "create", Phase.DELIVER: "event", Phase.SETTLE: "settle"}[phase]
        self.order.append(f"{kind} {unit.root_id}")
        count = 0
        for held in content.members(unit.root_id):
            line = f"{kind} {held.instance.instance_id}"
            if (told := self.trouble(line)) is not None:
                return told
            if not ledger.is_done(line):
                if not (ledger.was_begun(line) and self.target.seen[line]):
                    if not ledger.was_begun(line):
                        await ledger.begin(line)
                    self.target.call(line)
                await ledger.end(line)
            count += 1
        if phase is Phase.PLACE:
            return Moved(instances=count, events=unit.events)
        return Moved(messages=count if phase is Phase.DELIVER else 0)

    async def withdraw(self, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        for held in content.members(unit.root_id):
            line = f"delete {held.instance.instance_id}"
            if (told := self.trouble(line)) is not None:
                return told
            await ledger.begin(line)
            if self.target.seen[f"create {held.instance.instance_id}"]:
                self.target.call(line)
            await ledger.end(line)
        return Moved()

    async def hand_over(self) -> None:
        self.handed_over += 1
        self.target.call("hand-over")

    async def has_run(self, unit: Unit, content: Content, ledger: Ledger) -> bool:
        return unit.root_id in self.ran


def failing(times: int, what: str = "") -> Callable[[str], Moved | None]:
    """Fail the first so many calls that begin with *what*."""
    left = [times]

    def trouble(line: str) -> Moved | None:
        if line.startswith(what) and left[0]:
            left[0] -= 1
            return Moved(outcome=Outcome.FAILED, code="DH505", reason="it did not work")
        return None

    return trouble

"""Moves trees to an endpoint by one of the ways that need no replay: b1, b3, b4."""

import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from durahub.errors import EndpointRejects, InstanceExists
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.endpoint.backend import BackendClient
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.removing import remove
from durahub_migrate.endpoint.taking import Taking, backend_taking, request_of, taking
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved, Phase
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.endpoint.marks import Marks
from durahub_migrate.targets.endpoint.outcomes import rejected, stuck
from durahub_migrate.targets.endpoint.recreating import Recreating
from durahub_migrate.targets.endpoint.rewinding import REWIND, Rewinding
from durahub_migrate.targets.endpoint.standing import Standing, standing_of
from durahub_migrate.targets.endpoint.starting import bears_marks
from durahub_migrate.targets.endpoint.writing import WRITE, Writing
from durahub_migrate.targets.ghost.names import names_in

MANY = 100_000
"""Work items that may be out: what was placed is held until the mover leaves."""

BELOW = "to a child that its parent starts anew"


@dataclass(slots=True)
class DirectMover:
    """A `durahub_migrate.moving.mover.Mover` for trees of the strategies b1, b3 and b4, not for entities.

    *content* is what is moved, *marks* tell whose it is at the target, *patience* is in seconds. Streams are
    opened for the strategies that need them.
    """

    client: EndpointClient
    settings: MoveSettings
    content: Content
    marks: Marks
    patience: float = 120.0
    _open: dict[Strategy, tuple[Taking, contextlib.AsyncExitStack]] = field(default_factory=dict)

    async def carry_out(self, phase: Phase, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        """Do *phase* for *unit*."""
        try:
            match unit.strategy:
                case Strategy.RECREATE:
                    return await self._recreate(phase, unit, content, ledger)
                case Strategy.REWIND:
                    return await self._rewind(phase, unit, content, ledger)
                case Strategy.BACKEND:
                    return await self._write(phase, unit, content, ledger)
                case _:
                    raise AssertionError(f"not for this mover: {unit.strategy}")
        except (InstanceExists, EndpointRejects) as error:
            return rejected(error)

    async def withdraw(self, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        """Remove the instances of a unit that this job has begun to make, by its ledger, and no others."""
        found = [unit.target_id(one.instance.instance_id) for one in content.members(unit.root_id)]
        if unit.strategy is Strategy.RECREATE:
            found = [one for one in found if _is_noted(ledger, f"create:{one}")]
        elif not _is_noted(ledger, REWIND if unit.strategy is Strategy.REWIND else WRITE):
            found = []
        if not found:
            return Moved()
        await self.hand_over()  # work items that are held could not be ended
        found = [one for one in found if not await self._is_anothers(one, unit)]
        gone = await remove(
            self.client, found, patience=self.patience, monotonic=time.monotonic, recursive=True
        )
        for one in found:
            if one not in gone:
                return stuck(one, "it could not be removed; a worker may have it")
        return Moved(instances=len(found))

    async def _is_anothers(self, target_id: str, unit: Unit) -> bool:
        """Tell whether an instance that this job should have made shows that it has not."""
        state = await self.client.get_instance(target_id, payloads=False)
        if state is None:
            return False
        return await bears_marks(self.client, state, self.marks, unit) is False

    async def hand_over(self) -> None:
        """Give back what is held, and leave."""
        while self._open:
            _, (_, stack) = self._open.popitem()
            await stack.aclose()

    # -- the ways ------------------------------------------------------------------------------

    async def _recreate(self, phase: Phase, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        root = content.member(unit.root_id)
        if root is None:
            return Moved()
        standing = standing_of(root, content, inside=frozenset())
        way = Recreating(self.client, self.marks, self.patience)
        match phase:
            case Phase.PLACE:
                return await way.place(unit, standing, ledger)
            case Phase.DELIVER:
                moved = await way.deliver(unit, standing, ledger)
                below = _seen_below(unit, content)
                return replace(moved, left={**moved.left, BELOW: below}) if below else moved
            case Phase.SETTLE:
                return await way.settle(unit, standing, ledger)

    async def _rewind(self, phase: Phase, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        members = self._members(unit, content, asks_again=True)
        way = Rewinding(self.client, await self._worker(unit.strategy), self.marks, self.patience)
        match phase:
            case Phase.PLACE:
                return await way.place(unit, members, ledger)
            case Phase.DELIVER:
                return await way.deliver(unit, members, ledger)
            case Phase.SETTLE:
                return await way.settle(unit, members, ledger)

    async def _write(self, phase: Phase, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        if phase is Phase.SETTLE:
            return Moved()  # those that pause were written so
        members = self._members(unit, content, asks_again=False)
        way = Writing(self.client, await self._worker(unit.strategy), self.marks, self.patience)
        if phase is Phase.PLACE:
            return await way.place(unit, members, ledger)
        return await way.deliver(unit, members, ledger)

    def _members(self, unit: Unit, content: Content, *, asks_again: bool) -> Mapping[str, Standing]:
        held = {one.instance.instance_id: one for one in content.members(unit.root_id)}
        inside = frozenset(held)
        return {
            instance_id: standing_of(
                one,
                content,
                asks_again=asks_again,
                inside=inside,
                numbering=self.settings.numbering,
                retries_alike=self.settings.retries_alike,
            )
            for instance_id, one in held.items()
        }

    async def _worker(self, strategy: Strategy) -> Taking:
        """Return the stream for a strategy; one that the endpoint has ended is opened anew."""
        if strategy in self._open:
            worker, stack = self._open[strategy]
            if not worker.is_over:
                return worker
            del self._open[strategy]
            await stack.aclose()
        stack = contextlib.AsyncExitStack()
        request = request_of(names_in(self.content).orchestrations, at_once=MANY)
        if strategy is Strategy.BACKEND:
            service = BackendClient(self.client.wire)
            worker = await stack.enter_async_context(backend_taking(service, request, _is_any))
        else:
            worker = await stack.enter_async_context(taking(self.client, request, _is_any))
        self._open[strategy] = worker, stack
        return worker


def _seen_below(unit: Unit, content: Content) -> int:
    """Count the messages that were seen on their way to descendants of a root."""
    below = (one.instance.instance_id for one in content.members(unit.root_id))
    return sum(
        message.evidence == hb.InFlight.QUEUE
        for instance_id in below
        if instance_id != unit.root_id
        for message in content.messages_to(instance_id)
    )


def _is_noted(ledger: Ledger, step: str) -> bool:
    return ledger.is_done(step) or ledger.was_begun(step)


def _is_any(instance_id: str) -> bool:  # noqa: ARG001
    """Tell that a work item is held until the mover leaves: given back, it would come again at once."""
    return True

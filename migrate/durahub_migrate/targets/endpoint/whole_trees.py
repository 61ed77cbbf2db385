"""Trees that are placed as a whole: one that was interrupted is removed, and placed again."""

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.removing import Through, remove
from durahub_migrate.endpoint.taking import Taking
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.endpoint.delivering import as_placed, tell_all, tellings
from durahub_migrate.targets.endpoint.outcomes import stuck
from durahub_migrate.targets.endpoint.standing import Standing, unbegun
from durahub_migrate.targets.endpoint.starting import check_free

Members = Mapping[str, Standing]


@dataclass(frozen=True, slots=True)
class WholeTrees:
    """Places trees by *make*, which tells what went wrong, or ``None``.

    *step* is the one of a tree: done, or removed and begun again. *worker* is a stream of work items, *end*
    answers a turn that its instance is terminated, *patience* is in seconds.
    """

    client: EndpointClient
    worker: Taking
    patience: float
    step: str
    make: Callable[[Unit, Members], Awaitable[Moved | None]]
    end: Callable[[pb.WorkItem], Awaitable[None]]

    async def place(self, unit: Unit, members: Members, ledger: Ledger) -> Moved:
        """Place a tree, unless the ledger says that it is. Raises `InstanceExists`."""
        moved = as_placed(unit, members)
        if ledger.is_done(self.step):
            return moved
        if not ledger.was_begun(self.step):
            await check_free(self.client, [unit.target_id(one) for one in members])
            await ledger.begin(self.step)
            problem = await self.make(unit, members)
        else:
            problem = await self._again(unit, members)
        if problem is not None:
            return problem
        await ledger.end(self.step)
        return moved

    async def deliver(self, unit: Unit, members: Members, ledger: Ledger) -> Moved:
        """Tell those that have not begun what was on its way to them; the others have it."""
        found, _ = tellings(unit, unbegun(members))
        problem = await tell_all(self.client, found, ledger, lambda: self._again(unit, members))
        return problem or Moved()

    async def _again(self, unit: Unit, members: Members) -> Moved | None:
        ids = [unit.target_id(one) for one in members]
        gone = await remove(
            self.client,
            ids,
            patience=self.patience,
            monotonic=time.monotonic,
            through=Through(self.worker, self.end),
        )
        for one in ids:
            if one not in gone:
                return stuck(one, "it could not be removed, to be placed again")
        return await self.make(unit, members)

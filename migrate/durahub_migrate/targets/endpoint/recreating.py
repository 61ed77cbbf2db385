"""b1: a client starts an instance anew, and raises the events that were on their way.

It has not begun, or stands right behind a cut; so all that it was is its input.
"""

import time
from dataclasses import dataclass

from durahub.errors import InstanceExists
from durahub.model import history as h
from durahub_migrate.endpoint.client import EndpointClient
from durahub_migrate.endpoint.removing import remove
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.endpoint.delivering import tell_all, tellings
from durahub_migrate.targets.endpoint.marks import Marks
from durahub_migrate.targets.endpoint.outcomes import stuck
from durahub_migrate.targets.endpoint.standing import Standing
from durahub_migrate.targets.endpoint.starting import check_free, is_ours, start_of


@dataclass(frozen=True, slots=True)
class Recreating:
    """Starts the roots of trees anew; they make their children themselves. *patience* is in seconds."""

    client: EndpointClient
    marks: Marks
    patience: float

    async def place(self, unit: Unit, root: Standing, ledger: Ledger) -> Moved:
        """Start a root. Raises `InstanceExists` where there is one that is not ours.

        One that carries the marks of this job of this unit is taken for what an attempt before has started.
        """
        target_id = unit.target_id(root.instance_id)
        step = f"create:{target_id}"
        if ledger.is_done(step):
            return Moved(instances=1)
        request = start_of(root, target_id, self.marks.of(unit))
        if not ledger.was_begun(step):
            if not await is_ours(self.client, request, self.marks, unit):
                await check_free(self.client, [target_id])
            await ledger.begin(step)
        try:
            await self.client.start_instance(request)
        except InstanceExists:
            # There was none when the step began; what is there is ours, unless it can be seen that it is not.
            if await is_ours(self.client, request, self.marks, unit) is False:
                raise
        await ledger.end(step)
        return Moved(instances=1)

    async def deliver(self, unit: Unit, root: Standing, ledger: Ledger) -> Moved:
        """Raise what was on its way, in order, each once."""
        found, untold = tellings(unit, {root.instance_id: root})

        async def again() -> Moved | None:
            target_id = unit.target_id(root.instance_id)
            gone = await remove(
                self.client, [target_id], patience=self.patience, monotonic=time.monotonic
            )
            if target_id not in gone:
                return stuck(target_id, "it could not be removed, to be started again")
            await self.client.start_instance(start_of(root, target_id, self.marks.of(unit)))
            return None

        problem = await tell_all(self.client, found, ledger, again)
        left = {**root.left, **untold}
        return problem or Moved(messages=len(found), taken=len(found) + root.told, left=left)

    async def settle(self, unit: Unit, root: Standing, ledger: Ledger) -> Moved:
        """Suspend it, if it was: a second time changes nothing."""
        target_id = unit.target_id(root.instance_id)
        step = f"suspend:{target_id}"
        was = root.is_suspended or root.held.instance.status == h.Status.Suspended.name
        if was and not ledger.is_done(step):
            await ledger.begin(step)
            await self.client.suspend(target_id, root.pause_reason)
            await ledger.end(step)
        return Moved()

"""Servers that do one thing wrong: the referee finds each of them out, so it can find out ours."""

import asyncio
import re
from dataclasses import replace
from random import Random

import pytest

from durahub.classic.columns import Columns
from durahub.classic.options import Manager
from durahub.classic.partitioning.blob_leases import BlobLeases
from durahub.classic.partitioning.holding import PartitionManager, PartitionUser
from durahub.classic.partitioning.lease_blob import LeaseBlob
from durahub.classic.partitioning.leases import PartitionLeases
from durahub.classic.partitioning.managers import Managers
from durahub.classic.queues import Receipt
from tests.simulation.durahub_clients import Clients, LineLeaseBlobs, LineQueues, LineTables
from tests.simulation.scenario import Incident, Scenario, play
from tests.simulation.work import Task

TABLE, SAFE, LEGACY = Manager.TABLE, Manager.SAFE, Manager.LEGACY


class TrustsForEver(Managers):
    """Acts on a partition until it hears that it is another's."""

    def make(self, manager: Manager, user: PartitionUser) -> PartitionManager:
        made = super().make(manager, user)
        assert isinstance(made, PartitionLeases | BlobLeases)
        made._holding._lease = 1_000_000
        return made


class DoesNotWait(PartitionUser):
    """Says at once that nothing of a partition is left."""

    def __init__(self, user: PartitionUser) -> None:
        self._user = user
        self._closing: set[asyncio.Task[None]] = set()

    def open_partition(self, partition: str) -> None:
        self._user.open_partition(partition)

    async def close_partition(self, partition: str) -> None:
        task = asyncio.create_task(self._user.close_partition(partition))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class DoesNotDrain(Managers):
    def make(self, manager: Manager, user: PartitionUser) -> PartitionManager:
        return super().make(manager, DoesNotWait(user))


class TakesByForce(LineTables):
    """Replaces a row whatever its ETag."""

    async def replace(self, table: str, columns: Columns, etag: str) -> str | None:
        (row,) = (
            row
            for row in self._hub.lease_table.rows()
            if row.columns["RowKey"] == columns["RowKey"]
        )
        return await super().replace(table, columns, row.etag)


class HidesItsToken(LineLeaseBlobs):
    """Writes another lease ID than its own."""

    async def write(self, name: str, blob: LeaseBlob, token: str) -> bool:
        return await super().write(name, replace(blob, token=blob.token and "secret"), token)


class PutsNothingBack(LineQueues):
    """Leaves what it does not need to the visibility time-out."""

    async def update(self, receipt: Receipt, visibility: int) -> Receipt | None:
        return receipt if visibility == 0 else await super().update(receipt, visibility)


class LosesResults(LineQueues):
    """Takes the results of activities for sent before they are."""

    async def put(self, queue: str, text: str, delay: int) -> Receipt:
        if "TaskCompleted" in text:
            return Receipt(queue, "lost", "lost")
        return await super().put(queue, text, delay)


class DeletesFirst(LineQueues):
    """Takes every message for settled when it receives it."""

    async def receive(self, queue, most, visibility):  # type: ignore[no-untyped-def]
        found = await super().receive(queue, most, visibility)
        for one in found:
            await self.delete(one.receipt)
        return found


# -- what brings it to light -------------------------------------------------------------------------

ALL_AT_ONCE = tuple(Incident(0.0, "start", one) for one in ("d1", "d2", "n1"))
ONE_BY_ONE = (
    Incident(0.0, "start", "d1"),
    Incident(40.0, "start", "d2"),
    Incident(80.0, "start", "n1"),
)
ONE_IS_CUT_OFF = (*ALL_AT_ONCE, Incident(60.0, "cut", "d1", 85.0))
ONE_STOPS = (*ALL_AT_ONCE, Incident(70.0, "stop", "d1"), Incident(100.0, "stop", "d2"))


def busy(manager: Manager, incidents: tuple[Incident, ...]) -> Scenario:
    """Return a scenario in which there is always something to do."""
    random = Random(1)
    tasks = []
    for n in range(200):
        order = f"order-{n % 12}"
        activity = Task(f"m{n}.0", order, 0.5, is_activity=True)
        event = Task(f"m{n}", order, random.uniform(1, 8), (activity,))
        tasks.append((random.uniform(20, 120), event))
    return Scenario(
        seed=0,
        manager=manager,
        partitions=4,
        skews={"d1": 0.0, "d2": 1.0, "n1": -1.0},
        visibility=60.0,
        tasks=tuple(sorted(tasks, key=lambda one: one[0])),
        incidents=incidents,
        calm_at=150.0,
        calm_network=incidents is not ONE_IS_CUT_OFF,
        skewed=False,
    )


@pytest.mark.parametrize("manager", [TABLE, SAFE, LEGACY], ids=["table", "safe", "legacy"])
@pytest.mark.parametrize("incidents", [ALL_AT_ONCE, ONE_BY_ONE, ONE_IS_CUT_OFF, ONE_STOPS])
def test_a_server_of_ours_goes_through_it(
    manager: Manager, incidents: tuple[Incident, ...]
) -> None:
    outcome = play(busy(manager, incidents))
    assert not outcome.violations, outcome


@pytest.mark.parametrize(
    ("manager", "incidents", "clients", "said"),
    [
        (TABLE, ONE_IS_CUT_OFF, Clients(managers=TrustsForEver), "d1-1 and"),
        (SAFE, ONE_IS_CUT_OFF, Clients(managers=TrustsForEver), "d1-1 and"),
        (LEGACY, ONE_IS_CUT_OFF, Clients(managers=TrustsForEver), "d1-1 and"),
        (TABLE, ONE_BY_ONE, Clients(managers=DoesNotDrain), "in hand"),
        (SAFE, ONE_BY_ONE, Clients(managers=DoesNotDrain), "in hand"),
        (TABLE, ALL_AT_ONCE, Clients(tables=TakesByForce), "act on"),
        (SAFE, ONE_BY_ONE, Clients(lease_blobs=HidesItsToken), "nobody acts"),
        (LEGACY, ONE_BY_ONE, Clients(lease_blobs=HidesItsToken), "never at rest"),
        (TABLE, ONE_STOPS, Clients(queues=PutsNothingBack), "hidden"),
        (LEGACY, ONE_STOPS, Clients(queues=PutsNothingBack), "hidden"),
        (LEGACY, ALL_AT_ONCE, Clients(queues=DeletesFirst), "deleted before"),
        (TABLE, ONE_STOPS, Clients(queues=LosesResults), "deleted before"),
    ],
)
def test_a_server_that_does_one_thing_wrong_is_found_out(
    manager: Manager, incidents: tuple[Incident, ...], clients: Clients, said: str
) -> None:
    outcome = play(busy(manager, incidents), clients)
    assert re.search(said, "; ".join(outcome.violations))

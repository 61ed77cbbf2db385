"""What an actor asks of a store beside the operations of clients: sizes, whole instances, who is at work."""

from collections.abc import Callable, Sequence
from typing import Protocol

from durahub.classic.doctor.doctor import Doctor
from durahub.classic.doctor.examination import GRACE
from durahub.classic.doctor.findings import Finding
from durahub.classic.doctor.reading import Reading
from durahub.classic.doctor.repairs import DeleteBlob
from durahub.classic.doctor.rules.blobs import ORPHAN
from durahub.classic.partitioning.evidence import all_sightings, is_held
from durahub.classic.routing import control_index
from durahub.classic.store import ClassicStore
from durahub.classic.weighing import weigh as weigh_classic
from durahub.classic.whole_hub import WholeInstances
from durahub.model.ticks import Ticks
from durahub.scheduler.hub_store import SchedulerStore
from durahub.scheduler.weighing import weigh as weigh_scheduler
from durahub.scheduler.whole_hub import whole_instance
from durahub.store import HubStore
from durahub.stored import NotRead, StoredInstance, Weight
from durahub_migrate.monitor.hub import StoreKind

AT_ONCE = 20  # orphaned blobs that are looked at again together, right before they are deleted


class Ground(Protocol):
    """One hub's store, as far as clients have no operation for it."""

    @property
    def kind(self) -> StoreKind:
        """What the hub is kept in."""

    async def weigh(self, instance_id: str) -> Weight | None:
        """Return what an instance takes, ``None`` if there is nothing of it."""

    async def whole(self, instance_id: str) -> StoredInstance | NotRead | None:
        """Return an instance with history and payloads, as bundles keep it; ``None`` if there is none."""

    async def workers(self) -> tuple[str, ...]:
        """Return who holds partitions."""

    async def held(self, instance_id: str) -> tuple[bool, int]:
        """Tell whether another server holds an instance's partition, and what it costs to ask."""

    async def orphans(self, names: Sequence[str]) -> tuple[tuple[str, int], ...]:
        """Return orphaned blobs with their sizes: all there are, or those of *names* that are there."""

    async def delete_orphans(self, names: Sequence[str]) -> tuple[int, tuple[str, ...]]:
        """Delete blobs that are still orphaned; return how many, and why others were not."""


class ClassicGround:
    """A hub in Azure Storage."""

    kind = StoreKind.CLASSIC

    def __init__(
        self, store: ClassicStore, clock: Callable[[], Ticks], *, grace: float = GRACE
    ) -> None:
        self._parts = parts = store.parts
        self._clock = clock
        self._grace = grace
        self._reading = Reading(parts, clock)
        self._whole = WholeInstances(self._reading, parts.names, parts.payloads)
        self._doctor = Doctor(store.hub, store.account, clock, parts.names.tracking_prefix)

    async def weigh(self, instance_id: str) -> Weight | None:
        """Return what an instance takes."""
        return await weigh_classic(self._parts, instance_id)

    async def whole(self, instance_id: str) -> StoredInstance | NotRead | None:
        """Return an instance as it is."""
        return await self._whole.one(instance_id)

    async def workers(self) -> tuple[str, ...]:
        """Return who holds partitions by any partition manager, and what shows it."""
        evidence = await self._parts.leases.evidence()
        found = all_sightings(evidence, "", self._clock())
        return tuple(f"{one.worker} ({one.what})" for one in found)

    async def held(self, instance_id: str) -> tuple[bool, int]:
        """Tell whether a lease on the instance's partition is alive."""
        parts = self._parts
        evidence = await parts.leases.evidence()
        count = len(await parts.resources.control_queues()) or 1
        queue = parts.names.control_queue(control_index(instance_id, count))
        blobs = sum(map(len, evidence.blobs.values()))
        return is_held(evidence, queue, self._clock()), 1 + len(evidence.blobs) + blobs

    async def orphans(self, names: Sequence[str]) -> tuple[tuple[str, int], ...]:
        """Return orphaned blobs; without *names* the whole hub is read for that."""
        if not names:
            report = await self._doctor.examine(grace=self._grace)
            names = [one.repair.name for one in report.findings if _is_orphan(one)]  # type: ignore[union-attr]
        found = [
            (blob.name, blob.size)
            for name in dict.fromkeys(names)
            async for blob in self._reading.blobs(name)
            if blob.name == name
        ]
        return tuple(found)

    async def delete_orphans(self, names: Sequence[str]) -> tuple[int, tuple[str, ...]]:
        """Delete what the doctor finds orphaned once more. Raises `HubBeingMoved`."""
        container = self._parts.names.large_messages_container
        deleted, problems = 0, []
        for first in range(0, len(names), AT_ONCE):
            findings = [
                ORPHAN.found(f"blob {container}/{name}", "", repair=DeleteBlob(name))
                for name in names[first : first + AT_ONCE]
            ]
            async for outcome in self._doctor.repair(findings, grace=self._grace):
                if outcome.problem is None:
                    deleted += 1
                else:
                    problems.append(f"{outcome.finding.where}: {outcome.problem}")
        return deleted, tuple(problems)


def _is_orphan(finding: Finding) -> bool:
    return finding.rule is ORPHAN and isinstance(finding.repair, DeleteBlob)


class SchedulerGround:
    """A hub in a SQLite file."""

    kind = StoreKind.SCHEDULER

    def __init__(self, store: SchedulerStore) -> None:
        self._store = store

    async def weigh(self, instance_id: str) -> Weight | None:
        """Return what an instance takes; nothing costs a request."""
        hub = self._store.number
        return await self._store.file.read(
            lambda connection: weigh_scheduler(connection, hub, instance_id), slow=True
        )

    async def whole(self, instance_id: str) -> StoredInstance | NotRead | None:
        """Return an instance as it is."""
        hub = self._store.number
        return await self._store.file.read(
            lambda connection: whole_instance(connection, hub, instance_id), slow=True
        )

    async def workers(self) -> tuple[str, ...]:
        """Return this server, while workers are connected to it: nobody else can have the file."""
        info = await self._store.info()
        return tuple(sorted({owner for owner in info.owners.values() if owner is not None}))

    async def held(self, instance_id: str) -> tuple[bool, int]:  # noqa: ARG002 (nobody else can)
        """Tell that nobody else holds it."""
        return False, 0

    async def orphans(self, names: Sequence[str]) -> tuple[tuple[str, int], ...]:  # noqa: ARG002
        """Return nothing: there are no blobs."""
        return ()

    async def delete_orphans(self, names: Sequence[str]) -> tuple[int, tuple[str, ...]]:  # noqa: ARG002
        """Delete nothing: there are no blobs."""
        return 0, ()


def ground_of(store: HubStore, clock: Callable[[], Ticks]) -> Ground:
    """Return the ground of a store."""
    if isinstance(store, ClassicStore):
        return ClassicGround(store, clock)
    if isinstance(store, SchedulerStore):
        return SchedulerGround(store)
    raise TypeError(f"a store of an unknown kind: {type(store).__name__}")

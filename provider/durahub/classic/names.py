"""Names of a hub's queues, tables, containers and blobs.

Queues and containers are lower case; tables keep the case in which the hub was configured. Source:
DurableTask.AzureStorage, ``AzureStorageOrchestrationService.cs``; classic layout 1.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from durahub.errors import BadHubName

_HUB_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]{2,44}", re.ASCII)
_CONTROL_QUEUE = re.compile(r"(.+)-control-(\d\d)", re.ASCII)


def check_hub_name(name: str) -> None:
    """Raise `BadHubName` unless queues, containers and tables can all carry *name*."""
    if _HUB_NAME.fullmatch(name) is None:
        raise BadHubName(name)


@dataclass(frozen=True, slots=True)
class HubNames:
    """The names of one hub. With a *tracking_prefix* History and Instances are named for that."""

    hub: str
    tracking_prefix: str | None = None

    @property
    def _lower(self) -> str:
        return self.hub.lower()

    def control_queue(self, index: int) -> str:
        """Return the queue of partition *index*: ``myhub-control-03``."""
        return f"{self._lower}-control-{index:02d}"

    def control_queues(self, count: int) -> tuple[str, ...]:
        """Return the queues of the first *count* partitions."""
        return tuple(self.control_queue(index) for index in range(count))

    @property
    def workitem_queue(self) -> str:
        """The queue of activities."""
        return f"{self._lower}-workitems"

    @property
    def history_table(self) -> str:
        """The table of events."""
        return f"{self.tracking_prefix or self.hub}History"

    @property
    def instances_table(self) -> str:
        """The table of instance rows."""
        return f"{self.tracking_prefix or self.hub}Instances"

    @property
    def partitions_table(self) -> str:
        """The table manager's table; it never has the tracking prefix."""
        return f"{self.hub}Partitions"

    @property
    def app_lease_container(self) -> str:
        """The container whose lease is an app's."""
        return f"{self._lower}-applease"

    @property
    def app_lease_blob(self) -> str:
        """The blob that says whose it is."""
        return f"{self._lower}-appleaseinfo"

    @property
    def leases_container(self) -> str:
        """The container of the blob managers' leases."""
        return f"{self._lower}-leases"

    @property
    def large_messages_container(self) -> str:
        """The container of large payloads; made when the first one is written."""
        return f"{self._lower}-largemessages"

    @property
    def set_aside_container(self) -> str:
        """Our own container: what could not be read. Made when the first such thing is found."""
        return f"{self._lower}-durahub"


@dataclass(frozen=True, slots=True)
class FoundHub:
    """A hub that was found in an account, its name as its tables spell it."""

    name: str
    partitions: int
    has_partitions_table: bool


@dataclass(frozen=True, slots=True)
class TrackedHub:
    """A hub of which an account has the queues, and no tables of its name; its name as far as can be told.

    *prefixes* are what the names of other tables begin with, which may be its: ``TrackingStoreNamePrefix``.
    Without one its tables are in another account.
    """

    name: str
    partitions: int
    prefixes: tuple[str, ...]


def find_tracked_hubs(queues: Iterable[str], tables: Iterable[str]) -> tuple[TrackedHub, ...]:
    """Return the hubs whose queues are there without tables of their name, by name."""
    names = set(queues)
    spelled = {table.lower(): table for table in tables}
    counts = _partitions_of(names)
    prefixes = tuple(
        table[: -len("Instances")]
        for lower, table in sorted(spelled.items())
        if lower.endswith("instances")
        and f"{lower.removesuffix('instances')}history" in spelled
        and lower.removesuffix("instances") not in counts
    )
    return tuple(
        TrackedHub(spelled.get(f"{lower}partitions", lower)[: len(lower)], count, prefixes)
        for lower, count in sorted(counts.items())
        if f"{lower}-workitems" in names
        and not {f"{lower}instances", f"{lower}history"} <= spelled.keys()
    )


def find_hubs(
    queues: Iterable[str], tables: Iterable[str], tracking_prefix: str | None = None
) -> tuple[FoundHub, ...]:
    """Return the hubs whose queues and tables are all there, by name.

    Those without tables of their own name are there if the ones of *tracking_prefix* are. Such a hub
    is spelled as its Partitions table is, and in lower case where it has none.
    """
    names = set(queues)
    spelled = {table.lower(): table for table in tables}
    prefix = (tracking_prefix or "").lower()
    tracked = prefix and {f"{prefix}instances", f"{prefix}history"} <= spelled.keys()
    found = []
    for lower, count in _partitions_of(names).items():
        own = spelled.get(f"{lower}instances") if f"{lower}history" in spelled else None
        table = own or (spelled.get(f"{lower}partitions", lower) if tracked else None)
        if f"{lower}-workitems" in names and table:
            found.append(FoundHub(table[: len(lower)], count, f"{lower}partitions" in spelled))
    return tuple(sorted(found, key=lambda one: one.name.lower()))


def _partitions_of(queues: Iterable[str]) -> dict[str, int]:
    """Return how many partitions the control queues tell of each hub, by its name in lower case."""
    counts: dict[str, int] = {}
    for name in queues:
        match = _CONTROL_QUEUE.fullmatch(name)
        if match is not None:
            counts[match[1]] = max(counts.get(match[1], 0), int(match[2]) + 1)
    return counts

"""What the doctor's rules find in a hub, instance by instance, looked at twice, with bounded memory.

A hub that is in use changes while it is read, so whatever is suspicious is looked at again, a moment
later, with everything read anew. That costs a look at all queues, so suspicions are gathered, a bounded
number of them.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from durahub.classic.doctor import rules
from durahub.classic.doctor.findings import Finding
from durahub.classic.doctor.looking import Looking
from durahub.classic.doctor.reading import Reading
from durahub.classic.doctor.snapshot import HubFacts, InstanceFacts
from durahub.classic.keys import escape, unescape
from durahub.classic.names import HubNames
from durahub.errors import BadPartitionKey
from durahub_migrate.lint.facts.hubs import Diagnosis
from durahub_migrate.lint.facts.measuring import names_entity
from durahub_migrate.lint.place import Place, PlaceKind

PAUSE = (
    1.0  # seconds before the second look at a hub in use: a purge or a checkpoint has ended by then
)
MOST_SUSPECTED = 100  # instances that wait for the second look
SEEN_SINCE = 2000  # instances after which those that wait are looked at, however few


@dataclass(slots=True)
class _Suspected:
    findings: list[Finding] = field(default_factory=list)
    instances: int = 0
    since: int = 0


class Diagnosing:
    """Diagnoses one hub. *hub* is what was read of it first; a second look has a newer one.

    *awaited* is what an earlier run had counted up to where this one goes on.
    """

    def __init__(
        self,
        reading: Reading,
        hub: HubFacts,
        address: str,
        unfinished: frozenset[str],
        awaited: Mapping[tuple[str, ...], int] = {},
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._reading = reading
        self._sleep = sleep
        self._address = address
        self._unfinished = unfinished
        self._looking = Looking(reading, hub, unfinished)
        self._looking.ledger.await_again(awaited)
        self._first = self._looking
        self._targets = dict.fromkeys(hub.by_target)
        self._suspected = _Suspected()

    @property
    def awaited(self) -> dict[tuple[str, ...], int]:
        """What was counted so far; see `durahub.classic.doctor.ledger`."""
        return self._first.ledger.awaited

    @property
    def waiting(self) -> int:
        """How many instances wait for the second look."""
        return self._suspected.instances

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits for a second look."""
        return not self._suspected.findings

    async def of_hub(self) -> list[Diagnosis]:
        """Return what is wrong with the hub but for its instances."""
        found = list(rules.of_hub(self._first.hub))
        kept = found
        if any(one.counts for one in found):
            kept = await self._anew(found)
        return [self._diagnosis(one) for one in kept]

    async def at(self, instance: InstanceFacts) -> list[Diagnosis]:
        """Look at an instance, and return what is certain by now: notes, and what was looked at twice."""
        self._targets.pop(instance.instance_id, None)
        found = await self._looking.at(instance)
        waits = [one for one in found if one.counts]
        suspected = self._suspected
        suspected.findings += waits
        suspected.instances += bool(waits)
        suspected.since += bool(suspected.findings)
        settled = [self._diagnosis(one) for one in found if not one.counts]
        if suspected.instances >= MOST_SUSPECTED or suspected.since >= SEEN_SINCE:
            settled += await self.settle()
        return settled

    async def settle(self) -> list[Diagnosis]:
        """Take the second look at whatever waits for it."""
        suspected, self._suspected = self._suspected, _Suspected()
        if not suspected.findings:
            return []
        return [self._diagnosis(one) for one in await self._anew(suspected.findings)]

    async def rest(self, after: str | None) -> AsyncIterator[Diagnosis]:
        """Yield what is left when all instances were looked at.

        That is what is said of messages for instances that are not there, and of messages that are missing by
        their number. Instances up to the key *after* were looked at by an earlier run.
        """
        for target in list(self._targets):
            instance = await self._reading.instance(escape(target))
            if after is not None and instance.is_there and _is_up_to(instance.key, after):
                continue
            for one in await self.at(instance):
                yield one
        for one in await self.settle():
            yield one
        hub = self._first.hub
        if not hub.workers:  # while somebody works, counts of different moments cannot be compared
            for finding in self._first.ledger.missing():
                yield self._diagnosis(finding)

    async def _anew(self, findings: Iterable[Finding]) -> list[Finding]:
        """Return those that are still so; later instances are looked at beside the newer hub."""
        if self._first.hub.workers:
            await self._sleep(PAUSE)
        hub = await self._reading.hub()
        kept = await Looking(self._reading, hub, self._unfinished).again(list(findings))
        newer = Looking(self._reading, hub, self._unfinished)
        newer.ledger = self._first.ledger  # it counts against what was hidden in the beginning
        self._looking = newer
        return kept

    def _diagnosis(self, finding: Finding) -> Diagnosis:
        return Diagnosis(place_of(finding, self._first.hub.names, self._address), finding)


def place_of(finding: Finding, names: HubNames, address: str) -> Place:
    """Return where a finding of the doctor's is, as the linter tells places."""
    kind, key = PlaceKind.HUB, ""
    if finding.instance_id is not None:
        key = finding.instance_id
    else:
        kind, key = _thing(finding.where, names)
    if finding.instance_id is not None:
        kind = PlaceKind.ENTITY if names_entity(key) else PlaceKind.INSTANCE
    return Place(source=address, kind=kind, key=key, part=finding.where)


def _thing(where: str, names: HubNames) -> tuple[PlaceKind, str]:
    what, _, rest = where.partition(" ")
    match what:
        case "queue":
            queue, _, message = rest.partition(" message ")
            if message:
                return PlaceKind.MESSAGE, f"{queue}/{message}"
            return PlaceKind.QUEUE, rest
        case "blob":
            container, _, name = rest.partition("/")
            kind = (
                PlaceKind.BLOB if container == names.large_messages_container else PlaceKind.LEASE
            )
            return kind, name
        case "table":
            table, _, key = rest.partition(" ")
            if table == names.partitions_table:
                return PlaceKind.LEASE, key.removeprefix("/")
            return PlaceKind.INSTANCE, _instance(key.partition("/")[0])
    return PlaceKind.HUB, ""


def _instance(key: str) -> str:
    try:
        return unescape(key)
    except BadPartitionKey:
        return key


def _is_up_to(key: str, after: str) -> bool:
    """Tell whether Azure Tables sorts *key* before *after*, or as it."""
    return key.encode("utf-16-be", "surrogatepass") <= after.encode("utf-16-be", "surrogatepass")

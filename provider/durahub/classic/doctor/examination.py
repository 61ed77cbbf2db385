"""Leads the rules over a hub, and looks twice at what they find.

A hub that is in use changes while it is read: a row may be written between two reads, a message may go from
one queue to the next. So what is found is looked for again, with everything read anew, and counts only
if it is found again in the same place.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from durahub.classic.doctor import rules
from durahub.classic.doctor.findings import Finding, Undecided
from durahub.classic.doctor.looking import Looking
from durahub.classic.doctor.reading import Reading
from durahub.classic.doctor.rules import blobs, waiting
from durahub.classic.doctor.snapshot import HubFacts, InstanceFacts
from durahub.classic.keys import escape
from durahub.classic.payloads import stored_name

GRACE = 86_400.0  # seconds: a blob is written before the row or message that names it


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What an examination found. ``workers`` hold partitions at the end of it."""

    findings: tuple[Finding, ...]
    undecided: tuple[Undecided, ...]
    instances: int
    blobs: int
    workers: tuple[str, ...]

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found but notes."""
        return not any(finding.counts for finding in self.findings)


class Examination:
    """Examines one hub. *grace* are seconds; *progress* is told how many instances were looked at."""

    def __init__(
        self,
        reading: Reading,
        *,
        grace: float = GRACE,
        unfinished: frozenset[str] = frozenset(),
        progress: Callable[[int], object] = bool,  # told nobody
    ) -> None:
        self._reading = reading
        self._grace = grace
        self._unfinished = unfinished
        self._progress = progress

    async def run(self) -> Report:
        """Look at everything, and a second time at what is suspicious."""
        looking = Looking(self._reading, await self._reading.hub(), self._unfinished)
        hub, ledger = looking.hub, looking.ledger
        found = list(rules.of_hub(hub))
        payloads = _Payloads(hub, self._reading.container_url)
        waiting_for = dict.fromkeys(hub.by_target)
        count = 0
        async for instance in self._reading.instances():
            count += 1
            self._progress(count)
            waiting_for.pop(instance.instance_id, None)
            payloads.add(instance)
            found += await looking.at(instance)
        for target in waiting_for:
            found += await looking.at(await self._reading.instance(escape(target)))
        async for blob in self._reading.blobs():
            orphan = payloads.check(blob, self._grace)
            if orphan is not None:
                found.append(orphan)
        found += payloads.missing()
        if not hub.workers:  # while somebody works, counts of different moments cannot be compared
            found += ledger.missing()
        counted = [one for one in found if one.counts and one.rule is not waiting.MISSING]
        kept = await self.again(counted)
        others = [one for one in found if not one.counts or one.rule is waiting.MISSING]
        return Report(
            findings=(*kept, *others),
            undecided=ledger.undecided(),
            instances=count,
            blobs=payloads.count,
            workers=hub.workers,
        )

    async def again(self, findings: Sequence[Finding]) -> list[Finding]:
        """Return those of *findings* that are still so, as they are now."""
        if not findings:
            return []
        looking = Looking(self._reading, await self._reading.hub(), self._unfinished)
        kept = await looking.again(findings)
        of_blobs = (one for one in findings if one.rule in blobs.RULES)
        return kept + [one for one in of_blobs if await self._blob_again(one, looking.hub)]

    async def _blob_again(self, finding: Finding, hub: HubFacts) -> bool:
        """Tell whether a finding about a blob still holds: its instance and the blob are read anew."""
        name = finding.where.split("/", 1)[1]
        there = [blob async for blob in self._reading.blobs(name) if blob.name == name]
        told = blobs.named(name)
        instances = (
            [await self._reading.instance(key) for key in blobs.keys_of(told)] if told else []
        )
        url = self._reading.container_url
        if finding.rule is blobs.MISSING:
            return not there and any(name in blobs.needed(one, url) for one in instances)
        if not there or any(name in blobs.mentioned(one, url) for one in instances):
            return False
        messages = (message for queue in hub.queues.values() for message in queue.seen)
        if any(one.blob is not None and stored_name(one.blob) == name for one in messages):
            return False
        is_there = any(one.is_there for one in instances)
        return blobs.orphan(there[0], hub, self._grace, has_instance=is_there) is not None


class _Payloads:
    """Which blobs are named, and which instances are there: as hashes, for there may be very many."""

    def __init__(self, hub: HubFacts, container_url: str) -> None:
        self._hub = hub
        self._url = container_url
        messages = (message for queue in hub.queues.values() for message in queue.seen)
        self._named = {hash(stored_name(message.blob)) for message in messages if message.blob}
        self._instances: set[int] = set()
        self._unseen: dict[int, tuple[str, str]] = {}
        self.count = 0

    def add(self, instance: InstanceFacts) -> None:
        """Take note of an instance."""
        self._instances.update(map(hash, blobs.folder_keys(instance)))
        self._named.update(map(hash, blobs.mentioned(instance, self._url)))
        for name in blobs.needed(instance, self._url):
            self._unseen[hash(name)] = name, instance.instance_id

    def check(self, blob: blobs.Blob, grace: float) -> Finding | None:
        """Return what is wrong with a blob."""
        self.count += 1
        self._unseen.pop(hash(blob.name), None)
        told = blobs.named(blob.name)
        if told is None or hash(blob.name) in self._named:
            return None
        is_there = any(hash(key) in self._instances for key in blobs.keys_of(told))
        return blobs.orphan(blob, self._hub, grace, has_instance=is_there)

    def missing(self) -> Iterable[Finding]:
        """Yield the blobs that are named and were not there."""
        for name, instance_id in self._unseen.values():
            yield blobs.missing(name, instance_id, self._hub)

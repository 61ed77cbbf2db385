"""Several simulated workers on one set of lease blobs: who works on what, whoever comes, stops or dies."""

import itertools
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from durahub.classic.partitioning import legacy, safe
from durahub.classic.partitioning.blob_state import BlobState, BlobTimes, Take
from durahub.classic.partitioning.lease_blob import LeaseBlob

TIMES = BlobTimes()
TRUST = 25.0
RENEWAL = 10.0
MANAGERS: dict[str, tuple[Any, tuple[str, ...]]] = {
    "legacy": (legacy, ("default",)),
    "safe": (safe, ("intent", "ownership")),
}


@dataclass
class Blobs:
    """Lease blobs as the service has them; requests are refused as it refuses them."""

    blobs: dict[str, LeaseBlob]
    leases: dict[str, tuple[str, float]] = field(default_factory=dict)  # ID, until when
    tokens: Any = field(default_factory=itertools.count)

    def held(self, name: str, at: float) -> str | None:
        token, until = self.leases.get(name, ("", 0.0))
        return token if at < until else None

    def read(self, folder: str, at: float) -> list[LeaseBlob]:
        return [
            replace(self.blobs[name], leased=self.held(name, at) is not None)
            for name in sorted(self.blobs)
            if name.startswith(f"{folder}/")
        ]

    def renew(self, name: str, token: str, at: float) -> bool:
        if self.leases.get(name, ("", 0.0))[0] != token:
            return False  # who had it last may renew it, even when it has run out
        self.leases[name] = (token, at + TIMES.lease)
        return True

    def take(self, take: Take, worker: str, at: float) -> str | None:
        if self.held(take.name, at) != take.token:
            return None
        token = f"token-{next(self.tokens)}"
        self.leases[take.name] = (token, at + TIMES.lease)
        partition = take.name.partition("/")[2]
        self.blobs[take.name] = LeaseBlob(partition, worker, token, take.epoch)
        return token

    def release(self, name: str, token: str, at: float) -> None:
        if self.held(name, at) == token:
            blob = self.blobs[name]
            self.blobs[name] = replace(blob, owner=None, token=None)
            del self.leases[name]


@dataclass
class Worker:
    """A worker: its passes, what it listens to, and until when each drain takes."""

    name: str
    manager: Any
    next_at: float
    drain: float
    state: BlobState = field(default_factory=BlobState)
    listens: set[str] = field(default_factory=set)
    drains: dict[str, float] = field(default_factory=dict)
    alive: bool = True
    stopping: bool = False

    def acts_on(self, at: float) -> set[str]:
        """Return the partitions that it may act on: listened to or draining, inside the trust."""
        found = self.listens | {p for p, ends in self.drains.items() if at < ends}
        return {p for p in found if self._is_trusted(p, at)}

    def _is_trusted(self, partition: str, at: float) -> bool:
        lease = self.state.leases.get(f"{self.manager.WORKED_BY}/{partition}")
        return lease is not None and at < lease.renewed_at + TRUST

    def run(self, blobs: Blobs, at: float) -> None:
        self.drains = {p: ends for p, ends in self.drains.items() if at < ends}
        if self.stopping:
            self._close(set(self.listens), at)
        due = () if self.stopping else self.manager.due(self.state, at, TIMES)
        read = {folder: blobs.read(folder, at) for folder in due}
        busy = self.listens | set(self.drains)
        found = self.manager.plan(
            self.state, read, self.name, at, TIMES, busy, stopping=self.stopping
        )
        for folder in due:
            self.state = self.state.with_look(folder, at)
        for name in found.lost:
            self.state = self.state.without(name)
        for name in found.renew:
            renewed = blobs.renew(name, self.state.leases[name].token, at)
            known = self.state
            self.state = known.with_renewal(name, at) if renewed else known.without(name)
        for name in found.release:
            blobs.release(name, self.state.leases[name].token, at)
            self.state = self.state.without(name)
        for one in found.adopt:
            if blobs.renew(one.name, one.token, at):
                self.state = self.state.with_lease(one.name, one.token, one.epoch, at)
        for takes in found.takes:
            self._take(blobs, takes.candidates, takes.want, at)
        wanted = frozenset() if self.stopping else self.manager.listening(self.state)
        self._close(self.listens - wanted, at)
        self.listens |= wanted - set(self.drains)
        self.alive = not found.done
        ends = min(self.drains.values(), default=float("inf"))
        delay = self.manager.delay(self.state, at, TIMES, stopping=self.stopping)
        self.next_at = min(at + delay, max(ends, at + 0.01))

    def _take(self, blobs: Blobs, candidates: tuple[Take, ...], want: int, at: float) -> None:
        for one in candidates:
            if want == 0:
                return
            token = blobs.take(one, self.name, at)
            if token is not None:
                want -= 1
                self.state = self.state.with_lease(one.name, token, one.epoch, at)

    def _close(self, partitions: set[str], at: float) -> None:
        for partition in partitions:
            self.listens.discard(partition)
            self.drains[partition] = at + self.drain


@pytest.mark.parametrize("kind", MANAGERS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_in_the_end_all_is_shared_evenly_and_meanwhile_no_two_act_on_a_partition_for_long(
    kind: str, data: st.DataObject
) -> None:
    manager, folders = MANAGERS[kind]
    partitions = [f"p{n}" for n in range(data.draw(st.integers(1, 8)))]
    blobs = Blobs({f"{folder}/{p}": LeaseBlob(p) for folder in folders for p in partitions})
    workers = [
        Worker(f"w{n}", manager, data.draw(st.floats(0, 40)), data.draw(st.floats(0, 15)))
        for n in range(data.draw(st.integers(1, 3)))
    ]
    victim = data.draw(st.sampled_from([None, *workers]))
    ends_at, orderly = data.draw(st.floats(60, 110)), data.draw(st.booleans())
    both_since: dict[str, float] = {}

    at = 0.0
    while at < 400:
        living = [worker for worker in workers if worker.alive]
        if not living:
            break
        at = max(at, min(worker.next_at for worker in living))
        if victim is not None and victim.alive and not victim.stopping and at >= ends_at:
            victim.stopping, victim.alive = orderly, orderly
            victim.next_at = at
            continue
        for worker in living:
            if worker.next_at <= at:
                worker.run(blobs, at)
        for partition in partitions:
            acting = [w.name for w in workers if w.alive and partition in w.acts_on(at)]
            if len(acting) < 2:
                both_since.pop(partition, None)
                continue
            # who is robbed under the legacy manager finds out when it renews
            since = both_since.setdefault(partition, at)
            assert kind == "legacy", f"{acting} act on {partition}"
            assert at - since <= RENEWAL, f"{acting} act on {partition} for too long"

    living = [worker for worker in workers if worker.alive]
    if living:
        shares = sorted(len(worker.listens) for worker in living)
        assert sum(shares) == len(partitions)
        # three with three, two and nothing: the one with nothing takes one, the others are content
        assert shares[-1] <= -(-len(partitions) // len(living))
        assert shares[0] >= min(1, len(partitions) // len(living))
    else:
        assert not any(blobs.held(name, 400) for name in blobs.blobs)

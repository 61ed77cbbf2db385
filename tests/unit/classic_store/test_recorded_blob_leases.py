"""Real workers' blob leases, replayed: what they decided is what we would decide."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from durahub.classic.partitioning import legacy, safe
from durahub.classic.partitioning.blob_state import BlobPlan, BlobState, BlobTimes, Lease, Takes
from durahub.classic.partitioning.lease_blob import LeaseBlob, decode, encode

GOLDEN = Path(__file__).parents[2] / "golden" / "leases"
TIMES = BlobTimes()
MANAGERS = {"legacy": legacy, "safe": safe}


@dataclass
class Hub:
    """The lease blobs as they were at one moment of the recording."""

    blobs: dict[str, LeaseBlob] = field(default_factory=dict)

    def read(self) -> dict[str, list[LeaseBlob]]:
        found: dict[str, list[LeaseBlob]] = {}
        for name in sorted(self.blobs):
            found.setdefault(name.partition("/")[0], []).append(self.blobs[name])
        return found

    def state(self, worker: str, now: float) -> BlobState:
        """Return what *worker* knows: its leases are those whose content is its own."""
        leases = {
            name: Lease(blob.token or "", blob.epoch, now, now)
            for name, blob in self.blobs.items()
            if blob.leased and blob.is_of(worker)
        }
        return BlobState(leases, dict.fromkeys(("default", "intent", "ownership"), now))

    def plan(self, manager: Any, worker: str, now: float, **more: Any) -> BlobPlan:
        found = manager.plan(
            self.state(worker, now), self.read(), worker, now, TIMES, frozenset(), **more
        )
        assert isinstance(found, BlobPlan)
        return found


def samples(name: str) -> Iterator[tuple[float, dict[str, LeaseBlob]]]:
    """Yield the blobs that changed, by sample. State and content were sampled one after the other."""
    lines = [json.loads(line) for line in (GOLDEN / f"{name}.jsonl").read_text().splitlines()]
    changes = [line for line in lines if "/" in line.get("partition", "")]
    for at, sampled in groupby(changes, key=lambda line: line["t"]):
        yield at, {line["partition"]: _blob(line) for line in sampled}


def _blob(line: dict[str, Any]) -> LeaseBlob:
    content = json.dumps(line["content"], separators=(",", ":")).encode()
    partition = line["partition"].partition("/")[2]
    blob = decode(content, partition, leased=line["leaseState"] == "leased")
    assert encode(blob) == content
    return blob


def first(takes: Takes) -> set[str]:
    return {take.name for take in takes.candidates[: takes.want]}


@pytest.mark.parametrize(("name", "least"), [("legacy", 12), ("safe", 24)])
def test_every_lease_that_a_real_worker_took_is_the_one_that_we_would_take(
    name: str, least: int
) -> None:
    hub, seen = Hub(), 0
    for at, changed in samples(name):
        before = hub.blobs
        took: dict[tuple[str, str], set[str]] = {}
        for blob_name, after in changed.items():
            known = before.get(blob_name)
            if known is not None and after.owner is not None and after.epoch != known.epoch:
                assert after.epoch == known.epoch + 1
                took.setdefault((after.owner, blob_name.partition("/")[0]), set()).add(blob_name)
        for (worker, folder), names in took.items():
            plan = hub.plan(MANAGERS[name], worker, at)
            ours = [first(t) for t in plan.takes if t.candidates[0].name.startswith(folder)]
            # a sample may fall between two of a worker's writes: the rest is in the next one
            assert len(ours) == 1
            assert names <= ours[0]
            seen += len(names)
        hub.blobs = before | changed
    assert seen >= least


@pytest.mark.parametrize("name", ["legacy", "safe"])
def test_every_lease_that_a_real_worker_gave_up_is_one_that_we_would_give_up(name: str) -> None:
    hub, seen = Hub(), 0
    for at, changed in samples(name):
        for blob_name, after in changed.items():
            known = hub.blobs.get(blob_name)
            if known is not None and known.owner is not None and after.owner is None:
                assert (after.token, after.epoch) == (None, known.epoch)
                assert blob_name in hub.plan(MANAGERS[name], known.owner, at, stopping=True).release
                seen += 1
        hub.blobs |= changed
    assert seen == (2 if name == "legacy" else 4)


@pytest.mark.parametrize("name", ["legacy", "safe"])
def test_where_real_workers_left_everything_as_it_was_we_would_too(name: str) -> None:
    hub, last, seen = Hub(), 0.0, 0
    for at, changed in samples(name):
        running = _running(last)
        if at - last > 11.5:  # at least one look of each worker in between changed nothing
            for worker in running:
                assert hub.plan(MANAGERS[name], worker, last).takes == ()
                seen += 1
        last = at
        hub.blobs |= changed
    assert seen >= 4


def _running(at: float) -> list[str]:
    """Return who is at work in a pause that begins at *at*, by the events of the recordings."""
    if at < 14:
        return ["worker-a"]
    if at < 80:
        return ["worker-a", "worker-b"]
    return ["worker-a", "worker-c"] if 110 < at < 160 else ["worker-a"]


def test_the_one_thing_done_otherwise_is_that_a_drained_ownership_is_released_not_left_to_run_out() -> (
    None
):
    hub = Hub()
    for at, changed in samples("safe"):
        if at > 27:
            break
        hub.blobs |= changed
    plan = hub.plan(safe, "worker-a", 40.0)  # worker-b has the intent of the first partition
    assert plan.release == ("ownership/travelleasessafe-control-00",)
    assert plan.renew == ()

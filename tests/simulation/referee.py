"""Watches a simulated hub, at every request that arrives, and notes what must not happen.

- Two workers *act on* a partition at once. durahub acts while it trusts its lease; a .NET worker while it
  listens or has sessions and storage says that the lease is its own. (Under the legacy manager a lease is
  taken from a living owner, who finds out at its next renewal; there, the overlap has a bound.)
- Two workers have one queue message in hand at once, both acting on the partition.
- A message is deleted whose effect is in no history, and of which there is no copy.
- Nobody acts on a partition for longer than the manager needs, though workers are there.
- A durahub server has messages in hand of a partition that it gave up and another acts on, though nothing
  went wrong; or it stopped in order and left something hidden.
"""

import contextlib
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.simulation.storage import Hub, Stored
from tests.simulation.work import Workload, name_in

TRACE = 120  # requests that are remembered
BACKOFF = 5.5  # seconds for which a message may be hidden on purpose
READS = frozenset({"query leases", "load", "instance", "read blob", "list blobs"})


class Worker(Protocol):
    """A process of either make."""

    name: str
    alive: bool
    gives_up_nothing_in_hand: bool

    def acts_on(self, partition: str) -> bool: ...

    def listens_to(self, partition: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What the manager allows, in seconds.

    ``overlap``: two workers act on a partition; ``None`` where nothing is said about that.
    ``ownerless``: nobody acts on it, since something last happened to any worker.
    """

    overlap: float | None
    ownerless: float


class Referee:
    """Knows all workers and the hub. ``violations`` are sentences; ``overlapped`` is for the curious."""

    def __init__(self, hub: Hub, workload: Workload, bounds: Bounds) -> None:
        self.workers: list[Worker] = []
        self.violations: list[str] = []
        self.overlapped = 0.0  # seconds, the longest
        self.calm_since: float | None = None  # since when ownerless partitions count
        self.orderly = False  # whether nobody loses a partition but by giving it up
        self._hub = hub
        self._workload = workload
        self._bounds = bounds
        self._trace: deque[tuple[float, str]] = deque(maxlen=TRACE)
        self._overlap_since: dict[str, float] = {}
        self._acted_on: dict[str, float] = dict.fromkeys(hub.partitions, 0.0)
        self._told: set[tuple[str, ...]] = set()  # overlaps
        self._in_hand: dict[tuple[str, str], str] = {}  # worker and message ID → partition
        for queue in hub.queues.values():
            queue.on_delete = self._deleted

    # -- what is told --------------------------------------------------------------------------

    def arrived(self, worker: str, what: str, key: str) -> None:
        """Take note of a request that has had its effect."""
        if what not in READS:
            if what != "receive":
                self.note(f"{worker}: {what} {key}")
            self.check()

    def note(self, text: str) -> None:
        self._trace.append((self._hub.clock(), text))

    @contextlib.contextmanager
    def running(self, worker: str, partition: str, message_ids: Sequence[str]) -> Iterator[None]:
        """Know that *worker* acts on messages of *partition* inside the ``with``."""
        keys = [(worker, one) for one in message_ids]
        self._in_hand |= dict.fromkeys(keys, partition)
        self.note(f"{worker}: runs {len(keys)} of {partition}")
        self.check()
        try:
            yield
        finally:
            for key in keys:
                self._in_hand.pop(key, None)

    def disturbed(self, what: str) -> None:
        """Know that something happened to a worker or its line."""
        self.note(f"-- {what}")
        now = self._hub.clock()
        self._acted_on = dict.fromkeys(self._acted_on, now)

    def left(self, worker: str) -> None:
        """Know that *worker* has left in order."""
        for queue in self._hub.queues.values():
            hidden = queue.hidden_by(worker, BACKOFF)
            if hidden:
                names = ", ".join(name_in(one.text) for one in hidden)
                self._violated(f"{worker} stopped and left {names} hidden in {queue.name}")

    # -- judging -------------------------------------------------------------------------------

    def check(self) -> None:
        """Look at who acts on what."""
        now = self._hub.clock()
        acting: dict[str, list[str]] = {}
        for partition in self._hub.partitions:
            actors = [one.name for one in self.workers if one.alive and one.acts_on(partition)]
            acting[partition] = actors
            self._judge_overlap(partition, actors, now)
            self._judge_ownerless(partition, actors, now)
        self._judge_messages(acting)

    def _judge_overlap(self, partition: str, actors: list[str], now: float) -> None:
        if len(actors) < 2:
            self._overlap_since.pop(partition, None)
            return
        seconds = now - self._overlap_since.setdefault(partition, now)
        self.overlapped = max(self.overlapped, seconds)
        allowed, told = self._bounds.overlap, (partition, *actors)
        if allowed is not None and seconds >= allowed and told not in self._told:
            self._told.add(told)
            self._violated(f"{' and '.join(actors)} act on {partition} for {seconds:.1f} s")

    def _judge_ownerless(self, partition: str, actors: list[str], now: float) -> None:
        if actors or self.calm_since is None or not any(one.alive for one in self.workers):
            self._acted_on[partition] = now
            return
        seconds = now - max(self._acted_on[partition], self.calm_since)
        if seconds > self._bounds.ownerless:
            self._violated(f"nobody acts on {partition} for {seconds:.1f} s")
            self._acted_on[partition] = now

    def _judge_messages(self, acting: dict[str, list[str]]) -> None:
        seen: dict[str, str] = {}
        careful = {one.name for one in self.workers if one.alive and one.gives_up_nothing_in_hand}
        for (worker, message_id), partition in self._in_hand.items():
            if worker not in acting[partition]:
                if self.orderly and worker in careful and acting[partition]:
                    self._violated(f"{worker} gave up {partition} with {message_id} in hand")
                continue
            other = seen.setdefault(message_id, worker)
            if other != worker and self._bounds.overlap is not None:
                self._violated(f"{other} and {worker} run {message_id} of {partition} at once")

    def _deleted(self, message: Stored) -> None:
        name = name_in(message.text)
        task = self._workload.tasks[name]
        done = self._hub.histories.read(task.instance_id).events
        if name not in done and not self._is_queued(name):
            self._violated(f"{name} was deleted before its effect was stored")

    def _is_queued(self, name: str) -> bool:
        """Tell whether a copy of a message is left: one whose answer got lost was put twice."""
        queues = self._hub.queues.values()
        return any(name_in(one.text) == name for q in queues for one in q.messages.values())

    def _violated(self, what: str) -> None:
        text = f"{self._hub.clock():.2f}: {what}"
        self.note(f"!! {what}")
        self.violations.append(text)

    # -- the end -------------------------------------------------------------------------------

    def missing(self) -> list[str]:
        """Return the names of messages whose effects are in no history."""
        histories = self._hub.histories
        done = {name for history in histories.of.values() for name in history.events}
        return [name for name in self._workload.tasks if name not in done]

    def unsettled(self, *, shared: bool) -> str | None:
        """Return why the hub is not yet at rest: what is left to do, or with *shared* to share out."""
        missing = self.missing()
        if missing:
            return f"no effect of {', '.join(sorted(missing))}"
        for queue in self._hub.queues.values():
            if queue.messages:
                names = ", ".join(name_in(one.text) for one in queue.messages.values())
                return f"{names} still in {queue.name}"
        return self._unshared() if shared else None

    def _unshared(self) -> str | None:
        alive = [one for one in self.workers if one.alive]
        counts = {one.name: 0 for one in alive}
        for partition in self._hub.partitions:
            listeners = [one.name for one in alive if one.listens_to(partition)]
            if len(listeners) != 1:
                return f"{len(listeners)} workers listen to {partition}"
            counts[listeners[0]] += 1
        if max(counts.values()) - min(counts.values()) > 1:
            return f"not shared evenly: {counts}"
        return None

    def trace(self) -> str:
        """Return what happened last."""
        return "\n".join(f"{at:9.3f}  {text}" for at, text in self._trace)

"""The instances with activities without messages whose partitions this server has.

An instance becomes known when its history is read, or when a checkpoint of this server writes the column.
What is read while the column is being written is out of date, and is passed over.
"""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from durahub.classic.held import Held
from durahub.classic.history_table import LoadedHistory
from durahub.classic.unposted import outstanding
from durahub.classic.unsettled import Stage, Task, Unsettled


@dataclass(slots=True, eq=False)
class Reading:
    """A history that is being read. It ``is_late`` if it was written meanwhile."""

    is_late: bool = False
    loaded: LoadedHistory | None = None

    def tells(self, loaded: LoadedHistory) -> None:
        """Take what was read."""
        if not self.is_late:
            self.loaded = loaded


class UnsettledInstances:
    """What is known, by instance. *delete* is told of anchors that nothing needs any more.

    ``given`` are the activities that are with the listener or answered, by the listener's keys.
    """

    def __init__(self, delete: Callable[[Held], None]) -> None:
        self._delete = delete
        self._partitions: set[str] = set()
        self._readings: dict[str, set[Reading]] = {}  # by instance
        self.known: dict[str, Unsettled] = {}
        self.given: dict[str, tuple[Unsettled, Task]] = {}

    def open(self, queue: str) -> None:
        """Look after the instances of a partition."""
        self._partitions.add(queue)

    def of(self, queue: str) -> list[Unsettled]:
        """Return the instances of a partition."""
        return [one for one in self.known.values() if one.queue == queue]

    def close(self, queue: str) -> None:
        """Forget the instances of a partition; activities that run here go on."""
        self._partitions.discard(queue)
        for known in self.of(queue):
            del self.known[known.instance_id]
            for task in known.at(Stage.ANSWERED):
                self.given.pop(known.key(task.id), None)

    def part_with(self, known: Unsettled) -> None:
        """Forget an instance whose column says nothing of what is known any more."""
        del self.known[known.instance_id]
        anchor, known.anchor = known.anchor, None
        if anchor is not None:
            self._delete(anchor)

    @contextlib.contextmanager
    def reading(self, queue: str, instance_id: str) -> Iterator[Reading]:
        """Let the body read a history, and tell what it says."""
        reading = Reading()
        self._readings.setdefault(instance_id, set()).add(reading)
        try:
            yield reading
            known = self.known.get(instance_id)
            is_written = known is not None and known.lock.locked()
            if reading.loaded is not None and queue in self._partitions and not is_written:
                self._loaded(queue, instance_id, reading.loaded)
        finally:
            readings = self._readings[instance_id]
            readings.discard(reading)
            if not readings:
                del self._readings[instance_id]

    def wrote(self, instance_id: str) -> None:
        """Take note that the column has changed: what was read before is out of date."""
        for reading in self._readings.get(instance_id, ()):
            reading.is_late = True

    def _loaded(self, queue: str, instance_id: str, loaded: LoadedHistory) -> None:
        known, left = self.known.get(instance_id), loaded.unposted
        if known is not None and (
            left is None
            or known.anchor_id != left.anchor
            or known.execution_id != left.execution_id
        ):
            self.part_with(known)  # others have seen to it
            known = None
        if left is None:
            return
        if known is None:
            known = Unsettled(queue, instance_id, left.execution_id, left.anchor)
            self.known[instance_id] = known
        before = known.tasks
        known.tasks = {}
        for message in outstanding(instance_id, loaded.events, left):
            number = message.event.event_id
            task = before.get(number) or self._at_work(known, number)
            known.tasks[number] = task or Task(message, Stage.ELSEWHERE)
        known.token, known.before = loaded.version.token, set()

    def _at_work(self, known: Unsettled, number: int) -> Task | None:
        """Return an activity that has been running since the partition was this server's before."""
        key = known.key(number)
        given = self.given.get(key)
        if given is None or given[1].stage is not Stage.RUNNING:
            return None
        self.given[key] = known, given[1]
        return given[1]

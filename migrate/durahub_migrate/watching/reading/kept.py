"""Histories that were read, as long as there is room for them."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from durahub.errors import InstanceNotFound
from durahub.model.history import Event, ExecutionCompleted, ExecutionStarted
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.seam import LiveHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptHistory:
    """A history, and how to go on with it. *last* is where its last row stands, in the store's own form.

    *blobs* are the blobs of texts that are not in the events, by number and attribute, *beside* is what else
    the rows tell, by number.
    """

    execution_id: str | None = None
    events: Sequence[Event] = ()
    etag: str | None = None
    last: str | None = None
    checkpoint: Ticks | None = None
    problems: tuple[str, ...] = ()
    missing: tuple[tuple[int, str, str], ...] = ()
    blobs: Mapping[tuple[int, str], str] = field(default_factory=dict)
    beside: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    total: int | None = None
    resolved: int = 0

    @property
    def has_ended(self) -> bool:
        """Whether the execution has come to an end: then only a rewind can change it."""
        return any(isinstance(event, ExecutionCompleted) for event in self.events[-3:])

    @property
    def started(self) -> ExecutionStarted | None:
        """What began the execution."""
        head = self.events[:5]
        return next((event for event in head if isinstance(event, ExecutionStarted)), None)

    def numbered(self, number: int, instance_id: str) -> Event:
        """Return an event of the history, which is that of *instance_id*. Raises `InstanceNotFound`."""
        if not 0 <= number < len(self.events):
            raise InstanceNotFound(f"{instance_id}, event {number}")
        return self.events[number]

    def told(self) -> LiveHistory:
        """Return it as others see it."""
        return LiveHistory(
            execution_id=self.execution_id,
            events=self.events,
            etag=self.etag,
            problems=self.problems,
            missing=self.missing,
            total=self.total,
            checkpoint=self.checkpoint,
            beside=self.beside,
        )


class KeptHistories:
    """The histories that were asked for last, *most* events of all of them."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: OrderedDict[str, KeptHistory] = OrderedDict()
        self._events = 0

    def get(self, instance_id: str) -> KeptHistory | None:
        """Return a history that was kept."""
        found = self._kept.get(instance_id)
        if found is not None:
            self._kept.move_to_end(instance_id)
        return found

    def put(self, instance_id: str, history: KeptHistory) -> None:
        """Keep a history, and let the oldest go; the one that was put stays however long it is."""
        self.forget(instance_id)
        self._kept[instance_id] = history
        self._events += len(history.events)
        while self._events > self._most and len(self._kept) > 1:
            self.forget(next(iter(self._kept)))

    def forget(self, instance_id: str) -> None:
        """Let a history go."""
        found = self._kept.pop(instance_id, None)
        if found is not None:
            self._events -= len(found.events)

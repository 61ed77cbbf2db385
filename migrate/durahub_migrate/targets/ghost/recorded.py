"""A recorded history as the target's app is to see it: in the protocol's events, under its SDK's numbers."""

from collections.abc import Callable, Iterable, Sequence

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.entity_events import EntityEvents
from durahub.edge.projection import event_to_proto
from durahub.engine.action_numbers import Shifted, renumbered
from durahub.engine.numbering import RetriesAlike
from durahub.engine.retries import SPLIT_TIMER
from durahub.model.history import Event, TimerCreated, TimerFired


class Recorded:
    """Turns events of one instance into the protocol's, under the numbers of the target's app.

    *base* is the first number of an action that the history has, 0 or 1, *numbering* the one that the app's
    SDK gives, ``None`` for the same. Of the SDKs that count from 1 Python's gives a retry the number of its
    first try (*retries_alike*), JavaScript's a new one.
    """

    def __init__(
        self,
        history: Sequence[Event],
        *,
        base: int,
        numbering: int | None,
        retries_alike: bool = True,
    ) -> None:
        self._history = history
        self._shown: Callable[[Iterable[Event]], Iterable[Event]] = list
        if numbering is not None and base >= 0 and numbering > base:
            self._shown = RetriesAlike(history).shown if retries_alike else Shifted(1).shown
        elif numbering is not None and numbering < base:
            self._shown = _from_zero
        self._entities = EntityEvents.of(history)

    def history(self) -> list[pb.HistoryEvent]:
        """Return the whole history."""
        return self.shown(self._history)

    def shown(self, events: Iterable[Event]) -> list[pb.HistoryEvent]:
        """Return *events*, which are of the history or on their way to the instance."""
        return [
            event_to_proto(event, None, self._entities)
            for event in self._shown(events)
            if not _is_split(event)
        ]


def _from_zero(events: Iterable[Event]) -> list[Event]:
    return [renumbered(event, lambda number: number - 1) for event in events]


def _is_split(event: Event) -> bool:
    """Tell whether *event* is of the timer by which DTFx splits a turn; only it knows that."""
    match event:
        case TimerCreated(event_id=number) | TimerFired(timer_id=number):
            return number == SPLIT_TIMER
        case _:
            return False

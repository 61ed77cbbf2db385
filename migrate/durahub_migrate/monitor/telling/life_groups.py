"""The groups of events that concern an instance as a whole: its start, its end, suspensions, rewinds."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from durahub.model.history import (
    Event,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionRewound,
    ExecutionStarted,
    ExecutionSuspended,
    ExecutionTerminated,
    GenericEvent,
    Status,
)
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.telling.drafts import Draft, Drafts
from durahub_migrate.monitor.telling.event_views import rewound_from
from durahub_migrate.monitor.telling.failures import failure_head
from durahub_migrate.monitor.telling.outcomes import CANCELED, COMPLETED, OF_STATUS


class LifeGroups:
    """Reads such events into *drafts*. *head* makes the first line of an event's failure as it is shown."""

    def __init__(
        self,
        drafts: Drafts,
        beside: Mapping[int, Mapping[str, Any]],
        head: Callable[[int, str | None], str | None],
    ) -> None:
        self._drafts = drafts
        self._beside = beside
        self._head = head
        self._start: Draft | None = None
        self._end: Draft | None = None
        self._suspension: Draft | None = None
        self._inert: Draft | None = None  # rows of a rewind that has not woken anything yet
        self._after_inert: Ticks | None = None  # when the first turn behind those rows began
        self.is_live = True

    def begin_turn(self, at: Ticks | None) -> None:
        """Note when a turn has begun."""
        self._after_inert = self._after_inert or at

    def add(self, number: int, event: Event) -> None:
        """Put an event into its group that concerns the instance as a whole."""
        match event:
            case ExecutionStarted():
                self._add_start(number, event)
            case ExecutionCompleted() | ExecutionTerminated():
                self._add_end(number, event)
            case ExecutionSuspended() | ExecutionResumed():
                self._suspend(number, event)
            case ExecutionRewound() | GenericEvent():
                self._rewind(number, event)
            case _:
                self._drafts.add_instant("other", number, event, event.type.name)

    def finish(self) -> None:
        """End what the last event has left open."""
        if self._inert is not None and self._after_inert is not None:
            attempt = self._inert.attempts[
                -1
            ]  # a child's answer has woken it, no message of its own
            at = self._after_inert
            self._inert.attempts[-1] = replace(attempt, scheduled=at, ended=at, outcome=COMPLETED)

    def _add_start(self, number: int, event: ExecutionStarted) -> None:
        if self._start is None:
            self._start = self._drafts.add_instant("start", number, event, event.name)
            parent = event.parent
            self._start.instance_id = parent.execution.instance_id if parent is not None else None
            self._start.due = event.scheduled_start
        else:  # a second start: nothing comes of it
            self._start.events.append(number)

    def _add_end(self, number: int, event: ExecutionCompleted | ExecutionTerminated) -> None:
        if self._end is None:
            self._end = self._drafts.begin("end", number, event, None)
            self._end.events.pop()
        if isinstance(event, ExecutionTerminated):
            self._end.name = self._end.name or Status.Terminated.name
            self._end.events.append(number)
            return
        self.is_live = False
        self._end.name = event.status.name
        outcome = OF_STATUS.get(event.status, CANCELED)
        failure = self._head(number, failure_head(event.failure))
        self._end.end(number, event.timestamp, outcome, failure)

    def _suspend(self, number: int, event: ExecutionSuspended | ExecutionResumed) -> None:
        draft = self._suspension
        if isinstance(event, ExecutionSuspended):
            if draft is None:
                self._suspension = self._drafts.begin("suspension", number, event, event.reason)
            else:
                draft.events.append(number)
        elif draft is None:
            self._drafts.add_instant("suspension", number, event, event.reason)
        else:
            draft.end(number, event.timestamp, COMPLETED)
            self._suspension = None

    def _rewind(self, number: int, event: ExecutionRewound | GenericEvent) -> None:
        """Add what a rewind left: rows that it made inert, and what woke the instance afterwards."""
        was_inert = rewound_from(event, self._beside.get(number, {})) is not None
        if was_inert:
            if self._inert is None:
                self._inert = self._drafts.begin("rewind", number, event, None)
            else:
                self._inert.events.append(number)
                self._inert.attempts[-1] = replace(
                    self._inert.attempts[-1], scheduled=event.timestamp, last=number
                )
            self._after_inert = None
            return
        draft, self._inert = self._inert, None
        if draft is None and isinstance(event, GenericEvent):
            self._drafts.add_instant("other", number, event, event.type.name)
            return
        reason: str | None = event.data if isinstance(event, GenericEvent) else event.reason
        if draft is None:
            self._drafts.add_instant("rewind", number, event, reason or None)
            return
        draft.name = reason or None
        draft.episode = max(self._drafts.episode, 0)
        draft.attempts[-1] = replace(draft.attempts[-1], scheduled=event.timestamp)
        draft.end(number, event.timestamp, COMPLETED)

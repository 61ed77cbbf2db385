"""What clients have asked of an orchestration and comes again, though the history holds it.

A late copy of an event would be raised twice; one of a request to go on would end a pause that began since.
"""

from collections.abc import Iterable, Sequence, Set
from typing import TypeAlias, TypeGuard

from durahub.engine.commit import Delivery
from durahub.model.history import (
    Event,
    EventRaised,
    EventType,
    ExecutionResumed,
    ExecutionSuspended,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks

Asked: TypeAlias = EventRaised | ExecutionSuspended | ExecutionResumed
Stamp: TypeAlias = tuple[EventType, Ticks, str | None, str | None]
"""What tells one request from another: its kind, time, name (or reason) and content."""


def stamps_of(events: Iterable[Event]) -> frozenset[Stamp]:
    """Return the stamps of what was asked, among *events*."""
    return frozenset(stamp_of(event) for event in events if is_asked(event))


def raised_before(batch: Sequence[Delivery], stored: Set[Stamp]) -> frozenset[str]:
    """Return the keys of what clients have asked that comes again, though a history holds it.

    A .NET worker that ends between its checkpoint and its deletions leaves no trace of which messages the
    checkpoint holds. *stored* was written by others, or in another life: of what this process takes it
    knows the messages, and two that are alike may be two (a .NET Framework's clock may stand still).
    """
    if not stored:
        return frozenset()
    waiting = {
        delivery.key: event
        for delivery in batch
        if is_asked(event := delivery.message.event) and is_of_client(delivery.message)
    }
    return frozenset(key for key, event in waiting.items() if stamp_of(event) in stored)


def is_asked(event: Event) -> TypeGuard[Asked]:
    """Tell whether *event* is one that must not come twice: an end does no harm."""
    return isinstance(event, (EventRaised, ExecutionSuspended, ExecutionResumed))


def stamp_of(event: Asked) -> Stamp:
    """Return what tells *event* from others."""
    if isinstance(event, EventRaised):
        return event.type, event.timestamp, event.name, event.input
    return event.type, event.timestamp, event.reason, None


def is_of_client(message: Message) -> bool:
    """Tell whether a client has sent *message*."""
    return message.sender is not None and not message.sender.instance_id

"""Events that clients have raised and that come again, though the history holds them."""

from collections.abc import Iterable, Sequence, Set
from typing import TypeAlias

from durahub.engine.commit import Delivery
from durahub.model.history import Event, EventRaised
from durahub.model.message import Message
from durahub.model.ticks import Ticks

Stamp: TypeAlias = tuple[Ticks, str | None, str | None]
"""What tells one raised event from another: its time, name and content."""


def stamps_of(events: Iterable[Event]) -> frozenset[Stamp]:
    """Return the stamps of the raised events among *events*."""
    return frozenset(_stamp(event) for event in events if isinstance(event, EventRaised))


def raised_before(batch: Sequence[Delivery], stored: Set[Stamp]) -> frozenset[str]:
    """Return the keys of events by clients that come again, though a history holds them.

    A .NET worker that ends between its checkpoint and its deletions leaves no trace of which messages the
    checkpoint holds. *stored* was written by others, or in another life: of what this process takes it
    knows the messages, and two that are alike may be two (a .NET Framework's clock may stand still).
    """
    if not stored:
        return frozenset()
    waiting = {
        delivery.key: event
        for delivery in batch
        if isinstance(event := delivery.message.event, EventRaised)
        and is_of_client(delivery.message)
    }
    return frozenset(key for key, event in waiting.items() if _stamp(event) in stored)


def _stamp(event: EventRaised) -> Stamp:
    return event.timestamp, event.name, event.input


def is_of_client(message: Message) -> bool:
    """Tell whether a client has sent *message*."""
    return message.sender is not None and not message.sender.instance_id

"""Events that clients have raised and that come again, though the history holds them."""

from collections.abc import Iterable, Sequence

from durahub.engine.commit import Delivery
from durahub.model.history import Event, EventRaised
from durahub.model.message import Message
from durahub.model.ticks import Ticks


def raised_before(batch: Sequence[Delivery], stored: Iterable[Event]) -> frozenset[str]:
    """Return the keys of events by clients that come again, though a history holds them.

    A .NET worker that ends between its checkpoint and its deletions leaves no trace of which messages the
    checkpoint holds. *stored* was written by others, or in another life: of what this process takes it
    knows the messages, and two that are alike may be two (a .NET Framework's clock may stand still).
    """
    waiting = {
        delivery.key: event
        for delivery in batch
        if isinstance(event := delivery.message.event, EventRaised)
        and is_of_client(delivery.message)
    }
    if not waiting:
        return frozenset()
    known = {_stamp(event) for event in stored if isinstance(event, EventRaised)}
    return frozenset(key for key, event in waiting.items() if _stamp(event) in known)


def _stamp(event: EventRaised) -> tuple[Ticks, str | None, str | None]:
    return event.timestamp, event.name, event.input


def is_of_client(message: Message) -> bool:
    """Tell whether a client has sent *message*."""
    return message.sender is not None and not message.sender.instance_id

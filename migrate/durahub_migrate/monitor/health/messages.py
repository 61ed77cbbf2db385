"""Verdicts on messages that were peeked at: fine, poison, for no instance, unreadable."""

from collections.abc import Callable, Iterable

from durahub.engine.entities.ids import is_entity
from durahub.model.history import EventRaised, ExecutionStarted
from durahub_migrate.monitor.explaining.delivering import kind
from durahub_migrate.monitor.explaining.seen import SeenMessage
from durahub_migrate.monitor.explaining.thresholds import Thresholds
from durahub_migrate.monitor.explaining.wording import counted, quoted
from durahub_migrate.monitor.partitions import MessageView

OK, POISON, ORPHAN, UNREADABLE = "ok", "poison", "orphan", "unreadable"
Exists = Callable[[str], bool | None]
"""Tells whether there is an instance of an ID; ``None``: nobody knows yet."""


def verdicts(
    messages: Iterable[SeenMessage], exists: Exists, thresholds: Thresholds
) -> tuple[MessageView, ...]:
    """Return what is to be said of each. One that starts an instance, or comes with a start, is no orphan."""
    found = tuple(messages)
    begins = {
        message.target
        for message in found
        if isinstance(message.event, ExecutionStarted) and message.target is not None
    }
    return tuple(_view(message, exists, thresholds, begins) for message in found)


def _view(
    message: SeenMessage, exists: Exists, thresholds: Thresholds, begins: set[str]
) -> MessageView:
    verdict, why = _verdict(message, exists, thresholds, begins)
    event = message.event
    return MessageView(
        queue=message.queue,
        message_id=message.message_id,
        verdict=verdict,
        why=why,
        target=message.target,
        event=event.type.name if event is not None else message.kind,
        name=getattr(event, "name", None),
        inserted=message.inserted,
        deliveries=message.deliveries,
        blob=message.blob,
        bytes=message.bytes,
    )


def _verdict(
    message: SeenMessage, exists: Exists, thresholds: Thresholds, begins: set[str]
) -> tuple[str, str | None]:
    if message.problem is not None:
        return UNREADABLE, f"It cannot be read: {message.problem}."
    target = message.target
    if target is not None and target not in begins and exists(target) is False:
        creates = is_entity(target) and isinstance(message.event, EventRaised)
        if not creates:
            return ORPHAN, f"There is no instance {quoted(target)}: the next worker deletes it."
    if message.deliveries >= thresholds.poison:
        what = kind(message.event) if message.event is not None else "it"
        said = f"{what[0].upper()}{what[1:]} was delivered {counted(message.deliveries, 'time')}"
        return POISON, f"{said} and is still there: whoever takes it fails, or gives it back."
    return OK, None

"""How many bytes events take, about: in memory as on the wire."""

from collections.abc import Iterable
from dataclasses import fields

from durahub.model.failure import Failure
from durahub.model.history import EVENT_CLASSES, Event

EVENT_SIZE = 400  # bytes an event takes apart from its texts, about

_LONG = frozenset({"input", "result", "data", "reason", "details"})
_TEXTS = {
    cls: tuple(field.name for field in fields(cls) if field.name in _LONG)
    for cls in EVENT_CLASSES.values()
}


def size_of(events: Iterable[Event]) -> int:
    """Return about how many bytes *events* take."""
    total = 0
    for event in events:
        total += EVENT_SIZE
        for name in _TEXTS[type(event)]:
            total += _length(getattr(event, name))
        failure = getattr(event, "failure", None)
        while isinstance(failure, Failure):
            total += _length(failure.message) + _length(failure.stack_trace)
            failure = failure.inner
    return total


def _length(text: str | None) -> int:
    if text is None:
        return 0
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))

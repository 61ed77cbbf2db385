"""A history event as a flat, printable mapping."""

import json
from dataclasses import fields, is_dataclass
from typing import Any

from durahub.model.history import Event, Status
from durahub.model.ticks import to_text

_TIMES = frozenset({"timestamp", "fire_at", "scheduled_start"})
_IN_COLUMNS = frozenset({"event", "id", "timestamp", "execution"})
_HIDDEN = frozenset({"is_played", "event_id", "timestamp"})


def event_view(event: Event) -> dict[str, Any]:
    """Return *event* with its kind, its action's ID and its time in front."""
    view: dict[str, Any] = {
        "event": event.type.name,
        "id": event.event_id,
        "timestamp": to_text(event.timestamp),
    }
    for field in fields(event):
        if field.name not in _HIDDEN:
            view[_camel(field.name)] = _plain(field.name, getattr(event, field.name))
    return {key: value for key, value in view.items() if value is not None}


_FIRST = ("generation", 0)  # of an instance that never continued as new: nearly all are
SHORT = 60  # characters of a value in a line


def event_line(event: Event, short: int = SHORT) -> tuple[str, str, str, str]:
    """Return *event* for a table: time, kind, action's ID, and what it carries that matters."""
    view = event_view(event)
    shown_id = "" if event.event_id < 0 else str(event.event_id)
    carried = {
        name: value
        for name, value in view.items()
        if name not in _IN_COLUMNS
        and value != ""
        and value is not False
        and (name, value) != _FIRST
    }
    text = "  ".join(f"{name}={_short(value, short)}" for name, value in carried.items())
    return view["timestamp"], view["event"], shown_id, text


def _short(value: Any, short: int) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= short else f"{text[:short]}… ({len(text)} characters)"


def _plain(name: str, value: Any) -> Any:
    if value is None:
        return None
    if name in _TIMES:
        return to_text(value)
    if isinstance(value, Status):
        return value.name
    if is_dataclass(value) and not isinstance(value, type):
        plain = {_camel(f.name): _plain(f.name, getattr(value, f.name)) for f in fields(value)}
        return {key: item for key, item in plain.items() if item is not None}
    if isinstance(value, bool | int | str | float):
        return value
    return dict(value)


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)

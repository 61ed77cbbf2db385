"""Values as JSON and back, by the types of their fields: nothing is lost, and what does not fit is named.

`durahub_migrate.monitor.json_form` writes for readers; this writes what is read again. Members are in
camelCase, `Ticks` ISO texts, enums their values (of numbered ones their names), events carry their ``type``.
Members that are not known are passed over, so that a later writer may add some.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum, IntEnum
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from durahub.model.history import EVENT_CLASSES, Event, EventType
from durahub.model.ticks import Ticks, parse, to_text
from durahub_migrate.monitor.json_form import camel

T = TypeVar("T")
_EVENTS = {kind.name: EVENT_CLASSES[kind] for kind in EventType}
_PLAIN = (str, int, float, bool)


class NotFitting(ValueError):
    """A value is not what belongs there; *place* is its path: ``history[3].timestamp``."""

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(f"{place}: {problem}")
        self.place = place
        self.problem = problem


# -- writing -------------------------------------------------------------------------------------


def plain(value: Any, hint: Any) -> Any:
    """Return *value*, of the type *hint*, as the standard library's ``json`` takes it."""
    if value is None:
        return None
    if hint is Ticks:
        return to_text(value)
    if isinstance(value, Enum):
        return value.name if isinstance(value, IntEnum) else value.value
    if is_dataclass(value) and not isinstance(value, type):
        kind = type(value)
        written = {
            camel(name): plain(getattr(value, name), one) for name, one in members_of(kind).items()
        }
        return {"type": kind.__name__, **written} if hint == Event else written
    optional = _without_none(hint)
    if optional is not hint:
        return plain(value, optional)
    parts = get_args(hint)
    if isinstance(value, Mapping):
        inner = parts[1] if parts else Any
        return {str(key): plain(one, inner) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one, _item(parts, place)) for place, one in enumerate(value)]
    return value


# -- reading -------------------------------------------------------------------------------------


def fitting(found: Any, hint: Any, place: str) -> Any:
    """Return the value of type *hint* that *found* was written for. Raises `NotFitting`."""
    if hint is Any or _is_json(hint):
        return found
    optional = _without_none(hint)
    if optional is not hint:
        return None if found is None else fitting(found, optional, place)
    if hint == Event:
        return _event(found, place)
    if hint is Ticks:
        return _moment(found, place)
    if hint in _PLAIN:
        return _of_type(found, hint, place)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _choice(found, hint, place)
    if isinstance(hint, type) and is_dataclass(hint):
        return fitting_members(found, hint, place)
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (tuple, Sequence):
        return _items(found, parts, place)
    if origin is not None and issubclass(origin, Mapping):
        if not isinstance(found, dict):
            raise NotFitting(place, "an object belongs here")
        return {
            _key(key, parts[0], place): fitting(one, parts[1], f"{place}.{key}")
            for key, one in found.items()
        }
    raise TypeError(f"nobody knows how to read a {hint}")


def fitting_members(found: Any, kind: Callable[..., T], place: str) -> T:
    """Return the dataclass whose members are in *found*. Raises `NotFitting`."""
    if not isinstance(found, dict):
        raise NotFitting(place, "an object belongs here")
    values: dict[str, Any] = {}
    hints = members_of(kind)
    for one in fields(kind):  # type: ignore[arg-type]
        name = camel(one.name)
        if name in found:
            values[one.name] = fitting(found[name], hints[one.name], f"{place}.{name}")
        elif one.default is MISSING and one.default_factory is MISSING:
            raise NotFitting(place, f"{name} is missing")
    return kind(**values)


@functools.cache
def members_of(kind: Any) -> Mapping[str, Any]:
    """Return the types of a dataclass's fields by their names."""
    hints = get_type_hints(kind)
    return {one.name: hints[one.name] for one in fields(kind)}


def _event(found: Any, place: str) -> Any:
    name = found.get("type") if isinstance(found, dict) else None
    if not isinstance(name, str) or name not in _EVENTS:
        raise NotFitting(place, "an event of a known type belongs here")
    return fitting_members(found, _EVENTS[name], place)


def _moment(found: Any, place: str) -> Ticks:
    try:
        return parse(_of_type(found, str, place))
    except ValueError as error:
        if isinstance(error, NotFitting):
            raise
        raise NotFitting(place, "a time belongs here") from None


def _of_type(found: Any, kind: type, place: str) -> Any:
    is_bool = isinstance(found, bool)
    fits = isinstance(found, kind) and is_bool == (kind is bool)
    if kind is float and isinstance(found, int) and not is_bool:
        return float(found)
    if not fits:
        names = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
        raise NotFitting(place, f"{names[kind]} belongs here")
    return found


def _choice(found: Any, kind: type[Enum], place: str) -> Enum:
    for one in kind:
        if found == (one.name if issubclass(kind, IntEnum) else one.value):
            return one
    raise NotFitting(place, "a word that is known belongs here")


def _items(found: Any, parts: tuple[Any, ...], place: str) -> tuple[Any, ...]:
    if not isinstance(found, list):
        raise NotFitting(place, "a list belongs here")
    if parts and parts[-1] is not Ellipsis and len(parts) != len(found) and len(parts) > 1:
        raise NotFitting(place, f"{len(parts)} values belong here")
    return tuple(
        fitting(one, _item(parts, number), f"{place}[{number}]") for number, one in enumerate(found)
    )


def _key(key: str, hint: Any, place: str) -> Any:
    if hint is not int:
        return key
    if not key.isdecimal():
        raise NotFitting(f"{place}.{key}", "a number belongs here")
    return int(key)


def _item(parts: tuple[Any, ...], place: int) -> Any:
    if not parts:
        return Any
    if len(parts) == 1 or parts[-1] is Ellipsis:
        return parts[0]
    return parts[place]


def _without_none(hint: Any) -> Any:
    """Return what *hint* is if it is not ``None``; *hint* itself where it cannot be."""
    if get_origin(hint) not in (Union, UnionType) or hint == Event:
        return hint
    parts = [one for one in get_args(hint) if one is not NoneType]
    return parts[0] if len(parts) == 1 else hint


def _is_json(hint: Any) -> bool:
    """Tell whether *hint* is that of any JSON value."""
    return get_origin(hint) in (Union, UnionType) and {bool, str} <= set(get_args(hint))

"""What the monitor's values are in JSON: the same in the API, on the command line and in reports.

Members are written in camelCase, `Ticks` as ISO 8601 text in UTC with up to seven decimals, enums by their
value, sets sorted. Nothing is left out: what is not known is ``null``.
"""

import functools
import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, get_args, get_type_hints

from durahub.model.ticks import Ticks, to_text

_UNDERSCORE = re.compile(r"_+([a-z0-9])")


def to_json(value: Any) -> Any:
    """Return *value* as the standard library's ``json`` takes it."""
    match value:
        case None | bool() | int() | float() | str():
            return value.value if isinstance(value, Enum) else value
        case Enum():
            return value.value
        case Mapping():
            return {str(to_json(key)): to_json(one) for key, one in value.items()}
        case set() | frozenset():
            return sorted(map(to_json, value))
        case list() | tuple():
            return [to_json(one) for one in value]
    if is_dataclass(value) and not isinstance(value, type):
        moments = _moments(type(value))
        return {
            camel(one.name): _member(getattr(value, one.name), one.name in moments)
            for one in fields(value)
        }
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _member(value: Any, is_moment: bool) -> Any:
    if not is_moment or value is None:
        return to_json(value)
    return [to_text(one) for one in value] if isinstance(value, tuple) else to_text(value)


@functools.cache
def _moments(kind: type) -> frozenset[str]:
    """Return the names of the fields that are `Ticks`, several of them, or ``None``."""
    hints = get_type_hints(kind)
    return frozenset(
        name for name, hint in hints.items() if hint is Ticks or Ticks in get_args(hint)
    )


def camel(name: str) -> str:
    """Return ``last_updated`` as ``lastUpdated``, and ``from_``, which Python has a word for, as ``from``."""
    return _UNDERSCORE.sub(lambda found: found[1].upper(), name.rstrip("_"))

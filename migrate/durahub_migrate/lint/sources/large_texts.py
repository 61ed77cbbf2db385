"""Facts without their large texts: these are measured, one at a time, and let go."""

import functools
from dataclasses import fields, replace
from typing import Any, TypeVar

from durahub.classic.payloads import PROPERTY_LIMIT

KEPT = PROPERTY_LIMIT // 2
"""Characters that a text may have and stay: as many as stand in a row of the classic layout."""

T = TypeVar("T")


def without_large_texts(value: T) -> T:
    """Return an event or a row, each of its texts that is large replaced by the empty one."""
    names = _fields(type(value))  # type: ignore[arg-type]  # a type is hashable
    large = {
        name: ""
        for name in names
        if isinstance(text := getattr(value, name), str) and len(text) > KEPT
    }
    return replace(value, **large) if large else value  # type: ignore[type-var]


@functools.cache
def _fields(kind: type[Any]) -> tuple[str, ...]:
    """Return the names of the fields of a dataclass: events and rows are such."""
    return tuple(field.name for field in fields(kind))

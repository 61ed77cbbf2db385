"""The filters and pages that queries for orchestrations and for entities share.

Texts match anywhere and in any case; a time from ``start`` on and before ``end``.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from durahub.edge.web.bodies import number_member, object_member, text_member, time_member
from durahub.errors import BadRequest
from durahub.model.json_text import member
from durahub.model.ticks import Ticks

T = TypeVar("T")

DEFAULT_COUNT = 100
MOST = 1_000  # of a page

_DIRECTIONS = {"ASCENDING_SORT": False, "DESCENDING_SORT": True}


@dataclass(frozen=True, slots=True)
class Range:
    """From ``start`` on and before ``end``; what has no time is in no range but the open one."""

    start: Ticks | None = None
    end: Ticks | None = None

    def __contains__(self, moment: Ticks | None) -> bool:
        """Tell whether *moment* lies in the range."""
        if moment is None:
            return self.start is None and self.end is None
        return (self.start is None or self.start <= moment) and (
            self.end is None or moment < self.end
        )


ALWAYS = Range()


@dataclass(frozen=True, slots=True)
class Slice:
    """Which of the sorted results are wanted."""

    start: int = 0
    count: int = DEFAULT_COUNT

    def of(self, found: Sequence[T]) -> Sequence[T]:
        """Return the wanted ones."""
        return found[self.start : self.start + self.count]


FIRST_PAGE = Slice()


def range_of(found: Mapping[str, Any], name: str) -> Range:
    """Return the time filter called *name*."""
    wanted = object_member(found, name)
    return Range(time_member(wanted, "start"), time_member(wanted, "end"))


def needle_of(found: Mapping[str, Any], name: str) -> str:
    """Return what a text filter looks for, folded: ``{"value": …}`` or the text itself."""
    value = member(found, name)
    text = value if isinstance(value, str) else text_member(object_member(found, name), "value")
    return (text or "").casefold()


def slice_of(body: Mapping[str, Any]) -> Slice:
    """Return the page that a body asks for."""
    pagination = object_member(body, "pagination")
    return Slice(
        number_member(pagination, "startIndex", default=0, most=2**31),
        number_member(pagination, "count", default=DEFAULT_COUNT, most=MOST),
    )


def order_of(body: Mapping[str, Any], columns: Iterable[str]) -> tuple[tuple[str, bool], ...]:
    """Return the columns to sort by, the first most important, and whether each is descending."""
    wanted = member(body, "sort")
    if wanted is None:
        return ()
    if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
        raise BadRequest("sort is not an array of {column, direction}")
    known = frozenset(columns)
    order = []
    for one in wanted:
        column = (text_member(one, "column") or "").upper()
        direction = (text_member(one, "direction") or "ASCENDING_SORT").upper()
        if column not in known:
            raise BadRequest(f"cannot sort by {column[:60]!r}, only by {', '.join(sorted(known))}")
        if direction not in _DIRECTIONS:
            raise BadRequest("the direction of a sort is ASCENDING_SORT or DESCENDING_SORT")
        order.append((column, _DIRECTIONS[direction]))
    return tuple(order)


def in_order(
    found: Iterable[T],
    order: Sequence[tuple[str, bool]],
    keys: Mapping[str, Callable[[T], Any]],
) -> list[T]:
    """Return *found* sorted; what has no value in a column stands last in it, either way."""
    result = list(found)
    for column, descending in reversed(order):
        key = keys[column]
        filled = [one for one in result if key(one) is not None]
        empty = [one for one in result if key(one) is None]
        result = sorted(filled, key=key, reverse=descending) + empty
    return result

"""Sequences and sets that only grow, whose versions share what they have in common.

A version is a value: it never changes. The items of all versions stand in one list (or table), of which
each version is the beginning, and `and_more` of the longest version adds to it: that costs what is
added. What a longer version has added already is taken over, so that two that go on alike still share;
where they part, the second copies.
"""

from collections.abc import Hashable, Iterable, Iterator, Sequence, Set
from itertools import islice
from typing import Generic, TypeVar, overload

T = TypeVar("T")
H = TypeVar("H", bound=Hashable)


class Appended(Sequence[T], Generic[T]):
    """A sequence that grows at its end. Its beginnings, as slices, share its items, too."""

    __slots__ = ("_items", "_length")

    def __init__(self, items: Iterable[T] = ()) -> None:
        self._items = list(items)
        self._length = len(self._items)

    def and_more(self, more: Iterable[T]) -> "Appended[T]":
        """Return this sequence and *more* behind it."""
        length = self._length
        items = self._items if length else []  # an empty one may be a default of many
        for item in more:
            if length < len(items) and items[length] is not item:
                items = items[:length]
            if length == len(items):
                items.append(item)
            length += 1
        return self if length == self._length else self._version(items, length)

    def _version(self, items: list[T], length: int) -> "Appended[T]":
        version: Appended[T] = type(self)()
        version._items, version._length = items, length
        return version

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[T]:
        return islice(self._items, self._length)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        if not isinstance(index, slice):
            return self._items[range(self._length)[index]]
        start, stop, step = index.indices(self._length)
        if step == 1 and start == 0:
            return self._version(self._items, max(stop, 0))
        return tuple(self._items[start:stop:step] if step > 0 else list(self)[index])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Appended | tuple | list):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]  # like a list's: long ones would cost too much


def appended(items: Sequence[T]) -> Appended[T]:
    """Return *items* as a sequence that grows: the same if it is one."""
    return items if isinstance(items, Appended) else Appended(items)


class AppendedSet(Set[H], Generic[H]):
    """A set that grows; it keeps the order in which items came."""

    __slots__ = ("_length", "_places")

    def __init__(self, items: Iterable[H] = ()) -> None:
        self._places: dict[H, int] = {}  # in the order of all versions
        for item in items:
            self._places.setdefault(item, len(self._places))
        self._length = len(self._places)

    def and_more(self, more: Iterable[H]) -> "AppendedSet[H]":
        """Return this set with *more*."""
        length = self._length
        places = self._places if length else {}
        for item in more:
            place = places.get(item)
            if place is not None and place < length:
                continue
            if place != length and length < len(places):
                places, place = dict(islice(places.items(), length)), None
            if place is None:
                places[item] = length
            length += 1
        if length == self._length:
            return self
        grown: AppendedSet[H] = AppendedSet()
        grown._places, grown._length = places, length
        return grown

    def without(self, item: H) -> "AppendedSet[H]":
        """Return this set without *item*: a copy if it has it."""
        if item not in self:
            return self
        return AppendedSet(one for one in self if one != item)

    def __contains__(self, item: object) -> bool:
        place = self._places.get(item)  # type: ignore[arg-type]
        return place is not None and place < self._length

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[H]:
        return islice(self._places, self._length)

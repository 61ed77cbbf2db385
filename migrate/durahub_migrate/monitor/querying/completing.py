"""What may be typed next, and which conditions a text has: for the box in which a query is written."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from durahub.errors import BadQuery
from durahub.model.ticks import MINIMUM
from durahub_migrate.monitor.querying.fields import FIELDS, TAG, Field, Values, field_of
from durahub_migrate.monitor.querying.folding import fold
from durahub_migrate.monitor.querying.parsing import Reader
from durahub_migrate.monitor.querying.patterns import literal
from durahub_migrate.monitor.querying.reading import FIELD, VALUE, tag_name
from durahub_migrate.monitor.querying.writing import write_field, write_value
from durahub_migrate.monitor.row import STATUSES

MOST = 30
_TYPICAL: Mapping[Values, tuple[str, ...]] = {
    Values.TIME: ("today", "yesterday", "-1h", "-24h", "-7d"),
    Values.LENGTH: ("5m", "1h", "24h", "7d"),
    Values.BYTES: ("60KB", "1MB", "10MB"),
}
_OPERATORS = {"or": "one of two conditions", "not": "turns a condition around"}

Known = Mapping[str, Sequence[str]]
"""Values that are there, by field: ``name``, ``hub``, ``version``, ``tag`` for the names of tags."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What may stand in the place from *start* to *end*. *kind* is ``field``, ``value`` or ``word``."""

    text: str
    kind: str
    help: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Chip:
    """A condition as it was typed, and where. *field* is ``text`` for a bare word.

    *alone* tells that the text can be cut out there, and all other conditions hold as before.
    """

    text: str
    field: str
    start: int
    end: int
    alone: bool


@dataclass(frozen=True, slots=True)
class _Term:
    """What is being typed: from *start*, on to *end*; a value if there is a *field*."""

    start: int
    end: int
    field: Field | None = None


def conditions(text: str) -> tuple[Chip, ...]:
    """Return the conditions of *text* in their order; up to the mistake, if it has one."""
    reader = Reader(text, MINIMUM)
    with suppress(BadQuery):  # what was read before it stands in the reader
        reader.query()
    return tuple(
        Chip(text[one.start : one.end], one.field, one.start, one.end, one.alone)
        for one in reader.places
    )


def complete(text: str, at: int, known: Known | None = None) -> tuple[Completion, ...]:
    """Return what may stand where the cursor is, the likeliest first, `MOST` at most."""
    at = max(0, min(at, len(text)))
    term = _term(text, at)
    typed = fold(text[term.start : at].lstrip('"'))
    found = (
        _words(typed, known or {}, is_first=not text[: term.start].strip())
        if term.field is None
        else _values(term.field, typed, known or {})
    )
    return tuple(
        Completion(one, kind, about, term.start, term.end)
        for (one, kind, about), _ in zip(found, range(MOST), strict=False)
    )


def _term(text: str, at: int) -> _Term:
    """Find what stands around the cursor; it need not be right, nor whole."""
    place = 0
    while place < at:
        if text[place].isspace() or text[place] in "()|-":
            place += 1
            continue
        found = FIELD.match(text, place)
        if found is None or found.end() > at:
            end = _end(text, place)
            if end >= at:
                return _Term(place, end)
            place = end
            continue
        name = found["name"]
        field = field_of(TAG + tag_name(found["tag"]) if found["tag"] is not None else name.lower())
        for start, end in _value_places(text, found.end()):
            if start <= at <= end:
                return _Term(start, end, field) if field else _Term(place, end)
            place = end
    return _Term(at, at)


def _value_places(text: str, place: int) -> Iterator[tuple[int, int]]:
    if not text.startswith("(", place):
        yield place, _end(text, place)
        return
    while place < len(text) and text[place] in "(|":
        place += 1
        while text[place : place + 1].isspace():
            place += 1
        end = _end(text, place)
        yield place, end
        place = end
        while text[place : place + 1].isspace():
            place += 1
    yield place, place


def _end(text: str, place: int) -> int:
    found = VALUE.match(text, place)
    if found is not None:
        return found.end()
    return len(text) if text.startswith('"', place) else place


def _words(typed: str, known: Known, *, is_first: bool) -> Iterator[tuple[str, str, str]]:
    names = [one for one in FIELDS.values() if one.name.startswith(typed)]
    for field in names:
        yield _begun(field), "field", field.about
    for tag in known.get("tag", ()):
        if typed and fold(TAG + tag).startswith(typed):
            yield f"{write_field(TAG + tag)}:", "field", "a tag"
    if not typed:
        if not is_first:
            yield from ((word, "word", about) for word, about in _OPERATORS.items())
        return
    for status in (*STATUSES, "active", "ended"):
        if status.casefold().startswith(typed):
            yield f"status:{status}", "value", "status"
    for field_name in ("name", "hub"):
        for value in known.get(field_name, ()):
            if fold(value).startswith(typed):
                yield f"{field_name}:{write_value(literal(value))}", "value", field_name
    if not is_first:
        for word, about in _OPERATORS.items():
            if word.startswith(typed):
                yield word, "word", about


def _begun(field: Field) -> str:
    is_ordered = field.values in (Values.TIME, Values.LENGTH, Values.BYTES)
    return f"{field.name}{'>' if is_ordered else ':'}"


def _values(field: Field, typed: str, known: Known) -> Iterator[tuple[str, str, str]]:
    own = [*field.words.values(), *_TYPICAL.get(field.values, ())]
    if field.name == "parent":
        own.append("none")
    values = [*own, *(write_value(literal(one)) for one in known.get(field.name, ()))]
    starting = [one for one in values if fold(one.lstrip('"')).startswith(typed)]
    holding = [one for one in values if typed in fold(one) and one not in starting]
    return ((one, "value", field.about) for one in (*starting, *holding))

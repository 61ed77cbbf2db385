"""The filter language of table queries, as far as durahub and the SDK speak it.

``PartitionKey eq 'a' and (RowKey gt '' or CreatedTime ge datetime'…')``. A comparison with a column that
a row lacks, or that has another type, is false.
"""

import operator
import re
from collections.abc import Callable, Mapping
from typing import Any

from durahub.model.ticks import parse as ticks_of

Condition = Callable[[Mapping[str, Any]], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<typed>datetime|guid)?'(?P<text>(?:[^']|'')*)'|(?P<number>-?\d+(?:\.\d+)?)L?"
    r"|(?P<word>[A-Za-z_][\w.]*)|(?P<mark>[()]))"
)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


def condition(text: str) -> Condition:
    """Return what tells whether an entity is meant. Raises `ValueError`."""
    parser = _Parser(_tokens(text))
    found = parser.alternatives()
    if parser.left():
        raise ValueError(f"what follows is not understood: {text}")
    return found


def value_of(entity: Mapping[str, Any], name: str) -> Any:
    """Return a column's value, times in ticks; ``None`` where there is none."""
    value = entity.get(name)
    kind = entity.get(f"{name}@odata.type")
    if name == "Timestamp" or kind == "Edm.DateTime":
        return ("time", ticks_of(value)) if isinstance(value, str) else None
    return int(value) if kind == "Edm.Int64" else value


class _Parser:
    def __init__(self, tokens: list[tuple[str, Any]]) -> None:
        self._tokens = tokens
        self._next = 0

    def left(self) -> bool:
        return self._next < len(self._tokens)

    def alternatives(self) -> Condition:
        found = [self._all()]
        while self._takes("or"):
            found.append(self._all())
        return lambda entity: any(one(entity) for one in found)

    def _all(self) -> Condition:
        found = [self._one()]
        while self._takes("and"):
            found.append(self._one())
        return lambda entity: all(one(entity) for one in found)

    def _one(self) -> Condition:
        if self._takes("not"):
            inner = self._one()
            return lambda entity: not inner(entity)
        if self._takes("("):
            inner = self.alternatives()
            if not self._takes(")"):
                raise ValueError("a parenthesis is not closed")
            return inner
        name, compare, wanted = self._word(), _COMPARE[self._word()], self._value()

        def holds(entity: Mapping[str, Any]) -> bool:
            found = value_of(entity, name)
            return type(found) is type(wanted) and compare(found, wanted)

        return holds

    def _takes(self, word: str) -> bool:
        if self.left() and self._tokens[self._next] == ("word", word):
            self._next += 1
            return True
        return False

    def _word(self) -> str:
        kind, word = self._tokens[self._next]
        if kind != "word":
            raise ValueError(f"a word is expected, not {word!r}")
        self._next += 1
        return str(word)

    def _value(self) -> Any:
        kind, value = self._tokens[self._next]
        self._next += 1
        return {"true": True, "false": False}[value] if kind == "word" else value


def _tokens(text: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    at, text = 0, text.rstrip()
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"not understood: {text[at:]}")
        at = match.end()
        if match["text"] is not None:
            plain = match["text"].replace("''", "'")
            found.append(
                ("value", ("time", ticks_of(plain)) if match["typed"] == "datetime" else plain)
            )
        elif match["number"] is not None:
            number = match["number"]
            found.append(("value", float(number) if "." in number else int(number)))
        else:
            found.append(("word", match["word"] or match["mark"]))
    return found

"""Reading a query: text to syntax tree, or an error that says where and what was expected."""

from collections.abc import Callable
from dataclasses import replace

from durahub.errors import BadQuery
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.query import AllOf, Condition, Node, Not, OneOf, Query, Relation
from durahub_migrate.monitor.querying.fields import FIELDS, TAG, TEXT, Field, field_of
from durahub_migrate.monitor.querying.folding import fold
from durahub_migrate.monitor.querying.meaning import Operand, near, operands_of
from durahub_migrate.monitor.querying.patterns import canonical, pieces
from durahub_migrate.monitor.querying.reading import (
    BLANKS,
    FIELD,
    VALUE,
    Place,
    tag_name,
    unquoted,
)

LONGEST = 8_000  # characters
DEEPEST = 40  # brackets and negations in each other
MOST = 500  # conditions, and values


def parse(text: str, now: Ticks) -> Query:
    """Return the query that *text* is; ages and words such as ``today`` count from *now*.

    Nothing but blanks is the query that finds all. Raises `BadQuery`.
    """
    return Query(text, Reader(text, now).query(), now)


def all_of(*parts: Node) -> Node:
    """Return that all *parts* hold, in the form that `parse` gives it."""
    return _joined(AllOf, parts)


def one_of(*parts: Node) -> Node:
    """Return that one of *parts* holds, in the form that `parse` gives it."""
    return _joined(OneOf, parts)


def _joined(kind: type[AllOf] | type[OneOf], parts: tuple[Node, ...]) -> Node:
    flat: list[Node] = []
    for part in parts:
        flat.extend(part.parts if isinstance(part, kind) else (part,))
    return flat[0] if len(flat) == 1 else kind(tuple(flat))


class Reader:
    """Reads one text. *places* are the conditions that were read so far, also after an error."""

    def __init__(self, text: str, now: Ticks) -> None:
        self.text = text
        self.now = now
        self.at = 0
        self.places: list[Place] = []
        self._depth = 0
        self._values = 0

    def query(self) -> Node:
        """Read all of the text. Raises `BadQuery`."""
        if len(self.text) > LONGEST:
            raise BadQuery(self.text, LONGEST, f"it is longer than {LONGEST} characters")
        self._skip()
        if self._is_at_end():
            return AllOf()
        node = self._either()
        if not self._is_at_end():
            raise self._bad("there is no bracket that this one closes")
        return node

    def _either(self) -> Node:
        read = len(self.places)
        parts = [self._both()]
        while self._takes_word("or"):
            parts.append(self._both())
        if len(parts) > 1:  # none can go without its `or`
            self._tie(read)
        return one_of(*parts)

    def _both(self) -> Node:
        read = len(self.places)
        parts = [self._turned()]
        is_tied = False
        while not self._is_at_end(")", "or"):
            is_tied |= self._takes_word("and")
            parts.append(self._turned())
        if is_tied:
            self._tie(read)
        return all_of(*parts)

    def _tie(self, read: int) -> None:
        self.places[read:] = [replace(place, alone=False) for place in self.places[read:]]

    def _turned(self) -> Node:
        start = self.at
        if self._takes("-") or self._takes_word("not"):
            read = len(self.places)
            part = self._deeper(self._turned)
            self.places[read:] = [
                replace(place, start=start) if place.alone else place
                for place in self.places[read:]
            ]
            return Not(part)
        return self._one()

    def _one(self) -> Node:
        if self._is_at_end(")", "and", "or"):
            raise self._bad("a condition such as status:Running is missing here")
        if self._is_at_end("|"):
            raise self._bad("| stands between values in brackets; between conditions write or")
        if self._takes("("):
            return self._bracket()
        start = self.at
        found = FIELD.match(self.text, start)
        if found is None:
            part = self._word()
        else:
            field = self._field(found["name"], found["tag"])
            part = self._condition(field, found["relation"], found.end())
        self.places.append(Place(part.field, start, self.at, alone=True))
        self._stands_apart()
        return part

    def _bracket(self) -> Node:
        start = self.at - 1
        read = len(self.places)
        self._skip()
        node = self._deeper(self._either)
        if not self._takes(")"):
            raise BadQuery(self.text, start, "this bracket is not closed")
        self._tie(read)
        self._stands_apart()
        return node

    def _deeper(self, read: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._bad(f"there are more than {DEEPEST} brackets in each other")
        node = read()
        self._depth -= 1
        return node

    def _word(self) -> Condition:
        start = self.at
        value = self._value("a word or a condition")
        if not any(pieces(value)):
            raise BadQuery(self.text, start, "there is nothing to look for")
        return Condition(TEXT, Relation.CONTAINS, (value,), (fold(value),))

    def _field(self, name: str, tag: str | None) -> Field:
        dotted = name.partition(".")[0].lower()
        if tag is not None:
            found = field_of(TAG + tag_name(tag)) if dotted == TAG[:-1] else None
        else:
            found = FIELDS.get(dotted)
        if found is None:
            hint = near(dotted, {one: one for one in FIELDS} | {"tag": "tag.NAME"})
            raise self._bad(
                f"there is no field {name!r}{hint or '; a text with : in it stands in quotes'}"
            )
        return found

    def _condition(self, field: Field, sign: str, end: int) -> Condition:
        relations = {one.value: one for one in field.relations}
        if sign not in relations:
            self.at = end - len(sign)
            raise self._bad(f"{field.name} is compared by one of {' '.join(relations)}")
        relation = relations[sign]
        self.at = end
        values: list[str] = []
        operands: list[Operand] = []
        for at, value in self._values_of(field, relation):
            try:
                operands.extend(operands_of(field, relation, value, self.now))
            except ValueError as expected:
                raise BadQuery(self.text, at, f"{field.name} needs {expected}") from None
            values.append(value)
        return Condition(field.name, relation, tuple(values), tuple(operands))

    def _values_of(self, field: Field, relation: Relation) -> list[tuple[int, str]]:
        expected = f"a value of {field.name}"
        opened = self.at
        if relation not in (Relation.EQUALS, Relation.CONTAINS) or not self._takes("("):
            return [(self.at, self._value(expected))]
        found = []
        while True:
            self._skip()
            found.append((self.at, self._value(expected)))
            self._skip()
            if self._takes(")"):
                return found
            if not self._takes("|"):
                raise BadQuery(
                    self.text,
                    self.at if self.at < len(self.text) else opened,
                    "the values in brackets are divided by | and end with )",
                )

    def _value(self, expected: str) -> str:
        found = VALUE.match(self.text, self.at)
        if found is None:
            if self.text[self.at : self.at + 1] == '"':
                raise self._bad("these quotes are not closed")
            raise self._bad(f"{expected} is missing here")
        self._values += 1
        if self._values > MOST:
            raise self._bad(f"there are more than {MOST} values")
        self.at = found.end()
        return canonical(unquoted(found[0]) if found["quoted"] else found[0])

    def _stands_apart(self) -> None:
        end = self.at
        self._skip()
        if end == self.at and not self._is_at_end(")"):
            raise self._bad("a blank is missing here, or quotes around the whole value")

    def _takes(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def _takes_word(self, word: str) -> bool:
        if not self._is_word(word):
            return False
        self.at += len(word)
        self._skip()
        return True

    def _is_word(self, word: str) -> bool:
        found = VALUE.match(self.text, self.at)
        return bool(found and found[0].lower() == word)

    def _is_at_end(self, signs: str = "", *words: str) -> bool:
        """Tell whether nothing follows, or one of *signs* or *words*."""
        follows = self.text[self.at : self.at + 1]
        return not follows or follows in signs or any(map(self._is_word, words))

    def _skip(self) -> None:
        blanks = BLANKS.match(self.text, self.at)
        self.at = blanks.end() if blanks else self.at

    def _bad(self, problem: str) -> BadQuery:
        return BadQuery(self.text, self.at, problem)

"""The expressions of ARM templates: ``[concat(parameters('name'), '/default')]``, to values as far as known.

Source: syntax and expressions of ARM templates, as Microsoft documents them.
"""

import re
from collections.abc import Callable
from typing import Any

from durahub_migrate.lint.files import functions
from durahub_migrate.lint.files.computed import LONGEST
from durahub_migrate.lint.files.document import Unknown

_TOKEN = re.compile(r"\s*(?:('(?:[^']|'')*')|(-?\d+)|([A-Za-z_][\w.]*)|(.))", re.DOTALL)
_DEEPEST = 60  # calls within each other; what is below stays unknown
Given = Callable[[str, list[Any]], Any]
"""Returns what a function gives that depends on the template, raises `LookupError` for all others."""


class Unreadable(Exception):
    """The text is no expression."""


def is_expression(text: str) -> bool:
    """Return whether a string of a template is an expression; ``[[`` only begins with a bracket."""
    return text.startswith("[") and text.endswith("]") and not text.startswith("[[")


def evaluate(text: str, given: Given) -> Any:
    """Return the value of the expression *text*, as plain Python; `Unknown` if it is not to be told here."""
    if len(text) > LONGEST:
        return Unknown(text[:60])
    try:
        reading = _Reading(text[1:-1], given)
        value = reading.value(0)
        reading.end()
    except Unreadable:
        return Unknown(text)
    return Unknown(text) if isinstance(value, Unknown) else value


class _Reading:
    def __init__(self, text: str, given: Given) -> None:
        self._text = text
        self._given = given
        self._tokens = [found for found in _TOKEN.finditer(text.rstrip()) if found[0].strip()]
        self._next = 0

    def value(self, depth: int) -> Any:
        if depth > _DEEPEST:
            raise Unreadable
        found = self._take()
        if found[1]:
            value: Any = found[1][1:-1].replace("''", "'")
        elif found[2]:
            value = int(found[2]) if len(found[2]) < 20 else Unknown(found[2])
        elif found[3]:
            value = self._call(found, depth)
        else:
            raise Unreadable
        return self._followed(value, depth)

    def end(self) -> None:
        if self._next < len(self._tokens):
            raise Unreadable

    def _call(self, found: "re.Match[str]", depth: int) -> Any:
        name = found[3].rpartition(".")[2]
        self._expect("(")
        arguments: list[Any] = []
        while self._peek() != ")":
            if arguments:
                self._expect(",")
            arguments.append(self.value(depth + 1))
        self._expect(")")
        text = self._text[found.start() : self._tokens[self._next - 1].end()].strip()
        try:
            return self._given(name.lower(), arguments)
        except LookupError:
            return functions.call(name, arguments, text)

    def _followed(self, value: Any, depth: int) -> Any:
        while self._peek() in (".", "["):
            if self._take()[0].strip() == ".":
                key: Any = self._take()[3]
                for part in str(key or "").split("."):  # the token takes a.b.c as one
                    value = _step(value, part)
                continue
            key = self.value(depth + 1)
            self._expect("]")
            value = _step(value, key)
        return value

    def _peek(self) -> str:
        return self._tokens[self._next][0].strip() if self._next < len(self._tokens) else ""

    def _take(self) -> "re.Match[str]":
        if self._next >= len(self._tokens):
            raise Unreadable
        self._next += 1
        return self._tokens[self._next - 1]

    def _expect(self, mark: str) -> None:
        if self._take()[0].strip() != mark:
            raise Unreadable


def _step(value: Any, key: Any) -> Any:
    if isinstance(value, dict) and isinstance(key, str):
        names = {name.lower(): one for name, one in value.items()}
        return names.get(key.lower(), Unknown(f".{key}"))
    if isinstance(value, list) and type(key) is int and 0 <= key < len(value):
        return value[key]
    return Unknown("")

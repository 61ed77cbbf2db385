"""Values as SQLite's columns hold them.

Texts are TEXT, stored as UTF-8. Half of a surrogate pair, which .NET lets through, has no UTF-8: a text
with one is a BLOB of what Python calls ``surrogatepass``, so nothing that a hub held is lost here.
"""

import json
from collections.abc import Mapping
from typing import TypeAlias

from durahub.model.json_text import loads

Column: TypeAlias = "str | bytes | int | None"
"""What a column holds."""


def from_text(text: str | None) -> str | bytes | None:
    """Return the column of *text*."""
    if text is None or text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="surrogatepass")
    return text


def to_text(column: Column) -> str | None:
    """Return the text of *column*. Raises `ValueError` for what `from_text` does not return."""
    if column is None or isinstance(column, str):
        return column
    if isinstance(column, bytes):
        return column.decode(errors="surrogatepass")
    raise ValueError("a number where a text belongs")


def required_text(column: Column) -> str:
    """Return the text of a column that is never null. Raises `ValueError`."""
    text = to_text(column)
    if text is None:
        raise ValueError("null where a text belongs")
    return text


def to_number(column: Column) -> int | None:
    """Return the number in *column*. Raises `ValueError`."""
    if column is None or isinstance(column, int):
        return column
    raise ValueError("no number where one belongs")


def required_number(column: Column) -> int:
    """Return the number in a column that is never null. Raises `ValueError`."""
    number = to_number(column)
    if number is None:
        raise ValueError("null where a number belongs")
    return number


def from_tags(tags: Mapping[str, str] | None) -> str | None:
    """Return the column of *tags*: a JSON object; none is null, which is not the empty one."""
    return None if tags is None else json.dumps(dict(tags), separators=(",", ":"))


def to_tags(column: Column) -> dict[str, str] | None:
    """Return the tags in *column*. Raises `ValueError`."""
    if column is None:
        return None
    found = loads(required_text(column))
    if not isinstance(found, dict):
        raise ValueError("no JSON object where tags belong")
    return {str(name): str(value) for name, value in found.items()}

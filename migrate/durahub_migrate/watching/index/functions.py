"""Functions that SQLite calls: what SQL cannot compare by itself, letters beyond ASCII and tags."""

import sqlite3

from durahub.model.json_text import loads
from durahub_migrate.monitor.querying.folding import fold
from durahub_migrate.monitor.querying.patterns import contains, fits


def add_functions(connection: sqlite3.Connection) -> None:
    """Add ``fold``, ``tag_fits`` and ``tag_value``."""
    connection.create_function("fold", 1, _fold, deterministic=True)
    connection.create_function("tag_fits", 4, _tag_fits, deterministic=True)
    connection.create_function("tag_value", 2, _tag_value, deterministic=True)


def _fold(text: str | None) -> str | None:
    return None if text is None else fold(text)


def _tag_fits(tags: str | None, name: str, is_whole: int, pattern: str) -> bool:
    if tags is None:  # SQLite does not always stop at the first AND that is false
        return False
    compare = fits if is_whole else contains
    return any(
        fold(tag) == name and compare(fold(value), pattern) for tag, value in loads(tags).items()
    )


def _tag_value(tags: str | None, name: str) -> str | None:
    if tags is None:
        return None
    found = sorted((tag, value) for tag, value in loads(tags).items() if fold(tag) == name)
    return fold(found[0][1]) if found else None

"""The steps of units in their job's journal: what was begun, and what is done."""

from sqlite3 import Connection

from durahub.scheduler.columns import from_text, required_text
from durahub_migrate.applying.journal_file import rows

TAKEN_BACK = "take-back"
"""The step of a unit that is taken back to be moved once more."""


def steps_of(connection: Connection, number: int) -> dict[str, tuple[bool, str]]:
    """Return a unit's steps: whether each was ended, and its note."""
    found = rows(connection, "SELECT name, is_done, note FROM step WHERE unit = ?", number)
    return {required_text(name): (bool(done), required_text(note)) for name, done, note in found}


def write_step(connection: Connection, number: int, name: str, note: str, *, done: bool) -> None:
    """Write a step down."""
    connection.execute(
        "INSERT OR REPLACE INTO step VALUES (?,?,?,?)",
        (number, from_text(name), done, from_text(note)),
    )

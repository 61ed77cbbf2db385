"""What became of each instance of a job, as CSV or lines of JSON. No payload is in it."""

import csv
import io
import json
from collections.abc import Iterable, Iterator

from durahub.model.ticks import to_text
from durahub_migrate.acting.jobs.items import Item

COLUMNS = ("instanceId", "result", "sentence", "newId", "instances", "rows", "archived", "at")
FORMATS = ("csv", "jsonl")

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula."""


def report(items: Iterable[Item], form: str) -> Iterator[str]:
    """Yield the lines of a report, ends of lines included. *form* is one of `FORMATS`."""
    if form == "csv":
        yield _line(COLUMNS)
    for item in items:
        values = _values(item)
        if form == "csv":
            yield _line(_harmless(value) for value in values.values())
        else:
            present = {name: value for name, value in values.items() if value is not None}
            yield json.dumps(present, ensure_ascii=True) + "\n"


def _values(item: Item) -> dict[str, str | int | None]:
    at = to_text(item.at) if item.at is not None else None
    values = (
        item.instance_id,
        item.state.value,
        item.sentence,
        item.new_id,
        item.instances,
        item.rows,
        item.archived,
        at,
    )
    return dict(zip(COLUMNS, values, strict=True))


def _harmless(value: str | int | None) -> str | int | None:
    """Return *value* so that no spreadsheet computes it: entities' IDs begin with ``@``."""
    if not isinstance(value, str):
        return value
    printable = value.encode("utf-8", "backslashreplace").decode()
    return f"'{printable}" if printable.startswith(_FORMULA) else printable


def _line(values: Iterable[str | int | None]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow("" if one is None else one for one in values)
    return text.getvalue()

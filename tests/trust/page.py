"""The tables of `docs/trust.md`, from the records. ``python -m tests.trust`` writes them into the page."""

import re
from collections.abc import Callable
from pathlib import Path

from tests.trust.records import Record

PAGE = Path(__file__).parents[2] / "docs" / "trust.md"
_PLACE = re.compile(r"<!-- figures: (?P<suite>[\w-]+) -->\n.*?<!-- end -->", re.DOTALL)


def filled(text: str, read: Callable[[str], Record]) -> str:
    """Return a page with the figures of each suite in their places."""
    return _PLACE.sub(lambda place: _table(read(place["suite"])), text)


def places(text: str) -> list[str]:
    """Return the suites whose figures a page has."""
    return [place["suite"] for place in _PLACE.finditer(text)]


def _table(record: Record) -> str:
    lines = [
        f"<!-- figures: {record.suite} -->",
        f"`{record.command}`, {record.date}, at {record.commit[:10]}:",
        "",
        "| | |",
        "| --- | ---: |",
        *(f"| {name} | {_shown(value)} |" for name, value in record.figures.items()),
        "<!-- end -->",
    ]
    return "\n".join(lines)


def _shown(value: float | str) -> str:
    return f"{value:,}" if isinstance(value, int | float) else value

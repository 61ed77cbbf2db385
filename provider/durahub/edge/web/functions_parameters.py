"""Query parameters as Durable Functions reads them: names in any case, what cannot be read is ignored."""

import re
from collections.abc import Iterable

from starlette.requests import Request

from durahub.errors import DurahubError
from durahub.model.history import Status
from durahub.model.ticks import Ticks, parse

_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d+)?)?)?\s*(.*)", re.ASCII)
_ZONE = re.compile(r"[+-]?(\d\d:\d\d)", re.ASCII)


class Parameters:
    """The query parameters of a request."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name.casefold(), []).append(value)

    def all(self, name: str) -> list[str]:
        """Return every value that was given."""
        return self._values.get(name.casefold(), [])

    def text(self, name: str) -> str | None:
        """Return the value; several are joined with commas."""
        values = self.all(name)
        return ",".join(values) if values else None

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a truth value."""
        return {"true": True, "false": False}.get((self.text(name) or "").strip().lower(), default)

    def number(self, name: str) -> int | None:
        """Return a whole number."""
        text = (self.text(name) or "").strip()
        return int(text) if re.fullmatch(r"[+-]?\d{1,9}", text, re.ASCII) else None

    def seconds(self, name: str) -> float | None:
        """Return seconds from 0."""
        text = (self.text(name) or "").strip()
        return float(text) if re.fullmatch(r"\d{1,9}(\.\d*)?", text, re.ASCII) else None

    def time(self, name: str) -> Ticks | None:
        """Return a time; one without zone is UTC."""
        return time_of(self.text(name) or "")

    def statuses(self, name: str) -> frozenset[Status]:
        """Return the states of a comma list, by name or number; others are ignored."""
        texts = (text.strip() for value in self.all(name) for text in value.split(","))
        known = {status.name.casefold(): status for status in Status}
        known |= {str(int(status)): status for status in Status}
        return frozenset(known[text.casefold()] for text in texts if text.casefold() in known)


def parameters(request: Request) -> Parameters:
    """Return the query parameters of *request*."""
    return Parameters(request.query_params.multi_items())


def time_of(text: str) -> Ticks | None:
    """Return the time that .NET would read; also where a ``+`` of the offset arrived as a blank."""
    match = _DATE.fullmatch(text.strip())
    if match is None:
        return None
    date, clock, seconds, rest = match.groups()
    zone = rest.upper() or "Z"
    offset = _ZONE.fullmatch(zone)
    if offset is not None and not zone.startswith(("+", "-")):
        zone = f"+{zone}"
    try:
        return parse(f"{date}T{clock or '00:00'}{seconds or ':00'}{zone}")
    except (ValueError, DurahubError):
        return None

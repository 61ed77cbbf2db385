"""Logging of the commands: one line an event on stderr, its fields behind it, or one JSON object.

An event has a constant name; what it is about stands in its fields: ``hub``, ``instance_id``,
``execution_id``, ``rpc``, ``code`` and so on. What other libraries log is the event ``library`` with its
``logger``, from warnings on. Of an unforeseen error the class and its place in the code are told, never its
message: it may quote a payload.
"""

import json
import logging
import re
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from durahub.errors import DurahubError
from durahub.model.visible import visible

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
OWN = ("durahub", "durahub_migrate")
"""The loggers of durahub itself."""
_SECRET = re.compile(
    r"\b(sig|code|AccountKey|SharedAccessSignature|client_secret|access_token|Bearer|SharedKey(?:Lite)?)"
    r"([=:\s]+)[^\s&;\"']+",
    re.IGNORECASE,
)

LEVELS = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}
QUIET = {"azure": logging.ERROR, "aiohttp": logging.ERROR, "uvicorn": logging.WARNING}
"""Libraries that say at lower levels what is a metric or an error of ours anyway."""

NoTrace: Callable[[], str] = str
"""Tells the ID of the trace that is under way: here of none."""


def fields_of(record: logging.LogRecord) -> Mapping[str, Any]:
    """Return what *record* tells besides its event, an error that came with it included."""
    fields = {k: v for k, v in vars(record).items() if k not in _STANDARD}
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, DurahubError):
        fields.setdefault("code", error.code)
        fields["error"] = error.sentence
    elif error is not None:
        fields["error"] = type(error).__name__
        fields["at"] = "".join(traceback.format_tb(error.__traceback__))
    return fields


def event_of(record: logging.LogRecord) -> tuple[str, Mapping[str, Any]]:
    """Return the name of an event and its fields, those of a library with its sentence, secrets cut out."""
    if record.name.split(".")[0] in OWN:
        return record.getMessage(), fields_of(record)
    # asyncio quotes the errors of tasks behind its sentence, and they what they were given.
    message = _SECRET.sub(r"\1\2…", record.getMessage().partition("\n")[0])
    return "library", {"logger": record.name, "message": message, **fields_of(record)}


class Text(logging.Formatter):
    """Writes ``time level event field=value …``."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, behind which the place of an unforeseen error stands."""
        event, fields = event_of(record)
        time, place = self.formatTime(record), fields.get("at", "")
        # Names and reasons come from outside: a line is one event, and no order to a terminal.
        shown = (visible(f"{key}={value}") for key, value in fields.items() if key != "at")
        line = " ".join((f"{time} {record.levelname} {event}", *shown))
        return f"{line}\n{place}".rstrip()


class JsonLines(logging.Formatter):
    """Writes one object a line: ``time`` (UTC), ``level``, ``event``, then the fields that there are."""

    def __init__(self, trace_id: Callable[[], str] = NoTrace) -> None:
        super().__init__()
        self._trace_id = trace_id

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        event, fields = event_of(record)
        moment = datetime.fromtimestamp(record.created, timezone.utc)
        trace_id = self._trace_id()
        line = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "event": event,
            **({"trace_id": trace_id} if trace_id else {}),
            **fields,
        }
        return json.dumps(line, default=str, ensure_ascii=False)


def configure(
    *,
    verbose: bool,
    form: str = "text",
    level: str | None = None,
    trace_id: Callable[[], str] = NoTrace,
) -> None:
    """Log to stderr, from *level* on: warnings if there is none, all events if *verbose*."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(trace_id) if form == "json" else Text())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    least = logging.INFO if verbose else LEVELS[level or "warning"]
    for name in OWN:
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.setLevel(least)
    for name, quiet in QUIET.items():
        logging.getLogger(name).setLevel(quiet)

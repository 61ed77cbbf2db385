"""The book of alerts: alarms, silences, and notices that have not arrived, in a file of JSON.

It is written before a notice is sent, and again when it has arrived. After a crash in between, the notice is
sent once more, with the same ID; none is lost. A file is replaced as a whole, so it is never half a book.
"""

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from durahub.errors import FileUnavailable
from durahub.model.json_text import loads
from durahub_migrate.monitor.alarms.judging import Finding
from durahub_migrate.monitor.alarms.notices import Notice, Told
from durahub_migrate.monitor.alarms.rules import Severity
from durahub_migrate.monitor.alarms.silences import Silence
from durahub_migrate.monitor.alarms.standing import Alarm, Alarms, Phase

NAME = "alerts.json"
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pending:
    """A notice that a receiver has not taken yet."""

    receiver: str
    notice: Notice


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What the book says."""

    alarms: Alarms = field(default_factory=Alarms)
    pending: tuple[Pending, ...] = ()


class Book:
    """The book in *folder*, or in memory alone without one."""

    def __init__(self, folder: Path | None) -> None:
        self._file = folder / NAME if folder is not None else None
        self._kept: object = None

    def read(self) -> Page:
        """Return what it says. Raises `FileUnavailable`."""
        if self._file is None:
            return Page()
        try:
            text = self._file.read_bytes()
        except FileNotFoundError:
            return Page()
        except OSError as error:
            raise FileUnavailable(str(self._file), error.strerror or "") from None
        try:
            return _page(loads(text))
        except (ValueError, TypeError, KeyError, AttributeError):
            raise FileUnavailable(
                str(self._file), "it is no book of alerts; without it they begin anew"
            ) from None

    def write(self, page: Page) -> None:
        """Keep a page. Where the disk refuses, that is logged: better told twice than not at all."""
        worth = _worth(page)
        if self._file is None or worth == self._kept:
            return
        file = self._file.with_suffix(".new")
        try:
            with file.open("w", encoding="utf-8") as stream:
                json.dump(_json(page), stream, default=_plain, separators=(",", ":"))
                stream.flush()
                os.fsync(stream.fileno())
            file.replace(self._file)
        except OSError as error:
            log.error("alerts-not-kept", extra={"file": str(self._file), "error": error.strerror})
            return
        self._kept = worth


def _worth(page: Page) -> object:
    """Return what has to be written when it changes; ages in sentences change with every look."""
    alarms = {
        key: (one.phase, one.told, one.delivered, one.begun)
        for key, one in page.alarms.by_key.items()
    }
    return (alarms, page.alarms.silences, page.pending)


def _json(page: Page) -> dict[str, Any]:
    return {
        "version": 1,
        "alarms": [asdict(one) for one in page.alarms.by_key.values()],
        "silences": [asdict(one) for one in page.alarms.silences],
        "made": page.alarms.made,
        "pending": [asdict(one) for one in page.pending],
    }


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    raise TypeError(type(value).__name__)


def _page(found: Mapping[str, Any]) -> Page:
    alarms = [_alarm(one) for one in found["alarms"]]
    return Page(
        alarms=Alarms(
            by_key={one.finding.key: one for one in alarms},
            silences=tuple(Silence(**one) for one in found["silences"]),
            made=tuple(found["made"]),
        ),
        pending=tuple(Pending(one["receiver"], _notice(one["notice"])) for one in found["pending"]),
    )


def _alarm(found: Mapping[str, Any]) -> Alarm:
    alarm = Alarm(**found)
    return replace(
        alarm,
        finding=Finding(**found["finding"]),
        severity=Severity(found["severity"]),
        receivers=tuple(found["receivers"]),
        phase=Phase(found["phase"]),
    )


def _notice(found: Mapping[str, Any]) -> Notice:
    alerts = tuple(Told(**one) for one in found["alerts"])
    return Notice(**{**found, "receivers": tuple(found["receivers"]), "alerts": alerts})

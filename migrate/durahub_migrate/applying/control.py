"""``control.toml`` in a job's folder: how fast it may go, read again while it runs.

::

    rate = 50.0                # actions a second
    bytes_per_second = 1000000
    parallel = 4               # units at a time
    pause = true
    postpone = true            # the cut-over waits

What is not said is as the command line has it. ``durahub job set`` writes the file; so may an editor.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

from durahub.errors import BadSettingsFile, FileUnavailable
from durahub_migrate.applying.throttle import UNLIMITED, Limits

MOST_PARALLEL = 256
NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What the file says; ``None`` where it says nothing."""

    rate: float | None = None
    bytes_per_second: float | None = None
    parallel: int | None = None
    pause: bool | None = None
    postpone: bool | None = None

    def over(self, limits: Limits) -> Limits:
        """Return *limits* with what is said here instead."""
        said = {
            name: value
            for name in ("rate", "bytes_per_second", "parallel", "pause")
            if (value := getattr(self, name)) is not None
        }
        return replace(limits, **said)


def read(file: Path) -> Control:
    """Return what the file says; nothing if it is not there. Raises `BadSettingsFile`."""
    try:
        found = tomllib.loads(file.read_text("utf-8"))
    except FileNotFoundError:
        return Control()
    except OSError as error:
        raise BadSettingsFile(str(file), "", str(error.strerror)) from None
    except (ValueError, RecursionError) as error:
        raise BadSettingsFile(str(file), "", f"it is no TOML: {error}") from None
    return Control(**{name: _value(name, value, str(file)) for name, value in found.items()})


def parse(texts: Mapping[str, str], where: str) -> dict[str, Any]:
    """Return the values of settings as people type them: ``{"rate": "50"}``. Raises `BadSettingsFile`."""
    found: dict[str, Any] = {}
    for name, text in texts.items():
        value: Any = {"true": True, "false": False}.get(text, text)
        if isinstance(value, str) and value != NONE:
            try:
                value = int(value) if value.isdigit() else float(value)
            except ValueError:
                raise BadSettingsFile(where, name, f"no value: {text!r}") from None
        found[name] = _value(name, value, where)
    return found


def write(file: Path, control: Control) -> None:
    """Write the file, at once. Raises `FileUnavailable`."""
    lines = []
    for one in fields(Control):
        value = getattr(control, one.name)
        if value is not None:
            lines.append(f"{one.name} = {_text(value)}\n")
    scratch = file.with_suffix(".new")
    try:
        scratch.write_text("".join(lines), "utf-8")
        scratch.replace(file)
    except OSError as error:
        raise FileUnavailable(str(file), str(error.strerror)) from None


def _text(value: float | bool) -> str:
    if value == UNLIMITED:
        return f'"{NONE}"'
    return str(value).lower()


def _value(name: str, value: Any, where: str) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    match name:
        case "rate" | "bytes_per_second":
            if value == NONE:
                return UNLIMITED
            if is_number and value > 0:
                return float(value)
            raise BadSettingsFile(where, name, 'it is a number above 0, or "none"')
        case "parallel":
            if is_number and value == int(value) and 1 <= value <= MOST_PARALLEL:
                return int(value)
            raise BadSettingsFile(where, name, f"it is a number from 1 to {MOST_PARALLEL}")
        case "pause" | "postpone":
            if isinstance(value, bool):
                return value
            raise BadSettingsFile(where, name, "it is true or false")
    known = ", ".join(one.name for one in fields(Control))
    raise BadSettingsFile(where, name, f"it is not known; there are {known}")


@dataclass(slots=True)
class Watched:
    """The file while a job runs: what it said last that could be read. *warn* is told of what cannot."""

    file: Path
    limits: Limits  # of the command line
    warn: Callable[[str], object]
    control: Control = field(default_factory=Control)
    _stamp: tuple[int, int] | None = None

    def look(self) -> Limits:
        """Read the file again if it was changed; return the limits that count."""
        try:
            found = self.file.stat()
            stamp = (found.st_mtime_ns, found.st_ino)
        except OSError:
            stamp = None
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self.control = read(self.file)
            except BadSettingsFile as error:
                self.warn(f"{error}; what it said before still counts")
        return self.control.over(self.limits)

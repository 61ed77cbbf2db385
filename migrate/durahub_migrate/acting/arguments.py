"""What a command says, as the stores want it: checked, and with times and JSON read."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from durahub.errors import BadArgument
from durahub.model.ticks import Ticks, parse
from durahub_migrate.monitor.actions import Command, Verb

KNOWN: Mapping[Verb, frozenset[str]] = {
    Verb.START: frozenset({"name", "id", "input", "version", "at", "tags"}),
    Verb.RAISE_EVENT: frozenset({"name", "data"}),
    Verb.SUSPEND: frozenset(),
    Verb.RESUME: frozenset(),
    Verb.TERMINATE: frozenset({"recursive"}),
    Verb.RESTART: frozenset({"newId"}),
    Verb.REWIND: frozenset(),
    Verb.PURGE: frozenset({"recursive"}),
    Verb.SET_CUSTOM_STATUS: frozenset({"value"}),
    Verb.SIGNAL_ENTITY: frozenset({"operation", "data", "at"}),
    Verb.DELETE_ENTITY: frozenset(),
    Verb.CLEAN_ENTITIES: frozenset({"empty", "locks"}),
    Verb.DELETE_BLOBS: frozenset({"names"}),
    Verb.DELETE_HUB: frozenset({"force"}),
}
"""The arguments of each action."""

_NEEDS_NO_TARGET = frozenset({Verb.START, Verb.CLEAN_ENTITIES, Verb.DELETE_BLOBS})


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of a command. Raises `BadArgument` for what is missing or means nothing."""

    verb: Verb
    values: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of(cls, command: Command) -> "Arguments":
        """Return a command's. Raises `BadArgument` also for one that the action does not have."""
        verb = command.verb
        for name in command.arguments:
            if name not in KNOWN[verb]:
                known = ", ".join(sorted(KNOWN[verb])) or "none"
                raise BadArgument(verb.value, repr(name), f"is no argument of it; it has: {known}")
        if not command.target and verb not in _NEEDS_NO_TARGET:
            raise BadArgument(verb.value, "target", "is missing")
        found = cls(verb, command.arguments)
        found.check()
        return found

    def check(self) -> None:
        """Raise `BadArgument` if one cannot be what it has to be."""
        for name in KNOWN[self.verb]:
            match name:
                case "name" | "operation":
                    self.required(name)
                case "input" | "data":
                    self.json(name)
                case "value":
                    self.custom_status()
                case "at":
                    self.time(name)
                case "tags":
                    self.tags()
                case "names":
                    self.names()
                case "id" | "version":
                    self.text(name)
                case _:
                    self.flag(name)

    def text(self, name: str) -> str | None:
        """Return a text; ``None`` where there is none."""
        value = self.values.get(name)
        if value is not None and not isinstance(value, str):
            raise self._bad(name, "has to be a text")
        return value or None

    def required(self, name: str) -> str:
        """Return a text that has to be there."""
        value = self.text(name)
        if value is None:
            raise self._bad(name, "is missing")
        return value

    def json(self, name: str) -> str | None:
        """Return JSON text. A text has to be JSON; any other value is written as JSON."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if not isinstance(value, str):
            try:
                return json.dumps(value, ensure_ascii=False, allow_nan=False)
            except (TypeError, ValueError, RecursionError):
                raise self._bad(name, "cannot be written as JSON") from None
        try:
            json.loads(value, parse_constant=_refuse)
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, column {error.colno}"
            raise self._bad(name, f"is not JSON ({place}); a text stands in quotes") from None
        except (ValueError, RecursionError):
            raise self._bad(name, "is not JSON") from None
        return value

    def custom_status(self) -> str | None:
        """Return the custom status as JSON text; ``None``, empty and ``null`` are none."""
        found = self.json("value")
        return None if found is None or found.strip() == "null" else found

    def time(self, name: str) -> Ticks | None:
        """Return a time; a text has to be ISO 8601, without zone it is UTC."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        try:
            return parse(str(value))
        except ValueError:
            raise self._bad(name, "is no time, as 2026-11-22T08:30:00Z is one") from None

    def flag(self, name: str) -> bool:
        """Return a flag; ``False`` where there is none."""
        value = self.values.get(name, False)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self._bad(name, "has to be true or false")

    def tags(self) -> Mapping[str, str] | None:
        """Return the tags."""
        value = self.values.get("tags")
        if value is None:
            return None
        if not isinstance(value, Mapping):
            raise self._bad("tags", "has to be an object of texts")
        tags: dict[Any, Any] = dict(value)
        if not all(isinstance(one, str) and one for one in tags):
            raise self._bad("tags", "has a name that is empty or no text")
        if not all(isinstance(one, str) for one in tags.values()):
            raise self._bad("tags", "has a value that is no text")
        return tags or None

    def names(self) -> tuple[str, ...]:
        """Return the names of blobs; none where all are meant."""
        value = self.values.get("names")
        if value is None:
            return ()
        if not isinstance(value, list | tuple) or not all(isinstance(one, str) for one in value):
            raise self._bad("names", "has to be a list of blobs' names")
        return tuple(value)

    def _bad(self, name: str, problem: str) -> BadArgument:
        return BadArgument(self.verb.value, name, problem)


def _refuse(constant: str) -> object:
    raise ValueError(constant)

"""Takes payloads out of values: all of them for who may not see any, and what a hook redacts for everybody.

It goes through whole values, so that no page forgets a member; which of them hold a payload is said in one
table. Source of what a payload is: `durahub_migrate.monitor.access.PAYLOADS`.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from typing import Any, TypeVar

from durahub_migrate.monitor.actions import Command, JobView
from durahub_migrate.monitor.histories import Attempt, DiffLine, EventView, Group, Payload
from durahub_migrate.monitor.json_form import camel
from durahub_migrate.monitor.row import Row
from durahub_migrate.monitor.seam import Detail
from durahub_migrate.monitor.telling.redaction import Redact, RedactionPlace
from durahub_migrate.monitor.waiting import Explanation, Pending

T = TypeVar("T")
HIDDEN = "hidden: no grant for payloads"

TEXTS: dict[type, tuple[str, ...]] = {
    Row: ("custom_status", "output", "input"),
    Detail: ("input", "output", "custom_status", "failure", "state", "operations"),
    EventView: ("failure",),
    Attempt: ("failure",),
    Group: ("failure",),
    Pending: ("last_failure",),
    JobView: ("last_failures", "problem"),
}
"""Members with payloads, or with messages of failures, which quote them: texts, or several of them."""
TOLD = (EventView, Attempt, Group, Payload, DiffLine)
"""What is made of a history: its texts have been through the hook already, before they were cut."""
QUOTED = frozenset({"input", "data", "value"})
"""Arguments of actions that are payloads."""
PLAIN_FACTS = frozenset(
    {
        "version",
        "executionId",
        "parentInstance",
        "parent",
        "generation",
        "scheduledStart",
        "timeout",
        "entity",
        "rewound",
        "orchestrationStatus",
        "status",
    }
)
"""Further members of events that never hold a payload."""


@dataclass(frozen=True, slots=True)
class Veil:
    """What is done to the payloads of a hub: with *hides* they go, else the hook sees them."""

    hides: bool
    redact: Redact | None = None


def conceal(value: T, veils: Callable[[str], Veil], hub: str = "") -> T:
    """Return *value* without what may not be seen. *veils* gives for the key of a hub what is done there.

    *hub* is the hub's whose value this is, where the value does not tell.
    """
    concealed: T = _Concealing(veils).value(value, hub, "")
    return concealed


class _Concealing:
    def __init__(self, veils: Callable[[str], Veil]) -> None:
        self._veils = veils

    def value(self, value: Any, hub: str, instance_id: str) -> Any:
        if value is None or isinstance(value, str | int | float | bool | Enum):
            return value
        if isinstance(value, Mapping):
            return {key: self.value(one, hub, instance_id) for key, one in value.items()}
        if isinstance(value, tuple | list):
            return type(value)(self.value(one, hub, instance_id) for one in value)
        if not is_dataclass(value) or isinstance(value, type):
            return value
        hub = _hub_of(value) or hub
        instance_id = _instance_of(value) or instance_id
        changed: dict[str, Any] = {}
        for one in fields(value):
            before = getattr(value, one.name)
            after = self.value(before, hub, instance_id)
            if after is not before:
                changed[one.name] = after
        veil = self._veils(hub)
        if veil.hides:
            changed |= _hidden(value)
        elif veil.redact is not None and not isinstance(value, TOLD):
            changed |= _redacted(value, veil.redact, instance_id)
        if isinstance(value, Explanation):
            changed |= _unquoted(value, veil, instance_id)
        return replace(value, **changed) if changed else value


def _unquoted(value: Explanation, veil: Veil, instance_id: str) -> dict[str, Any]:
    """Return the members of an explanation that quote failures, without what may not be seen of these."""
    told: dict[str, str] = {}
    for failure, name in _failures(value):
        if veil.hides:
            told[failure] = HIDDEN
        elif veil.redact is not None:
            place = RedactionPlace(instance_id, "lastFailure", name)
            told[failure] = veil.redact(place, failure)
    if not told:
        return {}

    def unquoted(text: str) -> str:
        for failure in sorted(told, key=len, reverse=True):
            text = text.replace(failure, told[failure])
        return text

    return {
        "sentence": unquoted(value.sentence),
        "evidence": tuple(replace(one, sentence=unquoted(one.sentence)) for one in value.evidence),
    }


def _failures(value: Explanation) -> Iterator[tuple[str, str | None]]:
    for one in value.pending:
        if one.last_failure:
            yield one.last_failure, one.name
    for below in value.chain:
        yield from _failures(below)


def _hub_of(value: Any) -> str | None:
    found = value.request.command.hub if isinstance(value, JobView) else getattr(value, "hub", None)
    return found if isinstance(found, str) else None


def _instance_of(value: Any) -> str | None:
    found = value.row.instance_id if isinstance(value, Detail) else None
    found = found or getattr(value, "instance_id", None)
    return found if isinstance(found, str) else None


def _hidden(value: Any) -> dict[str, Any]:
    """Return the members that change when all payloads go."""
    changed: dict[str, Any] = {
        name: () if isinstance(getattr(value, name), tuple) else None
        for name in TEXTS.get(type(value), ())
    }
    match value:
        case Payload():
            changed |= {"text": None, "cut": False, "redacted": True, "missing": HIDDEN}
        case EventView(facts=facts):
            changed["facts"] = {k: _blank(k, one) for k, one in facts.items()}
        case Command(arguments=arguments):
            changed["arguments"] = {
                name: None if name in QUOTED else one for name, one in arguments.items()
            }
        case DiffLine(members=members):
            changed["members"] = {
                name: tuple(_blank(name, one) for one in pair) for name, pair in members.items()
            }
    return changed


def _blank(name: str, value: Any) -> Any:
    if name in PLAIN_FACTS or value is None or isinstance(value, bool | int | float):
        return value
    return HIDDEN


def _redacted(value: Any, redact: Redact, instance_id: str) -> dict[str, Any]:
    """Return the members that change when the hook has seen them."""

    def seen(member: str, text: Any) -> Any:
        if not isinstance(text, str):
            return text
        name = getattr(value, "name", None) or getattr(getattr(value, "row", None), "name", None)
        return redact(RedactionPlace(instance_id, camel(member), name), text)

    changed: dict[str, Any] = {}
    for name in TEXTS.get(type(value), ()):
        before = getattr(value, name)
        is_many = isinstance(before, tuple)
        changed[name] = tuple(seen(name, one) for one in before) if is_many else seen(name, before)
    if isinstance(value, Command):
        changed["arguments"] = {
            name: seen(name, one) if name in QUOTED else one
            for name, one in value.arguments.items()
        }
    return changed

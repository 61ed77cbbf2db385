"""``target-capabilities.json``: what the probes saw of a target, and when."""

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from enum import Enum
from typing import Any

from durahub.errors import BadPlan
from durahub.model.ticks import Ticks, parse, to_round_trip_text
from durahub_migrate.moving.capabilities import Capabilities
from durahub_migrate.moving.place import PlaceKind

FORMAT, VERSION = "durahub-target-capabilities", 1


def encode(capabilities: Capabilities, target: str, at: Ticks) -> str:
    """Return the file's text. *target* is an address."""
    found = {
        "format": FORMAT,
        "version": VERSION,
        "target": target,
        "probed": to_round_trip_text(at),
        "capabilities": asdict(capabilities),
    }
    return json.dumps(found, indent=2, sort_keys=True, default=_plain) + "\n"


def decode(text: str, name: str) -> tuple[Capabilities, str, Ticks]:
    """Return capabilities, the target's address, and when it was probed. Raises `BadPlan`, told *name*."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise BadPlan(name, "it is not JSON") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BadPlan(name, f"it is not a {FORMAT}")
    if found.get("version") != VERSION:
        raise BadPlan(name, f"it is of version {found.get('version')}, known here is {VERSION}")
    try:
        known = _known(found["capabilities"])
        known["kind"] = PlaceKind(known["kind"])
        return Capabilities(**known), str(found["target"]), parse(found["probed"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadPlan(name, f"it cannot be read: {type(error).__name__}") from None


def _known(found: Mapping[str, Any]) -> dict[str, Any]:
    names = {one.name for one in fields(Capabilities)}
    return {name: value for name, value in found.items() if name in names}


def _plain(value: object) -> object:
    if isinstance(value, Enum):
        return value.value
    raise TypeError(f"{type(value).__name__} has no place in it")

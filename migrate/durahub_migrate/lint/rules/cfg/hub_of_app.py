"""Brings apps and hubs together: notes of both, for rules that conclude when everything was read.

All notes are of one group, apps before hubs before instances. An app is of a hub if its ``hubName`` says so;
one whose hub name only the deployment knows is of the hub that was read, if it was the only one.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from durahub_migrate.lint.facts.apps import CLASSIC, AppFacts
from durahub_migrate.lint.facts.hubs import HubFacts
from durahub_migrate.lint.place import Place
from durahub_migrate.lint.rule import Observation
from durahub_migrate.lint.rules.cfg.app_names import filled

_APP, _HUB, _IN_HUB = "0", "1", "2"


@dataclass(slots=True)
class Joined:
    """An app's note with that of a hub, and how many notes of things in the hub there are of each kind."""

    app: dict[str, Any]
    place: Place
    hub: str
    hub_note: dict[str, Any]
    hub_place: Place
    inside: dict[str, int] = field(default_factory=dict)


def of_app(fact: AppFacts, **note: Any) -> Observation:
    """Return the note of an app, at its own place unless the note brings one as ``place``."""
    place = note.pop("place", None) or fact.place
    said = fact.get("hubName")
    names = filled(said.text, fact.settings) if said is not None and said.text else None
    note |= {
        "hubs": sorted(name.lower() for name in names or ()),
        "classic": fact.provider == CLASSIC,
    }
    return Observation("", _APP + json.dumps(note, sort_keys=True), place)


def of_hub(fact: HubFacts, **note: Any) -> Observation:
    """Return the note of a hub."""
    note["name"] = fact.name.lower()
    return Observation("", _HUB + json.dumps(note, sort_keys=True), fact.place)


def in_hub(hub: str, kind: str, place: Place) -> Observation:
    """Return the note of one thing in a hub, to be counted by its *kind*."""
    return Observation("", f"{_IN_HUB}{hub.lower()} {kind}", place)


def joined(seen: Iterable[Observation]) -> Iterator[Joined]:
    """Yield each app with each hub that it is of."""
    apps: list[tuple[dict[str, Any], Place]] = []
    hubs: dict[str, tuple[dict[str, Any], Place]] = {}
    inside: dict[str, dict[str, int]] = {}
    for one in seen:
        if one.value.startswith(_APP):
            apps.append((json.loads(one.value[1:]), one.place))
        elif one.value.startswith(_HUB):
            note = json.loads(one.value[1:])
            hubs[note["name"]] = (note, one.place)
        else:
            hub, _, kind = one.value[1:].partition(" ")
            counts = inside.setdefault(hub, {})
            counts[kind] = counts.get(kind, 0) + 1
    for app, place in apps:
        for name, (note, hub_place) in hubs.items():
            if name in app["hubs"] or (not app["hubs"] and len(hubs) == 1):
                yield Joined(app, place, name, note, hub_place, inside.get(name, {}))

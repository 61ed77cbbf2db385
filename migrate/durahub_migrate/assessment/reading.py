"""Reads an assessment's notes from the book, hub by hub."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from durahub.model.ticks import Ticks
from durahub_migrate.assessment import notes
from durahub_migrate.assessment.actions import Step
from durahub_migrate.assessment.rows import Row
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.collecting import Largest
from durahub_migrate.lint.place import PlaceKind

Name = tuple[str, str]
"""Kind (`durahub_migrate.assessment.notes.ORCHESTRATION` or `ENTITY`) and name."""

Found = tuple[str, str]
"""Code and severity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubNotes:
    """What was noted of one hub. *found* counts findings by whose they are, and by life in it."""

    source: str
    name: str
    kind: str
    now: Ticks
    partitions: int
    queues: Mapping[str, int]
    in_use: bool = False  # by workers, who have messages in hand
    statuses: Mapping[Name, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    sums: Mapping[Name, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    most: Mapping[Name, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    rows: dict[tuple[str, frozenset[Row]], int] = field(default_factory=dict)
    items: Counter[Row] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    steps: dict[tuple[int, Step], int] = field(default_factory=dict)
    created: dict[int, int] = field(default_factory=dict)
    found: Mapping[Name, Counter[tuple[str, str, str]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    blobs: list[int] = field(default_factory=list)  # their bytes, if any were listed
    payloads: tuple[Largest, ...] = ()
    ids: tuple[Largest, ...] = ()

    def total(self, measure: str, kind: str | None = None) -> int:
        """Return a sum over all names, or over those of one *kind*."""
        return sum(
            sums[measure] for (of, _), sums in self.sums.items() if kind is None or of == kind
        )

    def instances(self, kind: str | None = None) -> int:
        """Return how many instances there are, or how many of one *kind*."""
        return sum(
            sum(by_status.values())
            for (of, _), by_status in self.statuses.items()
            if kind is None or of == kind
        )


def read_hubs(book: Book) -> list[HubNotes]:
    """Return what was noted of each hub, by source."""
    hubs = {}
    for key, text in book.notes(notes.HUB):
        (source,) = notes.parts_of(key)
        said = json.loads(text)
        hubs[source] = HubNotes(
            source=source,
            name=said["name"],
            kind=said["kind"],
            now=Ticks(said["now"]),
            partitions=said["partitions"],
            queues=said["queues"],
            in_use=said["in_use"],
            payloads=tuple(book.largest(notes.largest_payloads(source))),
            ids=tuple(book.largest(notes.longest_ids(source))),
        )
    for hub, rest, amount in _of_hubs(book, notes.STATUS, hubs):
        hub.statuses[rest[0], rest[1]][rest[2]] = amount
    for hub, rest, amount in _of_hubs(book, notes.SUM, hubs):
        hub.sums[rest[0], rest[1]][rest[2]] = amount
    for hub, rest, amount in _of_hubs(book, notes.MOST, hubs):
        hub.most[rest[0], rest[1]][rest[2]] = amount
    for hub, rest, amount in _of_hubs(book, notes.ROWS, hubs):
        hub.rows[rest[0], frozenset(map(Row, rest[1:]))] = amount
    for hub, rest, amount in _of_hubs(book, notes.ITEMS, hubs):
        hub.items[Row(rest[0])] = amount
    for hub, rest, amount in _of_hubs(book, notes.SEEN, hubs):
        hub.seen[rest[0]] = amount
    for hub, rest, amount in _of_hubs(book, notes.STEPS, hubs):
        hub.steps[int(rest[0]), Step(rest[1])] = amount
    for hub, rest, amount in _of_hubs(book, notes.CREATED, hubs):
        hub.created[int(rest[0])] = amount
    for hub, _, amount in _of_hubs(book, notes.BLOBS, hubs):
        hub.blobs.append(amount)
    _read_found(book, hubs)
    return list(hubs.values())


def read_files(book: Book) -> dict[str, Counter[Found]]:
    """Return what was found in files, by the file."""
    found: dict[str, Counter[Found]] = defaultdict(Counter)
    for key, amount in book.counted(notes.FILES):
        source, code, severity = notes.parts_of(key)
        found[source][code, severity] += amount
    return found


def _of_hubs(
    book: Book, table: str, hubs: Mapping[str, HubNotes]
) -> Iterator[tuple[HubNotes, list[str], int]]:
    for key, amount in book.counted(table):
        source, *rest = notes.parts_of(key)
        if source in hubs:
            yield hubs[source], rest, amount


def _read_found(book: Book, hubs: Mapping[str, HubNotes]) -> None:
    nameless: dict[tuple[str, str], None] = {}
    for hub, (kind, name, code, severity, life), amount in _of_hubs(book, notes.FOUND, hubs):
        if kind == notes.UNNAMED:
            nameless[hub.source, code] = None
        else:
            hub.found[kind, name][code, severity, life] += amount
    for source, code in nameless:  # joining rules tell the ID: their observations tell the name
        for finding in book.findings(code, source=source):
            if finding.place.kind is PlaceKind.INSTANCE:
                name, life = _named(book, source, finding.place.key)
                key = (code, finding.severity.value, life)
                hubs[source].found[notes.ORCHESTRATION, name][key] += 1


def _named(book: Book, source: str, instance_id: str) -> tuple[str, str]:
    """Return the name of an instance, and whether it is live; what nobody noted is taken as live."""
    said = book.note(notes.names(source), notes.key(instance_id))
    if said is None:
        return "", notes.LIVE
    found: list[Any] = json.loads(said)
    return str(found[0]), notes.LIVE if found[1] else notes.ENDED

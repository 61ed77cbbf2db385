"""What an assessment notes of each fact while a hub is linted."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import Any

from durahub.engine.entities.ids import name_of
from durahub.model.ticks import PER_SECOND, UNIX_EPOCH, Ticks
from durahub_migrate.assessment import notes
from durahub_migrate.assessment.actions import Step, step_of
from durahub_migrate.assessment.classifying import is_live, row_of_message, state_of, waiting_of
from durahub_migrate.assessment.rows import Row
from durahub_migrate.assessment.waiting import Waiting
from durahub_migrate.lint.collecting import Collected, Count, Largest, Most, Note
from durahub_migrate.lint.facts.hubs import BlobFacts, HubFacts, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.place import PlaceKind
from durahub_migrate.lint.rule import Observation
from durahub_migrate.lint.target import Given

LOAD_DAYS = 35  # older events tell nothing of today's load
_HOUR = 3600 * PER_SECOND


class AssessmentCollector:
    """A `durahub_migrate.lint.collecting.Collector`; it remembers nothing itself."""

    def collect(self, fact: Any, given: Given) -> Iterator[Collected]:
        """Yield what *fact* adds."""
        if isinstance(fact, HubFacts):
            yield _hub(fact)
        elif isinstance(fact, MessageFacts):
            source = fact.place.source
            yield Count(notes.SEEN, notes.key(source, fact.queue))
            yield Count(notes.ITEMS, notes.key(source, row_of_message(fact, given).value))
        elif isinstance(fact, BlobFacts):
            yield Count(notes.BLOBS, notes.key(fact.place.source), fact.size)
        elif isinstance(fact, InstanceFacts):
            yield from _instance(fact, given)

    def observed(self, observation: Observation, fact: Any) -> Iterator[Collected]:  # noqa: ARG002
        """Yield the name of an instance that a joining rule may find wrong later."""
        if isinstance(fact, InstanceFacts) and fact.entity is None:
            said = json.dumps([name_of_fact(fact), is_live(fact)])
            yield Note(notes.names(fact.place.source), notes.key(fact.instance_id), said)

    def found(self, finding: Finding, fact: Any | None) -> Iterator[Collected]:
        """Yield that a rule found something in an instance of a name, in a hub, or in a file."""
        if finding.suppressed is not None:
            return
        place, severity = finding.place, finding.severity.value
        if place.kind is PlaceKind.FILE:
            yield Count(notes.FILES, notes.key(place.source, finding.code, severity))
            return
        kind, name, life = _whose(finding, fact)
        found = notes.key(place.source, kind, name, finding.code, severity, life)
        yield Count(notes.FOUND, found)


def name_of_fact(fact: InstanceFacts) -> str:
    """Return an orchestration's name, or an entity's in lower case; ``""`` if nothing tells it."""
    if fact.entity is not None:
        return fact.entity.name.lower() or name_of(fact.instance_id)
    started = fact.state.started
    return (fact.row and fact.row.name) or (started and started.name) or ""


def _whose(finding: Finding, fact: Any | None) -> tuple[str, str, str]:
    """Return whose a finding is: kind, name, and whether that is live."""
    place = finding.place
    if isinstance(fact, InstanceFacts):
        kind = notes.ENTITY if fact.entity is not None else notes.ORCHESTRATION
        return kind, name_of_fact(fact), notes.LIVE if is_live(fact) else notes.ENDED
    if place.kind is PlaceKind.ENTITY:
        return notes.ENTITY, name_of(place.key), notes.LIVE
    if place.kind is PlaceKind.INSTANCE:
        return notes.UNNAMED, "", ""
    if place.kind is PlaceKind.HUB and finding.code.startswith("ENT") and finding.discriminator:
        return notes.ENTITY, finding.discriminator.lower(), notes.LIVE  # about all of its keys
    return notes.OF_HUB, "", ""


def _hub(fact: HubFacts) -> Note:
    said = {
        "name": fact.name,
        "kind": fact.kind.value,
        "now": fact.now,
        "partitions": fact.partitions,
        "queues": dict(fact.queues),
        "in_use": fact.classic is not None and bool(fact.classic.workers),
    }
    return Note(notes.HUB, notes.key(fact.place.source), json.dumps(said))


def _instance(fact: InstanceFacts, given: Given) -> Iterator[Collected]:
    source = fact.place.source
    kind = notes.ENTITY if fact.entity is not None else notes.ORCHESTRATION
    name = name_of_fact(fact)
    of_name = (source, kind, name)
    work = waiting_of(fact, given)
    rows = state_of(fact, given, work)
    live = Row.ENDED not in rows
    status = fact.row.status if fact.row is not None else "(no row)"
    yield Count(notes.STATUS, notes.key(*of_name, status))
    yield Count(notes.ROWS, notes.key(source, name, *sorted(row.value for row in rows)))
    if work.signals:
        item = notes.key(source, Row.SIGNAL_OF_ORCHESTRATOR.value)
        yield Count(notes.ITEMS, item, work.signals)
    for measure, amount in _sums(fact, work, live=live).items():
        if amount:
            yield Count(notes.SUM, notes.key(*of_name, measure), amount)
    for measure, amount in _extremes(fact):
        yield Most(notes.MOST, notes.key(*of_name, measure), amount)
    yield from _large(fact, name)
    yield from _load(fact, given)


def _sums(fact: InstanceFacts, work: Waiting, *, live: bool) -> dict[str, int]:
    """Return what is added up by name. Actions are those of what is live: the ended need not move."""
    payload = sum(one.size for one in fact.payloads)
    sums = {
        "live": int(live),
        "unread": int(not fact.history_is_read),
        "live-unread": int(live and not fact.history_is_read),
        "events": len(fact.history),
        "stored": fact.stored_bytes,
        "payload": payload,
        "target": target_bytes(fact),
        "live-payload": payload if live else 0,
        "activities": len(work.activities),
        "timers": len(work.timers),
        "children": len(work.children),
        "calls": len(work.calls),
    }
    if fact.entity is not None:
        sums["operations"] = fact.entity.backlog + fact.entity.held
        sums["with-state"] = int(fact.entity.state is not None)
    elif live:
        steps = [step for event in fact.history if (step := step_of(event)) is not None]
        sums["actions"] = len(steps) if Step.START in steps else len(steps) + 1
    return sums


def _extremes(fact: InstanceFacts) -> Iterator[tuple[str, int]]:
    row = fact.row
    yield "id", len(fact.instance_id)
    if row is not None and row.generation is not None:
        yield "generations", row.generation + 1
    if row is not None and row.created is not None:
        yield "newest", row.created
        yield "oldest", -row.created
    largest: Counter[str] = Counter()
    for payload in fact.payloads:
        largest[payload.kind.value] = max(largest[payload.kind.value], payload.size)
    for kind, size in largest.items():
        yield f"size {kind}", size


def _large(fact: InstanceFacts, name: str) -> Iterator[Largest]:
    """Yield the instance's own largest payload, and its ID."""
    source = fact.place.source
    largest = max(fact.payloads, key=lambda one: (one.size, one.where), default=None)
    if largest is not None and largest.size:
        said = {
            "kind": largest.kind.value,
            "id": fact.instance_id,
            "name": name,
            "where": largest.where,
        }
        yield Largest(
            notes.largest_payloads(source),
            largest.size,
            notes.key(fact.instance_id),
            json.dumps(said),
        )
    yield Largest(
        notes.longest_ids(source),
        len(fact.instance_id),
        notes.key(fact.instance_id),
        json.dumps({"id": fact.instance_id, "name": name}),
    )


def _load(fact: InstanceFacts, given: Given) -> Iterator[Count]:
    """Yield the steps of the last weeks by hour, and the bytes by the day of creation."""
    source = fact.place.source
    now = given.hub.now if given.hub is not None else given.now
    since = now - LOAD_DAYS * 24 * _HOUR
    if fact.entity is None:
        steps: Counter[tuple[int, Step]] = Counter()
        for event in fact.history:
            step = step_of(event) if since < event.timestamp <= now else None
            if step is not None:
                steps[hour_of(event.timestamp), step] += 1
        for (hour, step), amount in steps.items():
            yield Count(notes.STEPS, notes.key(source, hour, step.value), amount)
    created = fact.row.created if fact.row is not None else None
    if created is not None and since < created <= now:
        size = target_bytes(fact)
        if size:
            yield Count(notes.CREATED, notes.key(source, hour_of(created) // 24), size)


def target_bytes(fact: InstanceFacts) -> int:
    """Return about what an instance takes on the scheduler: its rows, or its payloads if they are more."""
    return max(fact.stored_bytes, sum(one.size for one in fact.payloads))


def hour_of(ticks: Ticks) -> int:
    """Return the hours from the Unix epoch to *ticks*."""
    return (ticks - UNIX_EPOCH) // _HOUR

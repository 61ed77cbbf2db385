"""Hubs as facts of the linter, without storage: recorded ones, and those that the doctor is tested with."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from durahub.classic import instance_rows
from durahub.classic.doctor import rules as doctor
from durahub.classic.doctor.findings import Finding as Diagnosed
from durahub.classic.doctor.ledger import Ledger
from durahub.classic.doctor.rules import blobs, waiting
from durahub.classic.doctor.snapshot import HubFacts as ClassicHub
from durahub.classic.doctor.snapshot import InstanceFacts as ClassicInstance
from durahub.classic.doctor.snapshot import QueueFacts, hub_facts
from durahub.classic.names import HubNames
from durahub.classic.stored_rows import stored_instance
from durahub.model.ticks import Ticks, later
from durahub.stored import StoredInstance
from durahub_migrate.lint.facts.entity_reading import entity_of
from durahub_migrate.lint.facts.hubs import BlobFacts, Diagnosis, HubFacts, HubKind, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.measuring import names_entity
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.judging import judge
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules import ent, hub, que
from durahub_migrate.lint.sources.classic_diagnosing import place_of
from durahub_migrate.lint.sources.classic_hub import messages_of
from durahub_migrate.lint.target import Given, Target
from tests.golden import examined
from tests.golden.recorded import FOLDER, RecordedHub, lines_of
from tests.lint.instances import recorded_facts
from tests.unit.doctor.shop import Shop

RULES: tuple[Rule[Any], ...] = (*hub.RULES, *que.RULES, *ent.RULES)
DAY = 86_400.0


def of_profile(profile: str) -> list[Rule[Any]]:
    """Return the rules about hubs, queues and entities that belong to a profile."""
    return [rule for rule in RULES if profile in rule.profiles]


def judged(
    facts: Iterable[Any], rules: Iterable[Rule[Any]] = RULES, **target: Any
) -> list[Finding]:
    """Return what *rules* find; *target* is what the user says."""
    facts = list(facts)
    return list(judge(rules, facts, Given(now=facts[0].now, target=Target(**target))))


def codes(findings: Iterable[Finding]) -> list[str]:
    """Return the codes that were found, each once."""
    return sorted({finding.code for finding in findings})


# -- recorded hubs -------------------------------------------------------------------------------


@cache
def recorded(name: str) -> tuple[Any, ...]:
    """Return a recorded hub a day after it was recorded: what was due then is visible, the rest hidden."""
    recording = RecordedHub(name)
    classic = _with_hidden(recording, examined.hub_of(recording))
    facts = [one for one in recorded_facts.facts_of(recording) if _is_there(one)]
    instances = list(examined.instances_of(recording, classic))
    of_blobs = {line["name"]: line["length"] for line in _blob_lines(recording)}
    return (
        _hub(name, classic, parts=_parts(recording)),
        *messages_of(list(classic.queues.values()), name),
        *_diagnoses(instances, classic, name),
        *(_with_blobs(recording, one) for one in facts),
        *(_blob(name, blob, size, later(classic.now, -DAY)) for blob, size in of_blobs.items()),
    )


def _is_there(fact: Any) -> bool:
    return isinstance(fact, InstanceFacts) and fact.classic is not None and fact.classic.is_there


def _with_hidden(recording: RecordedHub, classic: ClassicHub) -> ClassicHub:
    """Return the hub with the messages that are not due hidden."""
    queues = []
    for queue in classic.queues.values():
        lines = lines_of(FOLDER / recording.name / "hub" / "queues" / f"{queue.name}.jsonl")
        due = {line["messageId"] for line in lines if line["visibleIn"] <= DAY}
        seen = tuple(message for message in queue.seen if message.message_id in due)
        queues.append(QueueFacts(queue.name, queue.depth, seen))
    return hub_facts(
        classic.names,
        classic.partitions,
        classic.now,
        queues,
        leases=classic.leases,
        app_lease=classic.app_lease,
    )


def _parts(recording: RecordedHub) -> dict[str, bool]:
    names = recording.names
    dump = json.loads((FOLDER / recording.name / "hub" / "dump.json").read_bytes())
    tables = (names.instances_table, names.history_table, names.partitions_table)
    containers = (names.app_lease_container, names.leases_container)
    queues = (names.workitem_queue, *(one for one in dump["queues"] if "-control-" in one))
    return {
        **{f"table {one}": one in dump["tables"] for one in tables},
        **{f"queue {one}": one in dump["queues"] for one in queues},
        **{f"container {one}": one in dump["containers"] for one in containers},
    }


def _with_blobs(recording: RecordedHub, fact: InstanceFacts) -> InstanceFacts:
    assert fact.classic is not None
    url = f"http://127.0.0.1:11000/devstoreaccount1/{recording.names.large_messages_container}"
    return replace(fact, blobs=tuple(dict.fromkeys(blobs.mentioned(fact.classic, url))))


def _blob_lines(recording: RecordedHub) -> Iterator[dict[str, Any]]:
    container = recording.names.large_messages_container
    lines = lines_of(FOLDER / recording.name / "hub" / "blobs.jsonl")
    return (line for line in lines if line["container"] == container)


def _blob(source: str, name: str, size: int, changed: Ticks) -> BlobFacts:
    place = Place(source=source, kind=PlaceKind.BLOB, key=name)
    return BlobFacts(place=place, name=name, size=size, changed=changed)


def without_storage(facts: Iterable[Any]) -> list[Any]:
    """Return what a bundle of the same hub, which was stopped, would give."""
    found: list[Any] = []
    for fact in facts:
        match fact:
            case HubFacts():
                found.append(replace(fact, kind=HubKind.BUNDLE, classic=None, frozen=True))
            case InstanceFacts():
                found.append(replace(fact, classic=None))
            case MessageFacts():
                found.append(fact)
    return found


# -- the hub of the doctor's tests ---------------------------------------------------------------


def of_shop(shop: Shop) -> list[Any]:
    """Return the hub that the doctor's tests are about."""
    classic = shop.facts()
    instances = shop.instances(classic)
    return [
        _hub("shop", classic),
        *messages_of(list(classic.queues.values()), "shop"),
        *_diagnoses(instances, classic, "shop"),
        *(_instance(one, "shop") for one in instances if one.is_there),
    ]


def _instance(one: ClassicInstance, source: str) -> InstanceFacts:
    kind = PlaceKind.ENTITY if names_entity(one.instance_id) else PlaceKind.INSTANCE
    started = one.state.started
    return InstanceFacts(
        place=Place(source=source, kind=kind, key=one.instance_id),
        instance_id=one.instance_id,
        row=_row(one),
        history=one.events,
        state=one.state,
        entity=entity_of(one.instance_id, started.input if started else None)
        if names_entity(one.instance_id)
        else None,
        classic=one,
    )


def _row(one: ClassicInstance) -> StoredInstance | None:
    if one.row is None:
        return None
    found = instance_rows.decode(one.row_columns)
    texts = {"input_text": found.instance.input, "output_text": found.instance.output}
    return stored_instance(one.row_columns, found, **texts)


# -- what both have ------------------------------------------------------------------------------


def _hub(source: str, classic: ClassicHub, **others: Any) -> HubFacts:
    return HubFacts(
        place=Place(source=source, kind=PlaceKind.HUB),
        name=classic.names.hub,
        kind=HubKind.CLASSIC,
        now=classic.now,
        partitions=classic.partitions,
        queues={queue.name: queue.depth for queue in classic.queues.values()},
        classic=classic,
        **others,
    )


def _diagnoses(
    instances: Iterable[ClassicInstance], classic: ClassicHub, source: str
) -> Iterator[Diagnosis]:
    ledger = Ledger(classic)
    found: list[Diagnosed] = list(doctor.of_hub(classic))
    for instance in instances:
        found += doctor.of_instance(instance, classic)
        lost = (ledger.add(one) for one in waiting.awaited(instance, classic))
        found += [one for one in lost if one is not None]
    if not classic.workers:
        found += ledger.missing()
    names: HubNames = classic.names
    return (Diagnosis(place_of(one, names, source), one) for one in found)

"""Badges about the way to the Durable Task Scheduler: lint's rules, on what is known of single instances.

A row alone tells of IDs, tags and names; a row with its payloads tells of sizes; a history of what its events
carry. A rule that needs more is not judged: ``durahub lint`` judges all.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from durahub.engine import state as states
from durahub.model.history import Event
from durahub.model.ticks import Ticks
from durahub.stored import StoredInstance
from durahub_migrate.lint.facts.instances import EntityFacts, InstanceFacts
from durahub_migrate.lint.facts.measuring import instance_payloads, names_entity
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding
from durahub_migrate.lint.judging import judge
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.rule import JoiningRule, Rule, SummingRule
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.target import Given
from durahub_migrate.monitor.row import Kind, Row

PROFILE = "dts-native"
MOST_INSTANCES = 20
"""So many instances are named of each finding."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Badge:
    """A rule that does not hold. *severity* is lint's, *count* how many instances it is about."""

    code: str
    severity: str
    sentence: str
    count: int = 1
    instances: tuple[str, ...] = ()


def of_rows(rows: Iterable[Row], now: Ticks) -> tuple[Badge, ...]:
    """Return what the rows of a hub alone tell, one badge a rule, the worst first."""
    counts: dict[str, int] = {}
    named: dict[str, list[str]] = {}
    first: dict[str, Finding] = {}
    rules = _rules(frozenset({Need.INSTANCES}), of_payloads=False)
    for row in rows:
        for finding in judge(rules, [_facts(row, None, None)], Given(now=now)):
            code = finding.code
            first.setdefault(code, finding)
            counts[code] = counts.get(code, 0) + 1
            if len(named.setdefault(code, [])) < MOST_INSTANCES:
                named[code].append(row.instance_id)
    badges = [
        Badge(
            code=code,
            severity=found.severity.value,
            sentence=_titles()[code],
            count=counts[code],
            instances=tuple(named[code]),
        )
        for code, found in first.items()
    ]
    return tuple(sorted(badges, key=_order))


def of_instance(
    row: Row,
    now: Ticks,
    *,
    input: str | None,  # noqa: A002 - a row's name of it
    output: str | None,
    custom_status: str | None,
    history: Sequence[Event] | None = None,
) -> tuple[Badge, ...]:
    """Return what an instance with its payloads tells, and with its history if that is there."""
    stored = _stored(row, input, output, custom_status)
    provided = {Need.INSTANCES} | ({Need.HISTORY} if history is not None else set())
    facts = _facts(row, stored, history)
    found = judge(_rules(frozenset(provided)), [facts], Given(now=now))
    badges = {
        (one.code, one.place.part): Badge(
            code=one.code,
            severity=one.severity.value,
            sentence=_sentence(one),
            instances=(row.instance_id,),
        )
        for one in found
    }
    return tuple(sorted(badges.values(), key=_order))


def _order(badge: Badge) -> tuple[int, str, str]:
    return ("error", "warning", "info").index(badge.severity), badge.code, badge.sentence


def _rules(provided: frozenset[Need], *, of_payloads: bool = True) -> tuple[Rule[Any], ...]:
    return tuple(
        rule
        for rule in RULES
        if InstanceFacts in rule.about
        and PROFILE in rule.profiles
        and rule.needs <= provided
        and not isinstance(rule, JoiningRule | SummingRule)
        and (of_payloads or not rule.code.startswith("PAY"))
    )


def _titles() -> dict[str, str]:
    return {rule.code: f"{rule.message[0].upper()}{rule.message[1:]}." for rule in RULES}


def _sentence(found: Finding) -> str:
    title = _titles()[found.code].removesuffix(".")
    part = f" ({found.place.part})" if found.place.part else ""
    return f"{title}{part}: {found.detail}."


def _facts(
    row: Row, stored: StoredInstance | None, history: Sequence[Event] | None
) -> InstanceFacts:
    is_entity = row.kind is Kind.ENTITY or names_entity(row.instance_id)
    place = Place(
        source=row.hub,
        kind=PlaceKind.ENTITY if is_entity else PlaceKind.INSTANCE,
        key=row.instance_id,
    )
    entity = None
    if is_entity:
        name, _, key = row.instance_id[1:].partition("@")
        entity = EntityFacts(name=name, key=key, locked_by=row.locked_by, is_read=False)
    events = tuple(history or ())
    told = stored or _stored(row, None, None, None)
    return InstanceFacts(
        place=place,
        instance_id=row.instance_id,
        row=told,
        history=events,
        history_is_read=history is not None,
        state=states.read(events),
        payloads=tuple(instance_payloads(told, events)) if stored is not None else (),
        entity=entity,
        stored_bytes=row.bytes or 0,
    )


def _stored(
    row: Row, text: str | None, output: str | None, custom_status: str | None
) -> StoredInstance:
    return StoredInstance(
        instance_id=row.instance_id,
        execution_id=row.execution_id,
        name=row.name,
        version=row.version,
        status=row.status,
        created=row.created,
        last_updated=row.updated,
        completed=row.completed,
        scheduled_start=row.scheduled_start,
        input=text,
        output=output,
        custom_status=custom_status,
        tags=row.tags,
        generation=row.generation,
    )

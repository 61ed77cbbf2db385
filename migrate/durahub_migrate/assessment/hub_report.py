"""Makes the report of one hub of its notes."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from durahub.model.ticks import PER_SECOND, Ticks, to_text
from durahub_migrate.assessment import notes
from durahub_migrate.assessment.assessment import (
    Choice,
    Group,
    HubReport,
    LargePayload,
    LargestOfKind,
    LongId,
    NameReport,
    OpenWork,
    Readiness,
    RuleCount,
)
from durahub_migrate.assessment.collector import hour_of
from durahub_migrate.assessment.decision_table import DECISIONS, STRATEGIES
from durahub_migrate.assessment.estimate import Load, estimate
from durahub_migrate.assessment.prices import Prices
from durahub_migrate.assessment.readiness import deciding, rank, readiness, undecided, worst
from durahub_migrate.assessment.reading import HubNotes, Name
from durahub_migrate.assessment.rows import Row, Unit
from durahub_migrate.assessment.strategies import recommended, strategies
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.target import Given


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """Which rules there are, which of them were evaluated, and what of the evidence could not be read."""

    rules: Mapping[str, Rule[Any]]
    judged: frozenset[str]
    gaps: frozenset[Need]

    def open(self, kind: str, of: str) -> frozenset[str]:
        """Return the rules that decide about an *of* of a hub of *kind* and were not evaluated."""
        return undecided(
            deciding(self.rules.values(), kind, of=of), self.rules, self.judged, self.gaps
        )

    def counts(self, found: Mapping[tuple[str, str, str], int]) -> list[RuleCount]:
        """Return what was found by code and severity; the parts of a key are these and the life."""
        total: Counter[tuple[str, str]] = Counter()
        live: Counter[tuple[str, str]] = Counter()
        of_instances = set()
        for (code, severity, life), amount in found.items():
            total[code, severity] += amount
            live[code, severity] += amount if life == notes.LIVE else 0
            if life:
                of_instances.add((code, severity))
        return [
            RuleCount(
                code=code,
                severity=severity,
                message=self.message(code),
                count=amount,
                live=live[code, severity] if (code, severity) in of_instances else None,
            )
            for (code, severity), amount in sorted(total.items())
        ]

    def message(self, code: str) -> str:
        """Return what a rule is about in one line."""
        return self.rules[code].message if code in self.rules else ""


def hub_report(hub: HubNotes, judged: Judged, given: Given, prices: Prices | None) -> HubReport:
    """Return the report of one hub."""
    names = tuple(sorted(_name_reports(hub, judged), key=_worst_first))
    own = readiness(judged.counts(hub.found[notes.OF_HUB, ""]), judged.open(hub.kind, notes.OF_HUB))
    light = worst([own.light, *(one.readiness.light for one in names)])
    choices = strategies(hub)
    entities = hub.instances(notes.ENTITY)
    instances = hub.instances()
    live = hub.total("live")
    return HubReport(
        source=hub.source,
        name=hub.name,
        kind=hub.kind,
        taken=to_text(whole_seconds(hub.now)),
        partitions=hub.partitions,
        instances=instances - entities,
        live=live - entities,
        ended=instances - live,
        entities=entities,
        events=hub.total("events"),
        stored_bytes=hub.total("stored") + sum(hub.blobs),
        messages=sum(hub.queues.values()) if hub.queues else None,
        unread_histories=hub.total("unread"),
        readiness=Readiness(light=light, rules=own.rules, not_evaluated=own.not_evaluated),
        names=names,
        groups=tuple(groups(hub, judged)),
        strategies=choices,
        recommended=recommended(choices, given.target.strategy),
        largest_payloads=tuple(_payloads(hub)),
        longest_ids=tuple(_ids(hub)),
        estimate=estimate(_load(hub, given), prices),
    )


def _name_reports(hub: HubNotes, judged: Judged) -> Iterator[NameReport]:
    lacking = {kind: judged.open(hub.kind, kind) for kind in (notes.ORCHESTRATION, notes.ENTITY)}
    found_in = {name for name, found in hub.found.items() if found and name[0] != notes.OF_HUB}
    for kind, name in {**hub.statuses, **dict.fromkeys(found_in)}:
        yield _name_report(hub, (kind, name), judged, lacking[kind])


def _name_report(hub: HubNotes, name: Name, judged: Judged, lacking: Iterable[str]) -> NameReport:
    sums, most, statuses = hub.sums[name], hub.most[name], hub.statuses[name]
    sizes = {key[5:]: size for key, size in most.items() if key.startswith("size ")}
    return NameReport(
        kind=name[0],
        name=name[1],
        readiness=readiness(judged.counts(hub.found[name]), lacking, unread=sums["unread"]),
        instances=sum(statuses.values()),
        live=sums["live"],
        statuses=tuple(sorted(statuses.items())),
        unread=sums["unread"],
        generations=most.get("generations"),
        oldest=_moment(-most["oldest"]) if "oldest" in most else None,
        newest=_moment(most["newest"]) if "newest" in most else None,
        events=sums["events"],
        stored_bytes=sums["stored"],
        payload_bytes=sums["payload"],
        longest_id=most.get("id", 0),
        largest=tuple(
            LargestOfKind(kind=kind, size=size)
            for kind, size in sorted(sizes.items(), key=lambda one: (-one[1], one[0]))
            if size
        ),
        open=OpenWork(
            activities=sums["activities"],
            timers=sums["timers"],
            events=_waiting_for_events(hub, name),
            children=sums["children"],
            calls=sums["calls"],
            operations=sums["operations"],
        ),
    )


def _waiting_for_events(hub: HubNotes, name: Name) -> int:
    if name[0] != notes.ORCHESTRATION:
        return 0
    return sum(n for (of, rows), n in hub.rows.items() if of == name[1] and Row.EVENT in rows)


def _worst_first(one: NameReport) -> tuple[int, int, str, str]:
    return rank(one.readiness.light), -one.live, one.kind, one.name


def groups(hub: HubNotes, judged: Judged) -> Iterator[Group]:
    """Yield the rows of the decision table that something is in, or of which that is not known."""
    amounts = counted(hub, judged)
    for row, decision in DECISIONS.items():
        count = amounts.get(row, 0)
        if count == 0:
            continue
        yield Group(
            row=row.value,
            title=decision.title,
            means=decision.means,
            count=count,
            unit=row.unit.value,
            trait=row.is_trait,
            names=names_in(hub, row),
            choices=tuple(
                Choice(strategy=code, mark=decision.cells[code][0], note=decision.cells[code][1])
                for code in STRATEGIES
            ),
            default=decision.default,
        )


def counted(hub: HubNotes, judged: Judged) -> dict[Row, int | None]:
    """Return how many things are in each row; ``None`` where nothing could tell."""
    amounts: Counter[Row] = Counter(hub.items)
    for (_, rows), amount in hub.rows.items():
        for row in rows:
            amounts[row] += amount
    found: dict[Row, int | None] = dict(amounts)
    if hub.queues:
        found[Row.UNSEEN] = _unexplained(hub, amounts)
        found[Row.STRAY] = _stray(hub, judged)
    return found


def names_in(hub: HubNotes, row: Row) -> tuple[str, ...]:
    """Return the names of what is in a row."""
    if row.unit in (Unit.MESSAGES, Unit.SIGNALS):
        return ()
    return tuple(sorted({name for name, rows in hub.rows if row in rows}))


def _unexplained(hub: HubNotes, amounts: Mapping[Row, int]) -> int | None:
    """Return how many messages were not seen that neither timers, starts nor activities explain.

    Nobody can tell while workers have messages in hand, for these are hidden too.
    """
    if hub.in_use or hub.total("live-unread"):
        return None
    unseen = sum(max(0, depth - hub.seen[queue]) for queue, depth in hub.queues.items())
    explained = hub.total("timers") + hub.total("activities")
    explained += amounts[Row.SCHEDULED] + amounts[Row.PENDING]
    return max(0, unseen - explained - amounts[Row.SIGNAL_OF_ORCHESTRATOR])


def _stray(hub: HubNotes, judged: Judged) -> int | None:
    """Return how many messages are for nobody, as the rules found that join messages with instances."""
    if not {"QUE604", "QUE605"} <= judged.judged:
        return None
    of_hub = hub.found[notes.OF_HUB, ""]
    return sum(n for (code, _, _), n in of_hub.items() if code in ("QUE604", "QUE605"))


def _payloads(hub: HubNotes) -> Iterator[LargePayload]:
    for one in hub.payloads:
        said = json.loads(one.text)
        yield LargePayload(
            size=one.score,
            kind=said["kind"],
            instance_id=said["id"],
            name=said["name"],
            where=said["where"],
        )


def _ids(hub: HubNotes) -> Iterator[LongId]:
    for one in hub.ids:
        said = json.loads(one.text)
        yield LongId(length=one.score, instance_id=said["id"], name=said["name"])


def _load(hub: HubNotes, given: Given) -> Load:
    oldest = [-most["oldest"] for most in hub.most.values() if "oldest" in most]
    return Load(
        hour=hour_of(hub.now),
        oldest=hour_of(Ticks(min(oldest))) if oldest else None,
        steps=hub.steps,
        created=hub.created,
        row_bytes=hub.total("stored"),
        blob_bytes=sum(hub.blobs),
        target_bytes=hub.total("target"),
        live_payload_bytes=hub.total("live-payload"),
        unread=hub.total("unread"),
        said=given.target.actions_per_second,
        share=given.thresholds.load_share,
    )


def _moment(ticks: int) -> str:
    return to_text(whole_seconds(Ticks(ticks)))


def whole_seconds(ticks: Ticks) -> Ticks:
    """Return *ticks* without what is finer than a second."""
    return Ticks(ticks - ticks % PER_SECOND)

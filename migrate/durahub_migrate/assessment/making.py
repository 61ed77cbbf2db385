"""Makes an assessment of what a run has found and noted."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from durahub.model.ticks import to_text
from durahub_migrate.assessment.answering import answer
from durahub_migrate.assessment.assessment import (
    VERSION,
    Assessment,
    Gap,
    HubReport,
    Light,
    NotEvaluated,
    RuleCount,
)
from durahub_migrate.assessment.effort import Found, packages
from durahub_migrate.assessment.hub_report import (
    Judged,
    counted,
    hub_report,
    names_in,
    whole_seconds,
)
from durahub_migrate.assessment.prices import Prices
from durahub_migrate.assessment.readiness import light_of
from durahub_migrate.assessment.reading import HubNotes, read_files, read_hubs
from durahub_migrate.assessment.rows import Row
from durahub_migrate.assessment.works import SIZE_RULE
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.running import Outcome
from durahub_migrate.lint.target import Given

NOT_SELECTED = "not selected"


def assess(
    book: Book,
    outcome: Outcome,
    given: Given,
    prices: Prices | None = None,
    *,
    rules: Iterable[Rule[Any]] = RULES,
) -> Assessment:
    """Return the assessment of a run with an `AssessmentCollector` whose notes are in *book*.

    *rules* are all there are, not only those that the run was given: one that was left out is not evaluated.
    """
    known = {rule.code: rule for rule in rules}
    gaps = frozenset(one.need for one in outcome.unread)
    judged = Judged(rules=known, judged=outcome.judged, gaps=gaps)
    noted = read_hubs(book)
    hubs = tuple(hub_report(hub, judged, given, prices) for hub in noted)
    files = [
        Found(
            code=code,
            severity=severity,
            about=file,
            count=count,
            live=None,
            blocks=severity == "error",
        )
        for file, found in sorted(read_files(book).items())
        for (code, severity), count in sorted(found.items())
    ]
    work = packages([*_found(hubs), *files], *_in_flight(noted, judged))
    not_evaluated = tuple(_not_evaluated(known, outcome))
    unread = tuple(
        Gap(need=one.need.value, place=str(one.place), problem=str(one.error))
        for one in outcome.unread
    )
    return Assessment(
        version=VERSION,
        made=to_text(whole_seconds(given.now)),
        answer=answer(hubs, work, files, not_evaluated, unread),
        hubs=hubs,
        packages=work,
        size_rule=SIZE_RULE,
        rules=tuple(
            RuleCount(code=code, severity=severity.value, message=judged.message(code), count=count)
            for (code, severity), count in sorted(
                book.counts().items(), key=lambda one: (one[0][1].rank, one[0][0])
            )
        ),
        not_evaluated=not_evaluated,
        gaps=unread,
    )


def _found(hubs: Iterable[HubReport]) -> Iterator[Found]:
    for hub in hubs:
        whose = [(hub.source, hub.readiness), *((one.name, one.readiness) for one in hub.names)]
        for about, readiness in whose:
            for one in readiness.rules:
                light = light_of(one)
                if light is not Light.READY:
                    yield Found(
                        code=one.code,
                        severity=one.severity,
                        about=about,
                        count=one.count,
                        live=one.live,
                        blocks=light is Light.BLOCKED
                        or (one.severity == "error" and one.live != 0),
                    )


def _in_flight(
    hubs: Iterable[HubNotes], judged: Judged
) -> tuple[Mapping[Row, int | None], Mapping[Row, tuple[str, ...]]]:
    """Return how much is in each row over all hubs, and whose it is."""
    amounts: dict[Row, int | None] = {}
    names: dict[Row, set[str]] = {}
    for hub in hubs:
        for row, amount in counted(hub, judged).items():
            amounts[row] = (amounts.get(row) or 0) + (amount or 0)
            names.setdefault(row, set()).update(names_in(hub, row) if amount else ())
    return amounts, {row: tuple(sorted(found)) for row, found in names.items()}


def _not_evaluated(known: Mapping[str, Rule[Any]], outcome: Outcome) -> Iterator[NotEvaluated]:
    """Yield the rules that were not judged, or not on all there is, with the reason."""
    for code in sorted(known):
        reasons = {need.value for need in outcome.missing.get(code, ())}
        reasons |= {
            f"not all could be read of {one.need.value}"
            for one in outcome.not_evaluated.get(code, ())
        }
        if reasons or code not in outcome.judged:
            missing = tuple(sorted(reasons)) or (NOT_SELECTED,)
            yield NotEvaluated(code=code, message=known[code].message, missing=missing)

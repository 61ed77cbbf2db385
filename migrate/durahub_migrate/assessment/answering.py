"""The first page: can it move, how, what stops it, what it costs, what comes next.

For people who have not seen DTS.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from durahub_migrate.assessment.assessment import (
    Answer,
    Gap,
    HubReport,
    Light,
    NotEvaluated,
    StrategyReport,
    When,
    WorkPackage,
)
from durahub_migrate.assessment.cost_sentences import costs
from durahub_migrate.assessment.decision_table import STRATEGIES
from durahub_migrate.assessment.effort import Found
from durahub_migrate.assessment.readiness import worst

SHOWN = 5
_FILES = ("CFG", "RET", "ARM")
BY_HAND = ("c", "d")
"""Strategies that move nothing."""
BY_DURAHUB = (
    "durahub carries this out: durahub plan says how each tree goes and what that loses, durahub apply "
    "moves it, durahub verify compares."
)


def answer(
    hubs: Sequence[HubReport],
    work: Sequence[WorkPackage],
    files: Sequence[Found],
    not_evaluated: Sequence[NotEvaluated],
    gaps: Sequence[Gap],
) -> Answer:
    """Return the answer for all hubs and files together."""
    lights = [hub.readiness.light for hub in hubs]
    if files:
        blocks = any(one.blocks for one in files)
        lights.append(Light.BLOCKED if blocks else _of_warnings(files))
    if not hubs or gaps:
        lights.append(Light.UNKNOWN)
    if work:
        lights.append(
            Light.CHANGES
        )  # what is in flight may need hands even where no rule found anything
    light = worst(lights)
    blocking = [one for one in work if one.when is When.BEFORE]
    return Answer(
        light=light,
        headline=_headline(light, hubs, work, blocking),
        how=tuple(_how(hubs)),
        stops=tuple(_stops(hubs, blocking, gaps)),
        costs=tuple(costs(hubs)),
        next=tuple(_next(hubs, work, not_evaluated)),
    )


def _of_warnings(files: Iterable[Found]) -> Light:
    return Light.CHANGES if any(one.severity != "info" for one in files) else Light.READY


def _headline(
    light: Light,
    hubs: Sequence[HubReport],
    work: Sequence[WorkPackage],
    blocking: Sequence[WorkPackage],
) -> str:
    what = _what(hubs)
    if light is Light.BLOCKED:
        return f"Not yet: {_number(len(blocking), 'piece')} of work must be done before {what} can move."
    if light is Light.UNKNOWN and not hubs:
        return "It cannot be said yet: no task hub was read, so nothing is known of work in flight."
    if light is Light.UNKNOWN:
        return f"It cannot be said yet whether {what} can move: not everything that decides was looked at."
    if light is Light.CHANGES:
        return f"Yes, {what} can move, after {_number(len(work), 'piece')} of work."
    return f"Yes, {what} can move: nothing that was looked at stands against it."


def _what(hubs: Sequence[HubReport]) -> str:
    if not hubs:
        return "the app"
    return f"task hub {hubs[0].name}" if len(hubs) == 1 else f"these {len(hubs)} task hubs"


def _how(hubs: Sequence[HubReport]) -> Iterator[str]:
    for hub in hubs:
        yield (
            f"Hub {hub.name}: {_number(hub.live, 'orchestration')} in flight, {hub.ended:,} ended, "
            f"{_number(hub.entities, 'entity', 'entities')}."
        )
        if hub.recommended is None:
            yield (
                f"Nothing is in flight in {hub.name}: point the app to the scheduler, and archive or leave "
                "what has ended."
            )
            continue
        title, means = STRATEGIES[hub.recommended]
        chosen = next(one for one in hub.strategies if one.strategy == hub.recommended)
        flying = chosen.preferred + chosen.possible + chosen.impossible
        yield (
            f"The way that suits most of it: {title.lower()} ({hub.recommended}). {means} Of {flying:,} "
            f"things in flight it is right for {chosen.preferred:,}{_also(chosen)}."
        )
        if not chosen.fits:
            others = [one.strategy for one in hub.strategies if one.fits and one.strategy != "d"]
            rest = f"; nothing is impossible for {', '.join(others)}" if others else ""
            yield f"What it cannot take needs another way: the decision table says which{rest}."
    if any(hub.recommended not in (None, *BY_HAND) for hub in hubs):
        yield BY_DURAHUB


def _also(chosen: StrategyReport) -> str:
    parts = []
    if chosen.possible:
        parts.append(f"possible for {chosen.possible:,} with something lost or needed")
    if chosen.impossible:
        parts.append(f"impossible for {chosen.impossible:,}")
    return "".join(f", {part}" for part in parts)


def _stops(
    hubs: Iterable[HubReport], blocking: Sequence[WorkPackage], gaps: Sequence[Gap]
) -> Iterator[str]:
    for work in blocking[:SHOWN]:
        codes = f" ({', '.join(work.codes)})" if work.codes else ""
        yield f"{work.title}: {_findings(work)}, {work.who.value}, size {work.size.value}{codes}."
    if len(blocking) > SHOWN:
        yield f"{len(blocking) - SHOWN} more, in the list of work."
    for need, places in Counter(gap.need for gap in gaps).items():
        yield f"Not read: {need}, in {_number(places, 'place')}. What it tells was not judged."
    for hub in hubs:
        if hub.unread_histories:
            yield (
                f"{hub.unread_histories:,} histories of {hub.name} were not read: what is in them was not "
                "judged."
            )


def _next(
    hubs: Sequence[HubReport], work: Sequence[WorkPackage], not_evaluated: Sequence[NotEvaluated]
) -> Iterator[str]:
    deciding = {
        code
        for hub in hubs
        for one in (hub.readiness, *(name.readiness for name in hub.names))
        for code in one.not_evaluated
    }
    missing: dict[str, list[str]] = {}
    for rule in not_evaluated:
        for need in rule.missing if rule.code in deciding else ():
            missing.setdefault(need, []).append(rule.code)
    for need, codes in sorted(missing.items()):
        yield f"Give what {_number(len(codes), 'deciding rule')} did not have: {need} ({_some(codes)})."
    if not hubs:
        yield "Lint the task hub as well: durahub lint ADDRESS --report …"
    families = {rule.code[:3] for rule in not_evaluated if rule.missing != ("not selected",)}
    if families & set(_FILES):
        yield (
            "Lint the app's folder and its templates together with the hub: settings, retention and access "
            "were not all looked at."
        )
    if work:
        first = work[0]
        yield f"Begin with: {first.title[0].lower()}{first.title[1:]} ({first.who.value})."


def _findings(work: WorkPackage) -> str:
    live = f", {work.live:,} in flight" if work.live else ""
    return f"{_number(work.amount, 'finding')}{live}"


def _some(codes: Sequence[str]) -> str:
    return ", ".join(codes[:SHOWN]) + (
        f" and {len(codes) - SHOWN} more" if len(codes) > SHOWN else ""
    )


def _number(amount: int, one: str, many: str | None = None) -> str:
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"

"""Where two instances differ whose digests do: from their sketches."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from durahub_migrate.verifying.prints import Sketch
from durahub_migrate.verifying.verdicts import Difference, Match, Symbol

AGAIN = frozenset({"taskScheduled", "subOrchestrationInstanceCreated"})
"""Events that an import takes back where the message that they have sent is lost: it is sent again."""

_ROW_TOLD_BY_HISTORY = frozenset(
    {"orchestrationStatus", "output", "completedTimestamp", "status", "lastUpdatedTimestamp"}
)
_ENDED = frozenset({"Completed", "Failed", "Terminated", "Canceled"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """What was found. *again* are the places of actions that an import has taken back, to be done again."""

    symbol: Symbol
    differences: tuple[Difference, ...] = ()
    notes: tuple[str, ...] = ()
    again: frozenset[int] = frozenset()


def explain(
    source: Sketch, target: Sketch, match: Match, unseen: Collection[int] = ()
) -> Explained:
    """Tell what *target* is to *source*.

    *unseen* are the places, among the actions, of those that are open and that no message was seen of: an
    import has the orchestrator do these again.
    """
    if source.exact == target.exact:
        return Explained(symbol=Symbol.EQUAL, notes=("it changed while it was read",))
    note = _advanced(source, target, match)
    if note:
        return Explained(symbol=Symbol.ADVANCED, notes=(note,))
    if match is Match.SEMANTIC:
        found = tuple(_in_form(source, target))
        if not found:
            return Explained(symbol=Symbol.EQUAL, notes=("it changed while it was read",))
        return Explained(symbol=Symbol.DIFFERS, differences=found)
    notes: list[str] = []
    again = _again(source, target, unseen, notes)
    differences = [*_in_row(source, target, notes), *_in_events(source, target, again)]
    if not differences and notes:
        return Explained(symbol=Symbol.EQUAL, notes=tuple(notes), again=frozenset(again.values()))
    if source.form == target.form:
        notes.append("it means the same: only what a second run changes differs")
    if not differences:
        differences = [Difference(part="history", text="it differs in a way that has no name")]
    return Explained(symbol=Symbol.DIFFERS, differences=tuple(differences), notes=tuple(notes))


# -- advanced ------------------------------------------------------------------------------------


def _advanced(source: Sketch, target: Sketch, match: Match) -> str:
    """Return what *target* has done since, ``""`` if it is no continuation of *source*."""
    if source.implied in _ENDED or target.updated <= source.updated:
        return ""
    if match is Match.SEMANTIC:
        form, other = source.form, target.form
        goes_on = all(_begins(other[one], form[one]) for one in ("inputs", "actions", "ends"))
        more = sum(len(other[one]) - len(form[one]) for one in ("inputs", "actions", "ends"))
        if goes_on and more:
            return f"advanced at the target since: {more} inputs and actions more"
        if _is_as_long(form, other):
            return ""
    elif _same_origin(source, target) and _begins(target.events, source.events):
        more = len(target.events) - len(source.events)
        if more:
            return f"advanced at the target since: {more} events more"
    if target.began > source.last > 0 and _same_origin(source, target, match):
        return "advanced at the target since: it runs another execution"
    return ""


def _same_origin(source: Sketch, target: Sketch, match: Match = Match.EXACT) -> bool:
    names = ["instanceId", "name"]
    if match is Match.EXACT:
        names.append("createdTimestamp")
    return all(source.row.get(one) == target.row.get(one) for one in names)


def _is_as_long(form: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether the target has done as much with the same input: then it is no later execution.

    That it began after the move shows nothing where all histories are made anew.
    """
    lists = ("inputs", "actions", "ends")
    same_input = form["row"].get("input") == other["row"].get("input")
    return same_input and all(len(form[one]) == len(other[one]) for one in lists)


def _begins(longer: Sequence[object], shorter: Sequence[object]) -> bool:
    return list(longer[: len(shorter)]) == list(shorter)


# -- exact ---------------------------------------------------------------------------------------


def _in_row(source: Sketch, target: Sketch, notes: list[str]) -> Iterator[Difference]:
    fields = _differing(source.row, target.row)
    if not fields:
        return
    lagged = source.status != source.implied and target.status == source.implied
    if lagged and set(fields) <= _ROW_TOLD_BY_HISTORY:
        notes.append(f"its row says {source.implied} now, as its history did")
        return
    yield Difference(part="row", text=f"{_and(fields)} differ{_s(fields)}", fields=fields)


def _again(
    source: Sketch, target: Sketch, unseen: Collection[int], notes: list[str]
) -> dict[int, int]:
    """Return the positions, and places, of open actions that an import has taken back."""
    found = {}
    for position, place in source.open:
        if place not in unseen or position >= len(target.events):
            continue
        if source.events[position][0] in AGAIN and target.events[position][0] == "genericEvent":
            found[position] = place
            notes.append(f"event {position}: its message was not seen, so it will be done again")
    return found


def _in_events(source: Sketch, target: Sketch, again: Collection[int]) -> Iterator[Difference]:
    first: Difference | None = None
    more = 0
    for index, (one, other) in enumerate(zip(source.events, target.events, strict=False)):
        if one == other or index in again:
            continue
        if first is None:
            first = _event(index, one, other)
        else:
            more += 1
    missing = len(source.events) - len(target.events)
    if first is None and missing:
        count = abs(missing)
        what = "missing" if missing > 0 else "too many"
        index = min(len(source.events), len(target.events))
        events = "event is" if count == 1 else "events are"
        first = Difference(part="history", text=f"{count} {events} {what} at its end", event=index)
    elif first is not None and missing:
        told = f"{first.text}; {len(target.events)} events where {len(source.events)} belong"
        first = Difference(part="history", text=told, event=first.event, fields=first.fields)
    elif first is not None and more:
        told = f"{first.text}; so do {more} later ones"
        first = Difference(part="history", text=told, event=first.event, fields=first.fields)
    if first is not None:
        yield first


def _event(
    index: int, one: tuple[str, dict[str, str]], other: tuple[str, dict[str, str]]
) -> Difference:
    if one[0] != other[0]:
        text = f"event {index} is {other[0]} where {one[0]} belongs"
        return Difference(part="history", text=text, event=index)
    fields = _differing(one[1], other[1])
    text = f"event {index} ({one[0]}): {_and(fields)} differ{_s(fields)}"
    return Difference(part="history", text=text, event=index, fields=fields)


# -- semantic ------------------------------------------------------------------------------------


def _in_form(source: Sketch, target: Sketch) -> Iterator[Difference]:
    form, other = source.form, target.form
    fields = _differing(form["row"], other["row"])
    if fields:
        yield Difference(part="row", text=f"{_and(fields)} differ{_s(fields)}", fields=fields)
    for name, one in (
        ("inputs", "input"),
        ("actions", "action"),
        ("ends", "end"),
        ("timers", "open timer"),
    ):
        yield from _in_list(one, form[name], other[name])
    if form["suspended"] != other["suspended"]:
        text = "it is suspended on one side only, or for another reason"
        yield Difference(part="history", text=text, fields=("suspended",))


def _in_list(
    word: str, found: Sequence[Sequence[str]], other: Sequence[Sequence[str]]
) -> Iterator[Difference]:
    for place, (one, two) in enumerate(zip(found, other, strict=False)):
        if list(one) != list(two):
            same = f"{word} {place} ({one[0]}) differs"
            text = same if one[0] == two[0] else f"{word} {place} is {two[0]} instead of {one[0]}"
            yield Difference(part="history", text=text, event=place)
            return
    if len(found) != len(other):
        text = f"{len(other)} {word}s where {len(found)} belong"
        yield Difference(part="history", text=text, event=min(len(found), len(other)))


# -- words ---------------------------------------------------------------------------------------


def _differing(one: Mapping[str, str], other: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(name for name in sorted({*one, *other}) if one.get(name) != other.get(name))


def _and(names: Sequence[str]) -> str:
    *rest, last = names
    return f"{', '.join(rest)} and {last}" if rest else last


def _s(names: Sequence[str]) -> str:
    return "s" if len(names) == 1 else ""

"""A history as a sequence diagram: who told whom what, what went at once in one arrow.

Lanes are the client or the parent, the orchestrator, and each activity, child and entity by its name. What
was scheduled in one turn under one name is one arrow with a count, and so are its answers, one for each
outcome, where the last of them came. No arrow quotes a payload or a failure: *event* leads there.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from durahub.model.history import OrchestratorStarted
from durahub.model.ticks import Ticks, to_text
from durahub_migrate.monitor.histories import Arrow, Attempt, Group, SequenceDiagram
from durahub_migrate.monitor.seam import LiveHistory
from durahub_migrate.monitor.telling.grouping import groups_of
from durahub_migrate.monitor.telling.mermaid_text import quoted
from durahub_migrate.monitor.telling.outcomes import COMPLETED, OPEN

MOST_ARROWS = 400
MOST_LANES = 40
CLIENT = "client"

_LANE_KINDS = {
    "activity": "activity",
    "child": "child",
    "entity-call": "entity",
    "entity-signal": "entity",
    "lock": "entity",
    "sent": "instance",
}
_MANY = {
    "activity": "other activities",
    "child": "other children",
    "entity": "other entities",
    "instance": "other instances",
}
_CALLERS = frozenset({"client", "parent"})
_ASKING = _CALLERS | {"orchestrator"}
_FROM_CLIENT = {"event": "", "suspension": "suspend", "rewind": "rewind"}


@dataclass(frozen=True, slots=True)
class _Told:
    """An arrow before lanes have places. *place* is the number of the event that puts it in order."""

    place: int
    source: tuple[str, str]
    target: tuple[str, str]
    text: str
    outcome: str
    at: Ticks | None
    count: int = 1


def sequence_of(
    history: LiveHistory,
    *,
    groups: tuple[Group, ...] | None = None,
    most: int = MOST_ARROWS,
) -> SequenceDiagram:
    """Return the diagram of a history with its text for Mermaid; of its first *most* arrows."""
    found = groups if groups is not None else groups_of(history)
    turns = list(accumulate(isinstance(event, OrchestratorStarted) for event in history.events))
    start = next((one for one in found if one.kind == "start"), None)
    us = ("orchestrator", start.name or "orchestrator" if start is not None else "orchestrator")
    above = ("parent", start.instance_id) if start and start.instance_id else ("client", CLIENT)
    told = sorted(_told(found, turns, us, above), key=lambda one: one.place)
    shown = told[:most]
    lanes = _lanes(shown, us, above)
    return with_mermaid(
        SequenceDiagram(
            lanes=tuple(lane for _, lane in dict.fromkeys(lanes.values())),
            kinds=tuple(kind for kind, _ in dict.fromkeys(lanes.values())),
            arrows=tuple(_arrows(shown, lanes)),
            truncated=len(told) - len(shown),
        )
    )


def with_mermaid(diagram: SequenceDiagram) -> SequenceDiagram:
    """Return *diagram* with its text for Mermaid."""
    return replace(diagram, mermaid=mermaid_sequence(diagram))


def mermaid_sequence(diagram: SequenceDiagram) -> str:
    """Return a ``sequenceDiagram``: answers are dotted, failures have a cross, what is open half an arrow."""
    lines = ["sequenceDiagram"]
    for number, (lane, kind) in enumerate(zip(diagram.lanes, diagram.kinds, strict=True)):
        word = "actor" if kind == "client" else "participant"
        lines.append(f"  {word} p{number} as {quoted(lane)}")
    for arrow in diagram.arrows:
        ends = diagram.kinds[arrow.from_], diagram.kinds[arrow.to]
        is_answer = ends[0] not in _ASKING or (ends[0] == "orchestrator" and ends[1] in _CALLERS)
        line = "--" if is_answer else "-"
        head = {"failed": "x", "open": ")"}.get(arrow.outcome, ">>")
        times = f" ×{arrow.count}" if arrow.count > 1 else ""
        lines.append(f"  p{arrow.from_}{line}{head}p{arrow.to}: {quoted(arrow.text + times)}")
    if diagram.truncated:
        lines.append(f"  Note over p0: and {diagram.truncated} more")
    return "\n".join(lines) + "\n"


def _told(
    groups: tuple[Group, ...], turns: Sequence[int], us: tuple[str, str], above: tuple[str, str]
) -> Iterator[_Told]:
    alike: dict[tuple[str, str, str, int, int], list[tuple[Group, Attempt]]] = defaultdict(list)
    for group in groups:
        first = group.events[0]
        match group.kind:
            case "activity" | "child" | "entity-call":
                lane = _lane(group)
                for attempt in group.attempts:
                    key = (*lane, group.name or "", turns[attempt.first], attempt.number)
                    alike[key].append((group, attempt))
            case "start":
                yield _Told(first, above, us, f"start {group.name or ''}", COMPLETED, group.start)
            case "end":
                last = group.events[-1]
                yield _Told(last, us, above, group.name or "end", group.outcome, group.end)
            case "timer":
                yield from _timer(group, us)
            case "lock":
                yield from _lock(group, us)
            case "entity-signal" | "sent":
                text = f"signal {group.name}" if group.kind != "sent" else group.name or "event"
                yield _Told(first, us, _lane(group), text, COMPLETED, group.start)
            case "event" | "suspension" | "rewind":
                words = filter(None, (_FROM_CLIENT[group.kind], group.name))
                text = ": ".join(words)
                yield _Told(first, ("client", CLIENT), us, text, group.outcome, group.start)
                if (
                    group.kind == "suspension"
                    and group.outcome == COMPLETED
                    and len(group.events) > 1
                ):
                    last = group.events[-1]
                    yield _Told(last, ("client", CLIENT), us, "resume", COMPLETED, group.end)
            case _:
                pass
    for (kind, lane_name, name, _, number), those in alike.items():
        yield from _alike((kind, lane_name), name, number, those, us)


def _lane(group: Group) -> tuple[str, str]:
    kind = _LANE_KINDS[group.kind]
    name = group.instance_id if kind in ("entity", "instance") else group.name
    return kind, name or kind


def _timer(group: Group, us: tuple[str, str]) -> Iterator[_Told]:
    due = f" until {to_text(group.due)}" if group.due is not None else ""
    yield _Told(group.events[0], us, us, f"timer{due}", group.outcome, group.start)


def _lock(group: Group, us: tuple[str, str]) -> Iterator[_Told]:
    lane = _lane(group)
    yield _Told(group.events[0], us, lane, f"lock {group.name}", group.outcome, group.start)
    if group.wait is not None:
        yield _Told(group.events[1], lane, us, "locks granted", COMPLETED, None)
    if group.outcome == COMPLETED:
        yield _Told(group.events[-1], us, lane, "release", COMPLETED, group.end)


def _alike(
    lane: tuple[str, str],
    name: str,
    number: int,
    those: list[tuple[Group, Attempt]],
    us: tuple[str, str],
) -> Iterator[_Told]:
    """Yield the arrow of attempts that began at once, and one for each way in which they ended."""
    again = f", attempt {number}" if number > 1 else ""
    begun = min(attempt.first for _, attempt in those)
    outcomes: dict[str, list[Attempt]] = defaultdict(list)
    for _, attempt in those:
        outcomes[attempt.outcome].append(attempt)
    outcome = OPEN if OPEN in outcomes else "failed" if "failed" in outcomes else COMPLETED
    scheduled = those[0][1].scheduled
    yield _Told(begun, us, lane, f"{name}{again}", outcome, scheduled, len(those))
    for ending, attempts in outcomes.items():
        if ending == OPEN:
            continue
        last = max(attempts, key=lambda one: one.last)
        yield _Told(last.last, lane, us, ending, ending, last.ended, len(attempts))


def _lanes(
    told: list[_Told], us: tuple[str, str], above: tuple[str, str]
) -> dict[tuple[str, str], tuple[str, str]]:
    """Return for each lane the one in which it is drawn: of very many those of a kind share one."""
    named = dict.fromkeys((above, us))
    named |= dict.fromkeys(lane for one in told for lane in (one.source, one.target))
    lanes: dict[tuple[str, str], tuple[str, str]] = {}
    for number, lane in enumerate(named):
        is_beyond = number >= MOST_LANES and lane[0] in _MANY
        lanes[lane] = (lane[0], _MANY[lane[0]]) if is_beyond else lane
    return lanes


def _arrows(told: list[_Told], lanes: dict[tuple[str, str], tuple[str, str]]) -> Iterator[Arrow]:
    places = {lane: place for place, lane in enumerate(dict.fromkeys(lanes.values()))}
    for one in told:
        yield Arrow(
            from_=places[lanes[one.source]],
            to=places[lanes[one.target]],
            text=one.text,
            outcome=one.outcome,
            at=one.at,
            count=one.count,
            event=one.place,
        )

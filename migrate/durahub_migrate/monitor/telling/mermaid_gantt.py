"""A timeline as a ``gantt`` for Mermaid: a section for each kind, milestones for moments."""

from durahub.model.ticks import PER_SECOND, UNIX_EPOCH, Ticks
from durahub_migrate.monitor.histories import Group, Timeline
from durahub_migrate.monitor.telling.mermaid_text import leading

MOST = 200
"""Groups that are drawn."""

_SECTIONS = {
    "start": "Orchestration",
    "end": "Orchestration",
    "suspension": "Orchestration",
    "rewind": "Orchestration",
    "activity": "Activities",
    "timer": "Timers",
    "child": "Children",
    "event": "Events",
    "sent": "Events",
    "entity-call": "Entities",
    "entity-signal": "Entities",
    "lock": "Entities",
}
_TAGS = {"failed": "crit", "open": "active"}
_PER_MILLISECOND = PER_SECOND // 1000


def mermaid_gantt(timeline: Timeline, title: str = "", *, most: int = MOST) -> str:
    """Return the text for Mermaid; times are in milliseconds, which is as fine as it draws."""
    lines = ["gantt", f"  title {leading(title)}"] if title else ["gantt"]
    lines += ["  dateFormat x", "  axisFormat %H:%M:%S"]
    sections: dict[str, list[Group]] = {}
    for group in timeline.groups[:most]:
        sections.setdefault(_SECTIONS.get(group.kind, "Other"), []).append(group)
    number = 0
    for name, groups in sections.items():
        lines.append(f"  section {name}")
        for group in groups:
            lines.append(f"  {leading(_text(group))} :{_task(group, timeline, number)}")
            number += 1
    left = timeline.truncated + len(timeline.groups) - number
    if left:
        lines.append(f"  %% and {left} more")
    return "\n".join(lines) + "\n"


def _text(group: Group) -> str:
    name = group.name or group.kind
    tries = f", {len(group.attempts)} tries" if len(group.attempts) > 1 else ""
    return f"{name}{tries}"


def _task(group: Group, timeline: Timeline, number: int) -> str:
    start = group.start or timeline.start or UNIX_EPOCH
    end = max(group.end or timeline.until or start, start)
    tags = [_TAGS.get(group.outcome, "done")]
    if start == group.end:
        tags.append("milestone")
    begin, finish = _milliseconds(start), _milliseconds(end)
    return ", ".join([*tags, f"t{number}", str(begin), str(max(finish, begin + 1))])


def _milliseconds(moment: Ticks) -> int:
    return max((moment - UNIX_EPOCH) // _PER_MILLISECOND, 0)

"""The operation budget: what each piece of work may cost, in storage requests from its start to its end.

``docs/budget.md`` shows the same lines: ``python -m tests.budget.lines`` prints them, a test compares.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

PUT, DELETE = "queue put", "queue delete"
CHECKPOINT, INSERT, MERGE = "table transaction", "table insert", "table merge"
GET, QUERY, ERASE, LIST = "table get", "table query", "table delete", "blob list"

Requests = Mapping[str, int]


@dataclass(frozen=True)
class Line:
    """What one piece of work costs.

    ``dotnet`` is what DTFx's provider takes without extended sessions, one message a receive, counted from
    its steps; ``None`` where that depends on chance.
    """

    subject: str
    requests: Requests
    dotnet: int | None = None

    @property
    def total(self) -> int:
        """All requests."""
        return sum(self.requests.values())


def _sum(*parts: Requests) -> dict[str, int]:
    total: Counter[str] = Counter()
    for part in parts:
        total.update(part)
    return dict(total)


def _times(number: int, part: Requests) -> dict[str, int]:
    return {kind: number * count for kind, count in part.items()}


SENT = {PUT: 1}
CONSUMED = {DELETE: 1}
TURN = {CHECKPOINT: 1}
ROW = {MERGE: 1}
START = _sum(SENT, {INSERT: 1})
FIRST_TURN = _sum(
    TURN, ROW, CONSUMED
)  # the row says Running; or the end, where that is the last turn
LAST_TURN = _sum(TURN, ROW)
ACTIVITY = _sum(SENT, CONSUMED)  # its result costs nothing: the activity's message stands for it
CAUSES = {
    CHECKPOINT: 1
}  # results from memory, which are stored before anything is sent that follows
SECURED = _sum(
    SENT, CONSUMED
)  # the same where the history is replaced: they are put into their queue
NEW_HISTORY = {QUERY: 1}  # of an ID that no row was inserted for: there may be a history

EMPTY = Line("an orchestration of one turn", _sum(START, FIRST_TURN), 9)
ONE_ACTIVITY = Line("one activity", _sum(START, FIRST_TURN, ACTIVITY, LAST_TURN), 18)
FIVE_ACTIVITIES = Line(
    "five activities in sequence",
    _sum(START, FIRST_TURN, _times(5, ACTIVITY), _times(4, _sum(CAUSES, TURN)), LAST_TURN),
    54,
)
EVENT = Line(
    "an external event that is waited for", _sum(START, FIRST_TURN, SENT, CONSUMED, LAST_TURN), 15
)
TIMER = Line("a timer", _sum(START, FIRST_TURN, SENT, CONSUMED, LAST_TURN), 15)
CHILD = Line(
    "a sub-orchestration of one turn",
    _sum(START, FIRST_TURN, SENT, NEW_HISTORY, FIRST_TURN, SENT, CONSUMED, LAST_TURN),
    21,
)
ENTITY_CALL = Line(
    "a call of an entity that is known",
    _sum(START, FIRST_TURN, SENT, FIRST_TURN, SENT, CONSUMED, LAST_TURN),
    21,
)
NEW_ENTITY_CALL = Line("… that is not", _sum(ENTITY_CALL.requests, NEW_HISTORY), 21)
SIGNAL = Line("a signal to an entity that is known", _sum(SENT, FIRST_TURN), 6)
NEW_SIGNAL = Line("… that is not", _sum(SIGNAL.requests, NEW_HISTORY), 6)
CONTINUED = Line(
    "one activity, continue as new, one activity",
    # the row keeps columns of the first generation, so that who waits is told what is read
    _sum(START, FIRST_TURN, ACTIVITY, SECURED, TURN, ROW, ACTIVITY, LAST_TURN, {GET: 1}),
    27,
)
SUSPEND = Line("a suspension", _sum({GET: 1}, SENT, FIRST_TURN))
RESUME = Line("a resumption", _sum(SENT, FIRST_TURN))
TERMINATE = Line("a termination", _sum({GET: 1}, SENT, FIRST_TURN))
PURGE = Line(
    "a purge, recursive, of an instance without children and large payloads",
    _sum({GET: 1, QUERY: 2, LIST: 1, CHECKPOINT: 1, ERASE: 1}),
)

BRANCHES = 100
MOST_A_BRANCH = 2.3
"""Requests for each of `BRANCHES` activities at once: how their results share turns is chance."""

LINES = (
    EMPTY,
    ONE_ACTIVITY,
    FIVE_ACTIVITIES,
    EVENT,
    TIMER,
    CHILD,
    ENTITY_CALL,
    NEW_ENTITY_CALL,
    SIGNAL,
    NEW_SIGNAL,
    CONTINUED,
    SUSPEND,
    RESUME,
    TERMINATE,
    PURGE,
)

COLUMNS = {
    "put": (PUT,),
    "delete": (DELETE,),
    "checkpoint": (CHECKPOINT,),
    "row": (INSERT, MERGE),
    "read": (GET, QUERY),
    "other": (ERASE, LIST),
}


def table() -> str:
    """Return the lines as a table in Markdown."""
    rows = [
        ["work", *COLUMNS, "durahub", "DTFx"],
        ["---", *("---:" for _ in COLUMNS), "---:", "---:"],
    ]
    for line in LINES:
        counts = [sum(line.requests.get(kind, 0) for kind in kinds) for kinds in COLUMNS.values()]
        cells = [str(count) if count else "" for count in counts]
        rows.append([line.subject, *cells, f"**{line.total}**", str(line.dotnet or "")])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    print(table())

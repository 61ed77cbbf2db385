"""Runs of one orchestration beside each other, by their tasks: a grid for what recurs."""

from collections.abc import Iterable, Iterator, Sequence

from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.histories import GridCell, Group, RunsGrid
from durahub_migrate.monitor.row import Row
from durahub_migrate.monitor.telling.outcomes import CANCELED, COMPLETED, FAILED, FIRED, OPEN

TASKS = frozenset({"activity", "child", "entity-call", "lock", "event"})
"""Kinds of groups that are tasks of a grid. Timers have no names."""

_WORST = (FAILED, OPEN, CANCELED, FIRED, COMPLETED)


def runs_grid(name: str, runs: Iterable[tuple[Row, Sequence[Group]]]) -> RunsGrid:
    """Return the grid of *runs*, instances of that *name* with the groups of their histories.

    The newest is first. Tasks stand in the order in which the newest run did them; what only others did
    stands behind what went before it there. A cell is of all that a run did under the name: it took the
    time that any of it took, and came to the worst that any of it came to.
    """
    ordered = sorted(runs, key=lambda run: (-(run[0].created or 0), run[0].instance_id))
    following: dict[str | None, str | None] = {None: None}  # the tasks, each by the one before it
    cells: dict[str, dict[str, GridCell]] = {}
    for row, groups in ordered:
        found: dict[str, list[Group]] = {}
        for group in groups:
            if group.kind in TASKS:
                found.setdefault(group.name or group.kind, []).append(group)
        before: str | None = None
        for task, those in found.items():
            if task not in following:
                following[task], following[before] = following[before], task
            before = task
            cells.setdefault(task, {})[row.instance_id] = _cell(those)
    tasks = tuple(_chain(following))
    return RunsGrid(
        name=name,
        runs=tuple(row.instance_id for row, _ in ordered),
        statuses=tuple(row.status for row, _ in ordered),
        seconds=tuple(_seconds(row) for row, _ in ordered),
        tasks=tasks,
        cells={task: cells[task] for task in tasks},
    )


def _chain(following: dict[str | None, str | None]) -> Iterator[str]:
    task = following[None]
    while task is not None:
        yield task
        task = following[task]


def _seconds(row: Row) -> float | None:
    if row.created is None or row.completed is None:
        return None
    return max(seconds_between(row.created, row.completed), 0.0)


def _cell(groups: Sequence[Group]) -> GridCell:
    outcomes = {group.outcome for group in groups}
    return GridCell(
        outcome=next((one for one in _WORST if one in outcomes), COMPLETED),
        seconds=_covered(groups),
        attempts=sum(max(len(group.attempts), 1) for group in groups),
    )


def _covered(groups: Sequence[Group]) -> float | None:
    """Return the seconds in which at least one of *groups* was under way, ``None`` if one still is."""
    total = 0.0
    reach: Ticks | None = None
    for start, end in sorted((one.start or 0, one.end or one.start or 0) for one in groups):
        begin = Ticks(start if reach is None else max(start, reach))
        if end > begin:
            total += seconds_between(begin, Ticks(end))
        reach = Ticks(max(end, begin))
    return None if any(one.outcome == OPEN for one in groups) else total

"""What to read next of a hub: a state machine without a clock and without I/O.

Times are seconds of a clock that never goes back. A hub is swept once as a whole, and again from time to
time: only that finds what was deleted. In between it is asked for what changed, every few seconds while
somebody looks and rarely while nobody does; where such a question takes many requests (storage looks through
the whole table for it) the pause grows with them, so that it never takes more than a share of the budget.

A sweep goes page by page, and what is due comes in between: the largest hub does not keep changes waiting.
"""

from dataclasses import dataclass, replace

from durahub_migrate.monitor.hub import Health

FIRST_PAUSE = 2.0  # seconds after a first failure; it doubles
LONGEST_PAUSE = 120.0
_SHARE = 0.5  # of the budget, that questions for changes may take


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """How often a hub is read, in seconds: for changes while it is *watched* and while it is *idle*.

    *free* is how often it is asked for changes while it is watched and that takes no request at all.
    *active* is how often instances that have not ended are asked for, changed or not. *sweep* is from the end
    of a whole sweep to the next, *again* the same where rows are known to be missing. *gone* is how often it
    is looked for a hub that was deleted. *stuck* is how often those that do not move are counted while it is
    watched.
    """

    watched: float = 5.0
    free: float = 1.0
    idle: float = 60.0
    active: float = 60.0
    sweep: float = 900.0
    again: float = 30.0
    gone: float = 60.0
    stuck: float = 120.0


# -- what to do ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Open:
    """Find the hub."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Read a page of a whole sweep; *begins* tells that it is a new one."""

    begins: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """Ask what changed; with *active* for what has not ended as well."""

    active: bool


@dataclass(frozen=True, slots=True)
class Rest:
    """Nothing is due for so many seconds."""

    seconds: float


Step = Open | Sweep | Changes | Rest


# -- what is known ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """How watching a hub goes. *problem* is why it is not `Health.WATCHED`.

    *is_open* tells that the hub was found, *under_way* that a sweep is. *swept* and *changed* are when a
    sweep and a question for changes ended last, *asked_active* when one with the active did, *took* its
    requests, if one has. Until *resting* nothing is asked, after *failures* failures in a row. *is_still*
    and *has_mark* are of the source: nothing changes there, changes can be asked for.
    """

    health: Health = Health.STARTING
    problem: str | None = None
    is_open: bool = False
    under_way: bool = False
    is_still: bool = False
    has_mark: bool = False
    swept: float | None = None
    changed: float | None = None
    asked_active: float | None = None
    took: int | None = None
    resting: float = 0.0
    failures: int = 0
    sweep_again: bool = False


def next_step(
    state: Watching,
    now: float,
    intervals: Intervals,
    *,
    watched: bool,
    asked: bool = False,
    per_second: float | None = None,
) -> Step:
    """Return what to do. *watched*: somebody looks at the hub; *asked*: somebody wants it fresh now.

    Who asks does not shorten the patience that storage asked for.
    """
    if now < state.resting and not (asked and state.health is not Health.THROTTLED):
        return Rest(state.resting - now)
    if not state.is_open:
        return Open()
    changes = _changes_due(state, intervals, watched=watched, per_second=per_second)
    if changes is not None and (asked or changes <= now):
        since = state.asked_active
        return Changes(active=since is None or since + intervals.active <= now)
    if state.under_way:
        return Sweep(begins=False)
    sweep = _sweep_due(state, intervals)
    if sweep is not None and (sweep <= now or (asked and changes is None)):
        return Sweep(begins=True)
    due = [one for one in (changes, sweep) if one is not None]
    return Rest(max(0.0, min(due) - now) if due else intervals.sweep)


def _changes_due(
    state: Watching, intervals: Intervals, *, watched: bool, per_second: float | None
) -> float | None:
    """Return when to ask for changes: ``None`` where that is not possible, or not before a first sweep."""
    if state.is_still or not state.has_mark:
        return None
    if state.changed is None:
        return 0.0
    pause = intervals.idle
    if watched:
        pause = intervals.free if state.took == 0 else intervals.watched
    if per_second is not None and state.took is not None:
        pause = max(pause, state.took / (per_second * _SHARE))
    return state.changed + pause


def _sweep_due(state: Watching, intervals: Intervals) -> float | None:
    if state.swept is None:
        return 0.0
    if state.is_still:
        return None
    return state.swept + (intervals.again if state.sweep_again else intervals.sweep)


# -- what became of it -----------------------------------------------------------------------------


def opened(state: Watching, *, is_still: bool, has_mark: bool, under_way: bool) -> Watching:
    """Return the state behind an opening that found the hub."""
    return _well(
        replace(
            state,
            is_open=True,
            is_still=is_still,
            has_mark=has_mark,
            under_way=under_way,
            problem=None,
        )
    )


def swept_page(state: Watching, now: float, *, ended: bool) -> Watching:
    """Return the state behind a page of a sweep; behind its last one changes can be asked for."""
    state = _well(state)
    if not ended:
        return replace(state, under_way=True, sweep_again=False)
    return replace(
        state,
        under_way=False,
        swept=now,
        changed=now,
        asked_active=now,
        has_mark=not state.is_still,
        sweep_again=False,
        health=Health.WATCHED,
    )


def read_changes(
    state: Watching, now: float, *, took: int, active: bool, sweep_again: bool = False
) -> Watching:
    """Return the state behind a question for changes that took so many requests.

    With *sweep_again* it was seen that rows are missing.
    """
    return replace(
        _well(state),
        changed=now,
        took=took,
        asked_active=now if active else state.asked_active,
        sweep_again=state.sweep_again or sweep_again,
    )


def failed(
    state: Watching,
    now: float,
    health: Health,
    problem: str,
    intervals: Intervals,
    *,
    patience: float | None = None,
) -> Watching:
    """Return the state behind a failure; *patience* are the seconds that storage asks for."""
    failures = state.failures + 1
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(failures - 1, 10))
    if health is Health.GONE:
        pause = intervals.gone
    if patience is not None:
        pause = max(pause, patience)
    is_open = state.is_open and health is Health.THROTTLED
    return replace(
        state,
        health=health,
        problem=problem,
        is_open=is_open,
        resting=now + pause,
        failures=failures,
    )


def gone(state: Watching) -> Watching:
    """Return the state of a hub of which nothing is left in the index: it is swept anew if it comes back."""
    return replace(
        state,
        under_way=False,
        has_mark=False,
        swept=None,
        changed=None,
        asked_active=None,
        took=None,
    )


def _well(state: Watching) -> Watching:
    """Return the state behind an answer: nothing is wrong any more."""
    health = Health.STARTING if state.swept is None else Health.WATCHED
    return replace(state, health=health, problem=None, failures=0, resting=0.0)

"""What each strategy can do for a whole hub, what it takes of the scheduler, and which one suits most."""

from durahub_migrate.assessment import notes
from durahub_migrate.assessment.actions import moving_actions
from durahub_migrate.assessment.assessment import Mark, StrategyReport
from durahub_migrate.assessment.decision_table import STRATEGIES, mark_of
from durahub_migrate.assessment.reading import HubNotes
from durahub_migrate.assessment.rows import Row

PUBLIC = ("b2", "b1", "c")
"""Strategies to the scheduler that use public calls alone, the most faithful first."""


def strategies(hub: HubNotes) -> tuple[StrategyReport, ...]:
    """Return each strategy with how much of what is in flight, entities included, it suits."""
    return tuple(_strategy(hub, code) for code in STRATEGIES)


def recommended(found: tuple[StrategyReport, ...], said: str | None) -> str | None:
    """Return the strategy that was *said*, or the one that is impossible for the fewest.

    ``None`` where nothing is in flight: then there is nothing to choose.
    """
    if said is not None:
        return said
    by_code = {one.strategy: one for one in found}
    if not any(one.preferred + one.possible + one.impossible for one in found):
        return None
    return min(PUBLIC, key=lambda code: (by_code[code].impossible, -by_code[code].preferred))


def _strategy(hub: HubNotes, code: str) -> StrategyReport:
    marks = dict.fromkeys(Mark, 0)
    for (_, rows), amount in hub.rows.items():
        if Row.ENDED not in rows and rows != {Row.ENTITY_EMPTY}:
            marks[mark_of(rows, code)] += amount
    title, means = STRATEGIES[code]
    actions, formula = _actions(hub, code)
    return StrategyReport(
        strategy=code,
        title=title,
        means=means,
        preferred=marks[Mark.PREFERRED],
        possible=marks[Mark.POSSIBLE],
        impossible=marks[Mark.IMPOSSIBLE],
        fits=marks[Mark.IMPOSSIBLE] == 0,
        actions=actions,
        formula=formula,
    )


def _actions(hub: HubNotes, code: str) -> tuple[int | None, str]:
    """Return the actions that moving what is in flight takes of the scheduler, and how they are counted."""
    if code in ("a", "d"):
        return 0, "the managed scheduler has no part in it"
    if code == "c":
        return 0, "nothing is moved; new work is in the running load"
    orchestrations = hub.total("live", notes.ORCHESTRATION)
    recorded = hub.total("actions")
    pending = hub.total("activities") + hub.total("timers") + hub.total("children")
    waiting = hub.items[Row.EVENT_QUEUED]
    entities = hub.total("with-state", notes.ENTITY) + hub.total("operations", notes.ENTITY)
    seeds = f"{entities:,} for entity states and queued operations"
    events = f"{waiting:,} for events in queues"
    if hub.total("live-unread"):
        return None, f"{hub.total('live-unread'):,} histories of what is in flight were not read"
    actions = moving_actions(
        code,
        orchestrations=orchestrations,
        recorded=recorded,
        opened=pending,
        waiting=waiting,
        entities=entities,
    )
    if code == "b1":
        said = (
            f"at most {recorded:,} recorded actions done again (a start, an activity and its result, a "
            f"timer, an event: 1 each) + {events}; entities cannot be moved so"
        )
        return actions, said
    if code == "b2":
        said = (
            f"{recorded:,} recorded actions replayed (a start, an activity and its result, a timer, an "
            f"event: 1 each) + {events} + {seeds}"
        )
        return actions, said
    each = 3 if code == "b3" else 1
    how = "start, end and rewind" if code == "b3" else "one creation"
    said = (
        f"{orchestrations:,} orchestrations × {each} ({how}) + {pending:,} open activities, timers and "
        f"sub-orchestrations + {events} + {seeds}"
    )
    return actions, said

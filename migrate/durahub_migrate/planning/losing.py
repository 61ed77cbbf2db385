"""What moving a tree loses by its strategy. Pure."""

from collections.abc import Callable, Iterator

from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Loss
from durahub_migrate.planning.choosing import SENDS_AGAIN
from durahub_migrate.planning.losses import loss
from durahub_migrate.planning.request import Request
from durahub_migrate.planning.survey import Survey, named

_NEW_TIMES = (Strategy.RECREATE, Strategy.GHOST)


def losses(found: Survey, strategy: Strategy, request: Request) -> Iterator[Loss]:
    """Yield the losses, each code once."""
    for code, count, detail in (
        *_of_all(found, strategy),
        *_BY_STRATEGY.get(strategy, _of_moved)(found, strategy, request),
    ):
        if count:
            yield loss(code, count, detail)


_Found = tuple[str, int, str]


def _of_all(found: Survey, strategy: Strategy) -> Iterator[_Found]:
    yield "poison-left", found.poison, ""
    if strategy is not Strategy.IMPORT:
        yield "message-for-nobody-left", found.stale, ""
    if strategy not in SENDS_AGAIN:
        yield "delayed-signal-is-lost", found.hidden_signals, ""


def _of_drained(found: Survey, strategy: Strategy, request: Request) -> Iterator[_Found]:  # noqa: ARG001
    yield "stays-on-the-old-hub", found.tree.members, ""


def _of_archived(found: Survey, strategy: Strategy, request: Request) -> Iterator[_Found]:  # noqa: ARG001
    yield "only-in-the-bundle", found.tree.members, ""


def _of_moved(found: Survey, strategy: Strategy, request: Request) -> Iterator[_Found]:
    orchestrations = 0 if found.tree.is_entity else found.tree.members
    yield "ids-are-new", len(found.ids), ""
    yield "parent-is-missing", len(found.parents), named(found.parents) if found.parents else ""
    yield "overdue-start-begins-at-once", found.overdue_starts, ""
    if strategy is Strategy.RECREATE:
        yield "activities-run-again", found.activities, ""
        yield "delay-begins-again", found.timers, ""
    else:
        doubtful = found.in_doubt
        yield "activity-may-run-again", len(doubtful), named([str(one) for one in doubtful])
        yield "overdue-timer-fires-at-once", found.overdue_timers, ""
    if strategy is Strategy.IMPORT:
        return
    if orchestrations:
        code = "times-are-new" if strategy in _NEW_TIMES else "row-times-are-new"
        yield code, orchestrations, ""
        if strategy is not Strategy.BACKEND:
            yield "execution-id-is-new", orchestrations, ""
        yield "generation-is-dropped", found.generations, ""
        yield "retention-starts-anew", found.ended, ""
    yield "order-across-queues", found.disordered, ""
    yield "calls-are-sent-again", found.calls, ""
    yield "lock-is-asked-for-again", int(found.locked_by is not None), ""
    yield "sorter-dropped", found.sorters, ""
    yield "actions-are-renumbered", found.renumbered, ""
    if request.capabilities.tags is False:
        yield "tags-are-lost", found.tagged, ""


_BY_STRATEGY: dict[Strategy, Callable[[Survey, Strategy, Request], Iterator[_Found]]] = {
    Strategy.DRAIN: _of_drained,
    Strategy.ARCHIVE: _of_archived,
}

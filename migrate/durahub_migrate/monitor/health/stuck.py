"""Instances that do not move though they should: judged by their rows and one look at queues and leases.

No history is read for it. What is found so is a suspicion, told with what is known: those on top may be
explained in whole afterwards. Which instances wait rightly (for an event, a timer, a child) no row tells, so
the age that counts is asked for.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace

from durahub.engine.state import answer_of
from durahub.model.history import TaskScheduled
from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.explaining.delivering import is_poison
from durahub_migrate.monitor.explaining.partition import trouble
from durahub_migrate.monitor.explaining.seen import HubSeen, SeenMessage
from durahub_migrate.monitor.explaining.wording import age, clock, counted, quoted
from durahub_migrate.monitor.row import ENDED, Kind, Row
from durahub_migrate.monitor.waiting import Explanation, Reason, Stuck

_MOST = 1000
MAY_WAIT_RIGHTLY = frozenset({Reason.EVENT_OR_ENTITY})
"""Told of rows about which nothing else is known: suspects, until their histories are read."""
SLOW = frozenset(
    {
        Reason.QUEUED_BEHIND_BACKLOG,
        Reason.ACTIVITY_QUEUED,
        Reason.ACTIVITY_RUNNING_LONG,
        Reason.UNKNOWN,
    }
)
"""Goes on by itself, perhaps, but stays in the list when it was explained."""


def stuck(
    rows: Iterable[Row],
    hub: HubSeen,
    queue_of: Callable[[str], str | None],
    older_than: float,
    *,
    most: int = _MOST,
) -> tuple[Stuck, ...]:
    """Return the lines of the list: what is at fault first, then suspects, of both the oldest first.

    *rows* are those that have not ended; entities among them count if they are locked by an instance that
    is not among *rows*. Suspects (`MAY_WAIT_RIGHTLY`) belong on the list only once they were explained.
    """
    active = {row.instance_id: row for row in rows if row.status not in ENDED}
    to = _by_target(hub)
    found = []
    for row in active.values():
        line = _judged(row, hub, queue_of(row.instance_id), to.get(row.instance_id, ()), active)
        if line is not None and line.seconds >= older_than:
            found.append(line)
    found.sort(key=lambda line: (line.reason in MAY_WAIT_RIGHTLY, -line.seconds, line.instance_id))
    return tuple(found[:most])


def told_in_whole(line: Stuck, explained: Explanation) -> Stuck | None:
    """Return a line by its full explanation; ``None`` if the instance is not stuck after all."""
    if not explained.is_stuck and explained.reason not in SLOW:
        return None
    return replace(line, reason=explained.reason, sentence=explained.sentence, whole=True)


def _by_target(hub: HubSeen) -> Mapping[str, tuple[SeenMessage, ...]]:
    found: dict[str, tuple[SeenMessage, ...]] = {}
    for queue in hub.queues.values():
        for message in queue.messages:
            if message.target is not None and message.is_due(hub.now):
                found[message.target] = (*found.get(message.target, ()), message)
    return found


def _judged(
    row: Row,
    hub: HubSeen,
    queue: str | None,
    messages: tuple[SeenMessage, ...],
    active: Mapping[str, Row],
) -> Stuck | None:
    for reason, sentence, since in _reasons(row, hub, queue, messages, active):
        moved = since or row.updated or row.created
        seconds = 0.0 if moved is None else seconds_between(moved, hub.now)
        return Stuck(
            hub=row.hub,
            instance_id=row.instance_id,
            name=row.name,
            status=row.status,
            reason=reason,
            sentence=sentence,
            since=moved,
            seconds=round(seconds, 1),
        )
    return None


def _reasons(
    row: Row,
    hub: HubSeen,
    queue: str | None,
    messages: tuple[SeenMessage, ...],
    active: Mapping[str, Row],
) -> Iterator[tuple[Reason, str, Ticks | None]]:
    bad = next((one for one in messages if is_poison(one, hub)), None)
    if bad is not None:
        times = counted(bad.deliveries, "time")
        is_activity = isinstance(bad.event, TaskScheduled)
        reason = Reason.ACTIVITY_POISON if is_activity else Reason.MESSAGE_POISON
        what = f"activity {quoted(getattr(bad.event, 'name', None))}" if is_activity else "it"
        yield reason, f"A message for {what} was delivered {times}: probably poison.", bad.inserted
    if row.kind is Kind.ENTITY:
        if row.locked_by is not None and row.locked_by not in active:
            said = f"It is locked by {quoted(row.locked_by)}, which is not running."
            yield Reason.ENTITY_LOCK_HELD_BY, said, row.updated
        return
    if row.status == "Suspended":
        return
    keeps = trouble(queue, hub)
    own = [one for one in messages if not isinstance(one.event, TaskScheduled)]
    waiting = min((one.inserted for one in own if one.inserted is not None), default=None)
    if keeps is not None and (own or row.status == "Pending") and _is_due(row, hub):
        begun = row.status != "Pending"
        since = waiting if begun else row.scheduled_start or row.created
        yield keeps.reason, f"{keeps.sentence[0].upper()}{keeps.sentence[1:]}.", since
    if row.status == "Pending":
        yield from _pending(row, hub, queue, own)
        return
    if waiting is not None and seconds_between(waiting, hub.now) >= hub.thresholds.backlog:
        yield (
            Reason.QUEUED_BEHIND_BACKLOG,
            f"{counted(len(own), 'message')} for it {'is' if len(own) == 1 else 'are'} in queue {queue} for "
            f"{age(waiting, hub.now)}.",
            waiting,
        )
    item = next((one for one in messages if isinstance(one.event, TaskScheduled)), None)
    if item is not None and item.inserted is not None:
        name = getattr(item.event, "name", None)
        said = f"Activity {quoted(name)} has been queued for {age(item.inserted, hub.now)}."
        yield Reason.ACTIVITY_QUEUED, said, item.inserted
    elif not any(one.event is not None and answer_of(one.event) for one in own):
        said = (
            f"Nothing has happened since {clock(row.updated)}; what it waits for was not read."
            if row.updated is not None
            else "What it waits for was not read."
        )
        yield Reason.EVENT_OR_ENTITY, said, row.updated


def _pending(
    row: Row, hub: HubSeen, queue: str | None, own: list[SeenMessage]
) -> Iterator[tuple[Reason, str, Ticks | None]]:
    if not _is_due(row, hub):
        return
    since = row.scheduled_start or row.created
    if own:
        said = f"Its start has been in queue {queue} for {age(since, hub.now)}."
        yield Reason.QUEUED_BEHIND_BACKLOG, said, since
    elif hub.hidden(queue) == 0:
        said = "It is Pending, and its queue has no message for it: its start is lost."
        yield Reason.NEVER_STARTED, said, since
    else:
        said = f"It is Pending for {age(since, hub.now)}, and its start is not to be seen."
        yield Reason.NEVER_STARTED, said, since


def _is_due(row: Row, hub: HubSeen) -> bool:
    return row.scheduled_start is None or row.scheduled_start <= hub.now

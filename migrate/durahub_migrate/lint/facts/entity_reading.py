"""An entity's scheduler state, read for rules: what it holds, who holds its lock, what waits."""

from collections.abc import Iterator

from durahub.engine.entities.ids import parse_entity_id
from durahub.engine.entities.scheduler_state import Sorting, scheduler_state_of
from durahub.errors import BadInstanceId, BadMessage
from durahub.model.ticks import MINIMUM, Ticks
from durahub_migrate.lint.facts.instances import EntityFacts


def entity_of(instance_id: str, scheduler_state: str | None) -> EntityFacts:
    """Return the facts of an entity; *scheduler_state* is the input of its start, ``None`` before any.

    A text that cannot be read becomes the facts' ``problem``, with nothing else known; so does an ID
    that is no entity's.
    """
    try:
        entity = parse_entity_id(instance_id)
    except BadInstanceId:
        return EntityFacts(name="", key="", problem="its ID is no entity's: that is @name@key")
    try:
        read = scheduler_state_of(scheduler_state)
    except BadMessage as error:
        return EntityFacts(name=entity.name, key=entity.key, problem=error.problem)
    newest = max(_times(read.sorting), default=None)
    return EntityFacts(
        name=entity.name,
        key=entity.key,
        state=read.state,
        backlog=len(read.queue),
        held=sum(len(sender.held or ()) for sender in (read.sorting.senders or {}).values()),
        locked_by=read.locked_by,
        sorts=newest is not None,
        sorted_last=newest,
    )


def _times(sorting: Sorting) -> Iterator[Ticks]:
    """Return when each sender or target was last heard of; one of which nothing is remembered has no time."""
    stamps = [*(sorting.sent or {}).values()]
    for sender in (sorting.senders or {}).values():
        stamps += [sender.last, *(request.timestamp for request in sender.held or ())]
    return (stamp.ticks for stamp in stamps if stamp.ticks != MINIMUM)

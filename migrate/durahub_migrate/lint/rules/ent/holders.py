"""Who holds locks, seen from both sides: entities and the orchestrations that are alive."""

import json
from collections.abc import Iterator

from durahub.engine.entities.messages import RELEASE, release_of
from durahub.errors import BadMessage
from durahub.model.history import EventRaised
from durahub.model.ticks import seconds_between
from durahub_migrate.lint.facts.hubs import MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.rule import Observation
from durahub_migrate.lint.rules.groups import group_of
from durahub_migrate.lint.target import Given

ALIVE = "!"  # before every entity
RELEASED = "!released "  # begins the entity that is about to be released; before every entity, too
_LIVE = ("Pending", "Running", "Suspended")


def lock_observations(fact: InstanceFacts, given: Given) -> Iterator[Observation]:
    """Note under its holder each lock, and each orchestration that is alive.

    What has ended need not be noted: it releases nothing, as what is not there.
    """
    if fact.entity is not None:
        if fact.entity.locked_by is not None:
            group = group_of(given, fact.entity.locked_by)
            yield Observation(group, json.dumps(fact.instance_id), fact.place)
    elif fact.row is not None and fact.row.status in _LIVE:
        yield Observation(group_of(given, fact.instance_id), ALIVE, fact.place)


def is_unsettled(fact: InstanceFacts, given: Given) -> bool:
    """Tell whether an instance has changed while a hub in use was exported, or shortly before.

    Holder and entity are of different moments then: the one has ended, and its release was on the way.
    """
    until = given.settled_until
    if until is None or fact.row is None:
        return False
    last = fact.row.last_updated
    return last is None or seconds_between(last, until) < given.thresholds.overdue_seconds


def release_observations(fact: MessageFacts, given: Given) -> Iterator[Observation]:
    """Note under its sender a release that is on its way."""
    event = fact.event
    if not isinstance(event, EventRaised) or event.name != RELEASE or fact.target is None:
        return
    try:
        holder = release_of(event.input).parent
    except BadMessage:
        return
    if holder is not None:
        yield Observation(group_of(given, holder), RELEASED + json.dumps(fact.target), fact.place)

"""Grants of locks, and how those are given back that nobody waits for.

A grant finds nobody where its orchestration is over or purged, goes on as another execution, or has lost
the turn that asked. It names its critical section alone, and comes from the last entity of the set: so a
grant of several locks has the set in a tag. .NET writes such tags with activities and starts of children,
and reads those of activities only.
"""

from collections.abc import Iterable, Sequence

from durahub.engine.entities.calls import EntityLockRequest, native_events
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import LOCK_GRANTED, guid_text, response_of
from durahub.engine.entities.releases import locks_held, release_message
from durahub.errors import BadMessage
from durahub.model.history import Event, EventRaised, Execution, Tags
from durahub.model.json_text import read, write
from durahub.model.message import Message
from durahub.model.ticks import Ticks

LOCKS_TAG = "durahub.locks"
"""A JSON array of the entities' IDs."""


def tags_of_grant(locks: Sequence[str]) -> Tags | None:
    """Return the tags of a grant; of a single lock the sender tells enough."""
    return {LOCKS_TAG: write(list(locks))} if len(locks) > 1 else None


def is_grant(message: Message) -> bool:
    """Tell whether *message* grants an orchestration its locks."""
    event, sender = message.event, message.sender
    if not isinstance(event, EventRaised) or sender is None or not is_entity(sender.instance_id):
        return False
    try:
        return response_of(event.input).result == LOCK_GRANTED
    except BadMessage:
        return False


def releases_of_stray(
    grant: Message, sent: Sequence[Event], now: Ticks, *, has_ended: bool
) -> tuple[Message, ...]:
    """Return the releases that *grant* calls for, which nobody waits for any more; of anything else none.

    *sent* are the events that the present execution of its receiver has sent, which *has_ended* perhaps.
    Entities on which that holds on, or waits for, are left alone: a release names no section that counts.
    """
    event = grant.event
    if not is_grant(grant) or not isinstance(event, EventRaised):
        return ()
    section = guid_text(event.name or "")
    held = set() if has_ended else {entity for _, entity in locks_held(sent)}
    target = grant.target
    sender = Execution(target.instance_id, target.execution_id or "")
    return tuple(
        release_message(section, entity, sender, now)
        for entity in _locks_of(grant, section, sent)
        if entity not in held
    )


def _locks_of(grant: Message, section: str, sent: Iterable[Event]) -> Sequence[str]:
    """Return the set of the locks, or what is known of it where a .NET worker granted it."""
    tagged = _tagged(grant)
    if tagged:
        return tagged
    for native in native_events(sent):
        if (
            isinstance(native, EntityLockRequest)
            and guid_text(native.critical_section_id) == section
        ):
            return native.lock_set
    return (grant.sender.instance_id,) if grant.sender is not None else ()


def _tagged(grant: Message) -> Sequence[str]:
    try:
        found = read((grant.tags or {}).get(LOCKS_TAG, "null"))
    except ValueError:
        return ()  # a redacted one, for instance
    return (
        [one for one in found if isinstance(one, str) and is_entity(one)]
        if isinstance(found, list)
        else ()
    )

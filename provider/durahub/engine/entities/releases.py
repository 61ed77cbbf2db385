"""The locks that an orchestration still holds when it ends, or has asked for; orchestration semantics 5.9."""

from collections.abc import Iterable, Sequence

from durahub.engine.entities.calls import EntityLockRequest, EntityUnlock, native_events
from durahub.engine.entities.messages import (
    LOCK_GRANTED,
    RELEASE,
    Release,
    guid_text,
    release_text,
    response_of,
)
from durahub.errors import BadMessage
from durahub.model.history import Event, EventRaised, Execution
from durahub.model.message import Message
from durahub.model.ticks import Ticks


def locks_held(events: Iterable[Event]) -> tuple[tuple[str, str], ...]:
    """Return the locks that were asked for in *events* and not released: critical section, entity.

    Nobody knows whether one that has not been granted will be: it counts.
    """
    held: dict[tuple[str, str], None] = {}
    for native in native_events(events):
        match native:
            case EntityLockRequest():
                section = guid_text(native.critical_section_id)
                held |= {(section, entity): None for entity in native.lock_set}
            case EntityUnlock():
                held.pop((guid_text(native.critical_section_id), native.target), None)
            case _:
                pass
    return tuple(held)


def missing_releases(
    events: Iterable[Event], sender: Execution, now: Ticks, episode: int | None = None
) -> tuple[Message, ...]:
    """Return the releases that *sender*, whose whole history *events* are, owes when it ends."""
    return tuple(
        _release(section, entity, sender, now, episode) for section, entity in locks_held(events)
    )


def releases_of_stray(
    answer: Message, sent: Sequence[Event], sender: Execution, now: Ticks, *, has_ended: bool
) -> tuple[Message, ...]:
    """Return the releases that a lock calls for whose grant nobody waits for any more.

    *answer* is dropped: *sender*, which *sent* these events, has had it before or *has_ended*. A crash
    can make a lock request come twice, the second time after the release. Entities that *sender* holds
    on to for another critical section are left alone: a release names no section that counts.
    """
    event, entity = answer.event, answer.sender
    if not isinstance(event, EventRaised) or entity is None or not _is_grant(event):
        return ()
    section = guid_text(event.name or "")
    requests = [n for n in native_events(sent) if isinstance(n, EntityLockRequest)]
    asked = [n for n in requests if guid_text(n.critical_section_id) == section]
    locked = asked[0].lock_set if asked else (entity.instance_id,)
    held = set() if has_ended else {locked_entity for _, locked_entity in locks_held(sent)}
    return tuple(_release(section, one, sender, now, None) for one in locked if one not in held)


def _is_grant(event: EventRaised) -> bool:
    try:
        return response_of(event.input).result == LOCK_GRANTED
    except BadMessage:
        return False


def _release(
    section: str, entity: str, sender: Execution, now: Ticks, episode: int | None
) -> Message:
    text = release_text(Release(sender.instance_id, section))
    return Message(
        event=EventRaised(timestamp=now, name=RELEASE, input=text),
        target=Execution(entity),
        sender=sender,
        episode=episode,
    )

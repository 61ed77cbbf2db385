"""The locks that an orchestration still holds when it ends, or has asked for; orchestration semantics 5.9."""

from collections.abc import Iterable

from durahub.engine.entities.calls import EntityLockRequest, EntityUnlock, native_events
from durahub.engine.entities.messages import RELEASE, Release, guid_text, release_text
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
        release_message(section, entity, sender, now, episode)
        for section, entity in locks_held(events)
    )


def release_message(
    section: str, entity: str, sender: Execution, now: Ticks, episode: int | None = None
) -> Message:
    """Return the release of *entity* by *sender*, which locked it for *section*."""
    text = release_text(Release(sender.instance_id, section))
    return Message(
        event=EventRaised(timestamp=now, name=RELEASE, input=text),
        target=Execution(entity),
        sender=sender,
        episode=episode,
    )

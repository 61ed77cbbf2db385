"""The locks that an orchestration still holds when it ends, or has asked for; orchestration semantics 5.9."""

from collections.abc import Iterable

from durahub.engine.entities.calls import EntityLockRequest, EntityUnlock, native_events
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import RELEASE, Release, guid_text, release_of, release_text
from durahub.errors import BadMessage
from durahub.model.history import Event, EventRaised, Execution, ExecutionTerminated, Tags
from durahub.model.json_text import read, write
from durahub.model.message import Message
from durahub.model.ticks import Ticks

RELEASES_TAG = "durahub.releases"
"""In a termination: a JSON object of entities and the critical sections that end with the execution."""


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


def release_in(message: Message) -> tuple[str, str] | None:
    """Return the entity that *message* releases, and the critical section; of anything else ``None``."""
    event = message.event
    if not isinstance(event, EventRaised) or event.name != RELEASE:
        return None
    try:
        section = release_of(event.input).id
    except BadMessage:
        return None
    return (message.target.instance_id, section) if section is not None else None


def tags_of_termination(releases: Iterable[Message]) -> Tags:
    """Return the tags of a termination whose receiver gives back what *releases* do, when it is over."""
    sections: dict[str, list[str]] = {}
    for message in releases:
        found = release_in(message)
        if found is not None:
            sections.setdefault(found[0], []).append(found[1])
    return {RELEASES_TAG: write(sections)}


def releases_of_termination(message: Message, now: Ticks) -> tuple[Message, ...]:
    """Return what is given back where *message* finds its execution over; of anything else nothing."""
    if not isinstance(message.event, ExecutionTerminated):
        return ()
    try:
        found = read((message.tags or {}).get(RELEASES_TAG, "null"))
    except ValueError:
        return ()  # a redacted one, for instance
    if not isinstance(found, dict):
        return ()
    target = message.target
    sender = Execution(target.instance_id, target.execution_id or "")
    return tuple(
        release_message(section, entity, sender, now)
        for entity, sections in found.items()
        if is_entity(entity) and isinstance(sections, list)
        for section in sections
        if isinstance(section, str)
    )

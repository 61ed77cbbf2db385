"""Rules about large payloads: what names a blob finds it, and what nothing names is not kept; layout 3."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from durahub.classic.columns import Columns
from durahub.classic.doctor.findings import Finding, Rule, Severity
from durahub.classic.doctor.repairs import DeleteBlob
from durahub.classic.doctor.snapshot import HubFacts, InstanceFacts
from durahub.classic.history_rows import BLOB_NAME
from durahub.classic.keys import escape
from durahub.classic.payloads import blob_columns, candidates, stored_name
from durahub.model.history import EventType
from durahub.model.ticks import Ticks, seconds_between

ORPHAN = Rule(
    name="orphaned-blob",
    severity=Severity.WARNING,
    means="A large payload that no row and no message names: a checkpoint failed, or a purge was broken off. "
    "It costs money. (A message's blob is kept until its instance is purged: that is the layout's way.)",
    remedy="The blob is deleted, if it is older than the grace age.",
)
MISSING = Rule(
    name="blob-missing",
    severity=Severity.ERROR,
    means="A row of a current execution names a large payload that is not there: the instance cannot be "
    "loaded, or shows no input or output.",
    remedy="None: restore the blob (soft delete), or purge the instance.",
)
RULES = (ORPHAN, MISSING)

_NAME = re.compile(r"(?P<folder>.*)/(?P<kind>message|history)-(?P<rest>[^/]*)\.json\.gz", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Blob:
    """A blob of the large-message container."""

    name: str
    size: int
    changed: Ticks


@dataclass(frozen=True, slots=True)
class NamedBlob:
    """What the name of a blob tells: its instance, and which queue its message was put into."""

    folder: str  # a raw instance ID for messages, an escaped one for columns
    is_message: bool
    is_activity: bool


def named(name: str) -> NamedBlob | None:
    """Return what a blob's name tells, ``None`` for one that the layout does not produce."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    is_message = match["kind"] == "message"
    kind = match["rest"].rsplit("-", 1)[-1]
    return NamedBlob(match["folder"], is_message, kind == EventType.TaskScheduled.name)


def needed(instance: InstanceFacts, container_url: str) -> Iterator[str]:
    """Yield the blobs without which an instance cannot be read, as a listing names them."""
    for row in instance.rows:
        yield from map(stored_name, row.blobs.values())
    yield from map(stored_name, _of_row(instance.row_columns, container_url))


def mentioned(instance: InstanceFacts, container_url: str) -> Iterator[str]:
    """Yield every blob that any row of an instance names, however it is spelled."""
    yield from needed(instance, container_url)
    for columns in (instance.row_columns, *instance.older_columns):
        told = (str(value) for name, value in columns.items() if name.endswith(BLOB_NAME))
        yield from map(stored_name, told)
    for column in ("Input", "Output"):
        text = instance.row_columns.get(column)
        names = candidates(text, container_url) if isinstance(text, str) else ()
        yield from map(stored_name, names)


def _of_row(columns: Columns, container_url: str) -> Iterator[str]:
    yield from blob_columns(columns).values()
    for column in ("Input", "Output"):
        text = columns.get(column)
        names = candidates(text, container_url) if isinstance(text, str) else ()
        if len(names) == 1:  # one that is spelled in two ways is not judged
            yield names[0]


def orphan(blob: Blob, hub: HubFacts, grace: float, *, has_instance: bool) -> Finding | None:
    """Return the finding about a blob that no row and no seen message names.

    ``has_instance``: its folder is that of an instance that is there, whose messages' blobs stay until it
    is purged. *grace* are seconds: what is younger may be about to be named.
    """
    told = named(blob.name)
    if told is None or seconds_between(blob.changed, hub.now) < grace:
        return None
    if told.is_message and (has_instance or hub.unseen(_queues_of(told, hub))):
        return None
    return ORPHAN.found(
        f"blob {hub.names.large_messages_container}/{blob.name}",
        f"{blob.size} bytes",
        repair=DeleteBlob(blob.name),
    )


def _queues_of(told: NamedBlob, hub: HubFacts) -> tuple[str, ...]:
    """Return the queues in which a blob's message may be: a slash in its folder may have been another."""
    if told.is_activity:
        return (hub.names.workitem_queue,)
    return tuple(hub.queues) if "/" in told.folder else (hub.queue_of(told.folder),)


def missing(name: str, key: str, hub: HubFacts) -> Finding:
    """Return the finding about a blob that is named and not there."""
    place = f"blob {hub.names.large_messages_container}/{name}"
    return MISSING.found(place, f"named by {key}", instance_id=None)


def folder_keys(instance: InstanceFacts) -> tuple[str, ...]:
    r"""Return the partition keys that `keys_of` tells of an instance's blobs: a listing has no ``\``."""
    return tuple(dict.fromkeys((instance.key, escape(stored_name(instance.instance_id)))))


def keys_of(told: NamedBlob) -> tuple[str, ...]:
    """Return the partition keys of the instance that a blob may belong to."""
    return tuple(dict.fromkeys((escape(told.folder), told.folder)))

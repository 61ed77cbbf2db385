"""Leads what a hub gives into a bundle."""

from collections.abc import Callable
from dataclasses import dataclass

from durahub.model.ticks import Ticks
from durahub.stored import NotRead, StoredInstance
from durahub_migrate.bundle.manifest import Manifest
from durahub_migrate.bundle.writer import BundleWriter
from durahub_migrate.export.outlet import Outlet
from durahub_migrate.export.redacting import Redaction
from durahub_migrate.export.stillness import stillness_of


@dataclass(frozen=True, slots=True)
class Residue:
    """What is missing by count, of instances and of messages: 0, or something was lost on the way."""

    instances: int
    messages: int

    @classmethod
    def of(cls, manifest: Manifest) -> "Residue":
        """Return what was read and is neither in the bundle nor rejected."""
        counts = manifest.counts
        held = sum(counts.instances.values()) + sum(counts.entities.values())
        return cls(
            counts.instances_read - held - counts.instances_rejected,
            counts.messages_read - counts.inflight.get("queue", 0) - counts.messages_rejected,
        )


async def export(
    outlet: Outlet,
    writer: BundleWriter,
    clock: Callable[[], Ticks],
    progress: Callable[[int], object] = bool,  # told nobody
    redaction: Redaction | None = None,
) -> Manifest:
    """Write all that *outlet* gives; return the manifest. *progress* is told how many instances were read.

    With a *redaction* nothing else of an instance or a message is written, not even for a moment.

    Messages are read before instances: one that is delivered in between is in both rather than in neither.
    """
    async for message in outlet.messages():
        if isinstance(message, NotRead):
            unread = redaction.not_read(message) if redaction is not None else message
            writer.add_reject(unread, message=True)
        else:
            writer.add_message(redaction.message(message) if redaction is not None else message)
    count = 0
    async for one in outlet.instances():
        if isinstance(one, NotRead):
            writer.add_reject(redaction.not_read(one) if redaction is not None else one)
        else:
            instance = redaction.instance(one) if redaction is not None else one
            writer.add_instance(instance, place_of(outlet, instance))
        count += 1
        progress(count)
    ended = clock()
    still = await stillness_of(outlet)
    return writer.finish(
        outlet.hub,
        ended,
        frozen=still.is_still,
        evidence=still.evidence,
        reports=still.reports,
        redacted=redaction is not None,
    )


def place_of(outlet: Outlet, instance: StoredInstance) -> str:
    """Return where an instance was read."""
    return f"{outlet.hub.kind} hub {outlet.hub.hub}, instance {instance.instance_id!r}"

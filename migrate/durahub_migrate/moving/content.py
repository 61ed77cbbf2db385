"""What a move has to move: a bundle's trees, instance by instance, with the messages on their way to each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from durahub.stored import StoredInstance
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.manifest import Manifest
from durahub_migrate.bundle.reader import Rejected
from durahub_migrate.bundle.records import Digests


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """An orchestration with its descendants, as far as the bundle has them, or one entity.

    *root_id* is the uppermost ancestor's ID, or the entity's. *digest*, in hex, is over the exact digests of
    its members in their order and those of the messages to them: it changes with anything of the tree.
    """

    root_id: str
    is_entity: bool
    members: int
    live: int  # members that have not ended; an entity has never
    events: int
    size: int  # bytes of its records, large texts included
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A member of a tree, its large texts in place. *entity* is what an entity holds between batches."""

    instance: StoredInstance
    entity: hb.EntityRecord | None
    digests: Digests
    open_work: hb.OpenWork
    place: str  # where it was read
    root_id: str
    depth: int
    numbering_base: int  # of its actions, 0 or 1; -1 where it has none


class Content(Protocol):
    """A bundle as a move reads it. Any method raises `BadBundle` where a file of it is not as it was.

    It can be read from several tasks at once, and asked in any order: an answer costs about what it holds.
    """

    @property
    def manifest(self) -> Manifest:
        """What the bundle says of itself."""

    def trees(self) -> Iterator[Tree]:
        """Yield entities, then orchestrations by their roots, each in the bundle's order."""

    def members(self, root_id: str) -> Iterator[Held]:
        """Yield a tree's members: a parent comes before its children."""

    def member(self, instance_id: str) -> Held | None:
        """Return one instance, ``None`` if the bundle has none of that ID."""

    def messages_to(self, instance_id: str) -> tuple[hb.InFlight, ...]:
        """Return what is on its way to an instance, in the bundle's order.

        A row may tell of a message that was seen as well; both are here.
        """

    def arriving(self) -> Iterator[tuple[str, hb.InFlight]]:
        """Yield all messages with the root of the tree that they go to, ``""`` for `strays`."""

    def strays(self) -> Iterator[hb.InFlight]:
        """Yield messages to instances that the bundle does not have."""

    def rejects(self) -> Iterator[Rejected]:
        """Yield what the export could not read: instances and messages that are nowhere else."""

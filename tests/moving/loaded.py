"""The slow and obvious second reading of a bundle as content: all of it in memory."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from durahub.engine import state as states
from durahub.engine.entities.ids import is_entity
from durahub_migrate.bundle import canonical, inflight
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.manifest import Manifest
from durahub_migrate.bundle.reader import BundledInstance, BundleReader, Rejected
from durahub_migrate.bundle.records import Digests
from durahub_migrate.moving.content import Held, Tree

ENDED = frozenset({"Completed", "Failed", "Terminated", "Canceled"})


@dataclass(frozen=True, slots=True)
class LoadedContent:
    """A `durahub_migrate.moving.content.Content`."""

    manifest: Manifest
    trees_by_root: dict[str, list[Held]] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    by_id: dict[str, Held] = field(default_factory=dict)
    messages: dict[str, list[hb.InFlight]] = field(default_factory=dict)
    in_order: list[tuple[str, hb.InFlight]] = field(default_factory=list)  # with their targets
    sizes: dict[str, int] = field(default_factory=dict)

    def trees(self) -> Iterator[Tree]:
        """Yield entities, then orchestrations by their roots."""
        roots = list(self.trees_by_root)
        for root in (
            *(one for one in roots if is_entity(one)),
            *(one for one in roots if not is_entity(one)),
        ):
            yield self._tree(root)

    def _tree(self, root: str) -> Tree:
        members = self.trees_by_root[root]
        pieces = [one.digests.exact for one in members]
        for one in members:
            messages = self.messages_to(one.instance.instance_id)
            pieces.extend(canonical.digest([canonical.message(message)]) for message in messages)
        return Tree(
            root_id=root,
            is_entity=is_entity(root),
            members=len(members),
            live=sum(map(is_live, members)),
            events=sum(len(one.instance.history) for one in members),
            size=sum(self.sizes[one.instance.instance_id] for one in members),
            digest=canonical.digest(pieces).hex(),
        )

    def members(self, root_id: str) -> Iterator[Held]:
        """Yield a tree's members."""
        yield from self.trees_by_root.get(root_id, ())

    def member(self, instance_id: str) -> Held | None:
        """Return one instance."""
        return self.by_id.get(instance_id)

    def messages_to(self, instance_id: str) -> tuple[hb.InFlight, ...]:
        """Return what is on its way to an instance."""
        return tuple(self.messages.get(instance_id, ()))

    def arriving(self) -> Iterator[tuple[str, hb.InFlight]]:
        """Yield all messages with the root of the tree that they go to."""
        for target, message in self.in_order:
            yield self.by_id[target].root_id if target in self.by_id else "", message

    def strays(self) -> Iterator[hb.InFlight]:
        """Yield messages to instances that the bundle does not have."""
        for target, message in self.in_order:
            if target not in self.by_id:
                yield message

    def rejects(self) -> Iterator[Rejected]:
        """Yield what the export could not read."""
        yield from self.rejected


def is_live(held: Held) -> bool:
    """Tell whether a member has not ended."""
    if held.entity is not None:
        return True
    state = states.read(stored.event for stored in held.instance.history)
    return state.completed is None and held.instance.status not in ENDED


def load(reader: BundleReader) -> LoadedContent:
    """Return all that a bundle holds. Raises `BadBundle`."""
    content = LoadedContent(reader.manifest)
    root = ""
    for bundled in reader.instances():
        held, size = held_of(bundled)
        if held.depth == 0:
            root = held.instance.instance_id  # exact, where a member's word of it may not be
        held = replace(held, root_id=root)
        content.trees_by_root.setdefault(held.root_id, []).append(held)
        content.by_id[held.instance.instance_id] = held
        content.sizes[held.instance.instance_id] = size
    for _, message in reader.messages():
        target = inflight.message_of(message).message.target.instance_id
        content.messages.setdefault(target, []).append(message)
        content.in_order.append((target, message))
    content.rejected.extend(reader.rejects())
    return content


def held_of(bundled: BundledInstance) -> tuple[Held, int]:
    """Read an instance to its end; return it and the bytes of its texts and events, about."""
    instance = bundled.whole()
    tail = bundled.tail or hb.InstanceTail()
    head = bundled.head
    held = Held(
        instance=instance,
        entity=bundled.entity,
        digests=Digests(tail.sha256_exact, tail.sha256_semantic),
        open_work=tail.open,
        place=head.source.place,
        root_id=head.root_instance_id or instance.instance_id,
        depth=head.depth,
        numbering_base=head.numbering_base,
    )
    return held, head.ByteSize()

"""How many messages a bundle has seen in queues, by the tree that they belong to."""

from collections import Counter

from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.moving.content import Content
from durahub_migrate.targets.source import Source


def seen_by_root(content: Content, *, is_exact: bool) -> Counter[str]:
    """Return the counts by root, ``""`` for messages that belong to no tree.

    With *is_exact* the target is a store: there a message that begins something goes with whoever sent it.
    """
    found = Counter(
        root for root, record in content.arriving() if record.evidence == hb.InFlight.QUEUE
    )
    if is_exact and found[""]:
        for owner, messages in Source(content).strays.owned.items():
            held = content.member(owner)
            if held is not None:
                found[held.root_id] += len(messages)
                found[""] -= len(messages)
    return found

"""What ``durahub hub show`` tells beside names: how many instances there are, and what is amiss."""

from collections import Counter
from dataclasses import replace

from durahub.store import HubInfo, HubStore, InstanceQuery

PAGE = 1_000


async def count_instances(store: HubStore) -> dict[str, int]:
    """Return how many orchestrations a hub has, by status, and how many entities, as ``entities``."""
    counts: Counter[str] = Counter()
    for entities in (False, True):
        query = InstanceQuery(entities=entities, payloads=False, page_size=PAGE)
        while True:
            page = await store.query(query)
            for one in page.instances:
                counts["entities" if entities else one.status.name] += 1
            if page.token is None:
                break
            query = replace(query, token=page.token)
    return dict(sorted(counts.items()))


def amiss(info: HubInfo) -> list[str]:
    """Return what a look at queues and owners shows to be wrong, a sentence each; numbers are about right."""
    found = [
        f"nobody holds {queue}, which has {count:,} messages"
        for queue, count in info.queues.items()
        if count and queue in info.owners and info.owners[queue] is None
    ]
    waiting = sum(count for queue, count in info.queues.items() if queue not in info.owners)
    if waiting and info.owners and not any(info.owners.values()):
        found.append(f"{waiting:,} activities wait, and no worker holds any partition")
    return found

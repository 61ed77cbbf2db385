"""What waits in a hub's queues and is visible: what this or another server holds is hidden there.

A look shows the first 32 messages of a queue and costs one request a queue. Where there are more, a queue's
length is taken, which counts hidden messages too: a lower bound turns into an upper one, which is what a
scaler can use for work that piles up.
"""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime

from durahub.classic.envelope import Wrapper, decode, from_queue_text
from durahub.classic.queues import Peeked, Queues
from durahub.errors import BadMessage
from durahub.model.ticks import from_datetime
from durahub.store import Backlog, Waiting

MOST_SEEN = 32  # messages that the service shows at once


async def backlog(queues: Queues, control: Sequence[str], workitems: str) -> Backlog:
    """Return what waits in the *control* queues and in the queue of activities."""
    seen = await asyncio.gather(*(queues.peek(queue) for queue in (*control, workitems)))
    activities = seen.pop()
    count = len(activities)
    if count == MOST_SEEN:
        count = max(count, await queues.depth(workitems))
    instances: dict[str, datetime] = {}
    for number, messages in enumerate(seen):
        for place, message in enumerate(messages):
            key = _target(message) or f"{number}/{place}"
            instances.setdefault(key, message.inserted)
    hidden = sum([await _beyond(queues, q, m) for q, m in zip(control, seen, strict=True)])
    entities = {key: since for key, since in instances.items() if key.startswith("@")}
    others = {key: since for key, since in instances.items() if not key.startswith("@")}
    return Backlog(
        orchestrations=_waiting(len(others) + hidden, others.values()),
        entities=_waiting(len(entities), entities.values()),
        activities=_waiting(count, [message.inserted for message in activities]),
    )


async def _beyond(queues: Queues, queue: str, seen: Sequence[Peeked]) -> int:
    """Return how many messages stand behind those that were seen."""
    if len(seen) < MOST_SEEN:
        return 0
    return max(0, await queues.depth(queue) - len(seen))


def _target(message: Peeked) -> str | None:
    """Return the instance that a message is for, ``None`` where its blob tells, or nothing does."""
    try:
        found = decode(from_queue_text(message.text))
    except BadMessage:
        return None
    return None if isinstance(found, Wrapper) else found.message.target.instance_id


def _waiting(count: int, inserted: Iterable[datetime]) -> Waiting:
    oldest = min(inserted, default=None)
    return Waiting(count, from_datetime(oldest) if oldest is not None else None)

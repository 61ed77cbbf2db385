"""What waits in a hub's queues and is visible: what this or another server holds is hidden there.

A look shows the first 32 messages of a queue and costs one request a queue. Where there are more, a queue's
length is taken, which counts hidden messages too: a lower bound turns into an upper one, which is what a
scaler can use for work that piles up.

A message waits since it could be taken: a timer, a delayed start or signal since its time, not since it was
put there. Of one whose content is in a blob only the latter is known.
"""

import asyncio
from collections.abc import Iterable, Sequence

from durahub.classic.due import due_of
from durahub.classic.envelope import Wrapper, decode, from_queue_text
from durahub.classic.queues import Peeked, Queues
from durahub.errors import BadMessage
from durahub.model.message import Message
from durahub.model.ticks import Ticks, from_datetime
from durahub.store import Backlog, Waiting

MOST_SEEN = 32  # messages that the service shows at once


async def backlog(queues: Queues, control: Sequence[str], workitems: str) -> Backlog:
    """Return what waits in the *control* queues and in the queue of activities."""
    seen = await asyncio.gather(*(queues.peek(queue) for queue in (*control, workitems)))
    activities = seen.pop()
    count = len(activities)
    if count == MOST_SEEN:
        count = max(count, await queues.depth(workitems))
    instances: dict[str, Ticks] = {}
    for number, messages in enumerate(seen):
        for place, peeked in enumerate(messages):
            message = _read(peeked)
            key = f"{number}/{place}" if message is None else message.target.instance_id
            since = _since(peeked, message)
            instances[key] = min(since, instances.get(key, since))
    hidden = sum([await _beyond(queues, q, m) for q, m in zip(control, seen, strict=True)])
    entities = {key: since for key, since in instances.items() if key.startswith("@")}
    others = {key: since for key, since in instances.items() if not key.startswith("@")}
    return Backlog(
        orchestrations=_waiting(len(others) + hidden, others.values()),
        entities=_waiting(len(entities), entities.values()),
        activities=_waiting(count, [_since(one, None) for one in activities]),
    )


async def _beyond(queues: Queues, queue: str, seen: Sequence[Peeked]) -> int:
    """Return how many messages stand behind those that were seen."""
    if len(seen) < MOST_SEEN:
        return 0
    return max(0, await queues.depth(queue) - len(seen))


def _read(peeked: Peeked) -> Message | None:
    """Return the message, ``None`` where it is in a blob, or cannot be read."""
    try:
        found = decode(from_queue_text(peeked.text))
    except BadMessage:
        return None
    return None if isinstance(found, Wrapper) else found.message


def _since(peeked: Peeked, message: Message | None) -> Ticks:
    inserted = from_datetime(peeked.inserted)
    return max(inserted, (due_of(message) if message is not None else None) or inserted)


def _waiting(count: int, since: Iterable[Ticks]) -> Waiting:
    return Waiting(count, min(since, default=None))

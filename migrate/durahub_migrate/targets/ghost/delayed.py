"""Signals that are due later: the replay of whoever has sent them sends them again, so nobody else may.

A target's own history tells it, for those whose replay is a ghost's: other histories send nothing. One that
was due when the source was read had to be given to its entity: the ghost takes it for done, so it is
sent by itself if it was still on its way.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.wellknown import ticks_of
from durahub.errors import InstanceNotFound
from durahub.model.ticks import Ticks
from durahub_migrate.targets.ghost.backlog import Signal


class Histories(Protocol):
    """Who can be asked for histories; an `durahub_migrate.endpoint.client.EndpointClient` is one."""

    async def history(self, instance_id: str) -> list[pb.HistoryEvent]:
        """Return the history of an instance. Raises `InstanceNotFound`."""


Sent = Counter[tuple[str, str, Ticks | None]]
"""By entity, operation and time how many signals an orchestration has sent."""


SenderOf = Callable[[str], Awaitable[str | None]]
"""Returns what an instance of the source is called at the target, ``None`` if no ghost has replayed it."""


async def not_replayed(
    client: Histories,
    target_id: str,
    signals: Iterable[Signal],
    moment: Ticks,
    sender_of: SenderOf,
) -> list[Signal]:
    """Return those to the entity *target_id* that no ghost has sent; the source was read at *moment*."""
    sent: dict[str, Sent] = {}
    found = []
    for signal in signals:
        if signal.due is not None and signal.due > moment and signal.sender is not None:
            if signal.sender not in sent:
                sender = await sender_of(signal.sender)
                sent[signal.sender] = (
                    Counter() if sender is None else await _sent_by(client, sender)
                )
            key = (target_id, signal.operation, signal.due)
            if sent[signal.sender][key]:
                sent[signal.sender][key] -= 1
                continue
        found.append(signal)
    return found


async def _sent_by(client: Histories, instance_id: str) -> Sent:
    try:
        history = await client.history(instance_id)
    except InstanceNotFound:
        return Counter()
    return Counter(
        (signal.targetInstanceId.value, signal.operation, ticks_of(signal, "scheduledTime"))
        for event in history
        if event.HasField("entityOperationSignaled")
        for signal in [event.entityOperationSignaled]
    )

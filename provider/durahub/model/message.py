"""Messages: an event on its way to an instance, or an activity on its way to a worker."""

from dataclasses import dataclass

from durahub.model.history import Event, Execution, Tags
from durahub.model.ticks import Ticks

CLIENT = Execution("", "")
"""The sender of what a client sends: two empty texts, never null (a .NET worker reads them unchecked)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """An event addressed to an instance; DTFx's ``TaskMessage`` and its envelope's ``Sender``.

    ``target.execution_id`` is ``None`` for what must reach whatever execution is current.
    ``tags`` are the scheduling orchestration's, for activities and child starts: an empty mapping
    where it has none, ``None`` in every other message. ``due`` is when the message may be delivered,
    ``None`` at once; it is not part of the stored text but the queue's visibility delay.
    """

    event: Event
    target: Execution
    sender: Execution | None = CLIENT
    episode: int | None = None
    tags: Tags | None = None
    due: Ticks | None = None

"""When a message may be delivered, and how long it is hidden until then; classic layout 9.6."""

import math

from durahub.classic.queues import LONGEST_DELAY
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import due_of_name
from durahub.model.history import EventRaised, ExecutionStarted, TimerFired
from durahub.model.message import Message
from durahub.model.ticks import Ticks, seconds_between

CAPPED = 6 * 86_400
"""Seconds; what waits longer than the service allows surfaces after so long, and we hide it again.

A .NET worker would deliver it then, early; so orchestrators shared with one split long timers.
"""


def queue_delay(now: Ticks, due: Ticks) -> int:
    """Return for how many whole seconds a message is hidden: rounded up, never early; capped."""
    seconds = max(0, math.ceil(seconds_between(now, due)))
    return seconds if seconds <= LONGEST_DELAY else CAPPED


def due_of(message: Message) -> Ticks | None:
    """Return when a message from a queue may be delivered: DTFx makes it visible a bit early."""
    match message.event:
        case TimerFired(fire_at=fire_at):
            return fire_at
        case ExecutionStarted(scheduled_start=scheduled_start):
            return scheduled_start
        case EventRaised(name=name) if is_entity(message.target.instance_id):
            return due_of_name(name)
    return None

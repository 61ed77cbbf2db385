"""From when on something is worth telling."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """Seconds, and deliveries.

    *moved*: what moved less than so long ago works, whatever else is open. *backlog*: a visible message that
    is older waits behind others. *running_long*: an activity that runs for longer is told as such. *stale*:
    messages are taken, and no checkpoint has followed for so long; longer than .NET hides a message (300 s).
    *poison*: deliveries from which a message is probably poison; DTFx speaks of it from 10 on. *draining*: a
    partition that is given up for longer hangs. *changes*: so many changes of owner in an hour are flapping.
    """

    moved: float = 30.0
    backlog: float = 120.0
    running_long: float = 3600.0
    stale: float = 600.0
    poison: int = 5
    draining: float = 300.0
    changes: int = 4

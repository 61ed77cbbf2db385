"""How hubs are watched."""

from dataclasses import dataclass, field

from durahub.errors import BadSetting
from durahub_migrate.monitor.health.measures import Price
from durahub_migrate.watching.budget import PER_SECOND
from durahub_migrate.watching.reading.limits import Limits
from durahub_migrate.watching.sweeping import Intervals
from durahub_migrate.watching.transport import ANSWERS_WITHIN

STUCK_AFTER = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorOptions:
    """What the user decides.

    *requests_per_second* is each hub's hard budget. *index* is the file of the local index; without one it
    is gone when the monitor ends. With *inputs* it keeps the heads of inputs, too: storage then sends them
    whole. *look_for_hubs* is how often, in seconds, stores are looked into for new hubs. *price* is what is
    paid for storage, if the user has said so. *stuck_after* is for how long, in seconds, an instance may
    stand before hubs count it as stuck.
    """

    requests_per_second: float = PER_SECOND
    index: str | None = None
    inputs: bool = False
    look_for_hubs: float = 60.0
    price: Price | None = None
    stuck_after: float = STUCK_AFTER
    answers_within: float = ANSWERS_WITHIN
    intervals: Intervals = field(default_factory=Intervals)
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if not 0.1 <= self.requests_per_second <= 1000:
            raise BadSetting(
                "requests_per_second", self.requests_per_second, "a number from 0.1 to 1000"
            )

"""How looks are taken."""

from dataclasses import dataclass, field

from durahub_migrate.monitor.explaining import Thresholds
from durahub_migrate.monitor.health.measures import Price


@dataclass(frozen=True, slots=True, kw_only=True)
class LookSettings:
    """Times in seconds.

    *fresh*: so long a look at queues and leases is good for whoever asks again. *grace*: a blob that nothing
    names is an orphan only when it is as old; the doctor's is a day, too. *explained*: so many instances of
    the stuck list are explained in whole, each again after *explained_for* at the earliest. *samples*: so
    many instances are measured for the size of storage, again after *measured_for*. *blobs*: so many blobs
    are listed at most, *checked*: of so many instances the rows are read to tell orphans. Before a
    second look, which is taken before something is called lost, there is a *pause*, as the doctor makes one:
    what was between two queues has arrived by then.
    """

    fresh: float = 5.0
    grace: float = 86_400.0
    explained: int = 10
    explained_for: float = 300.0
    samples: int = 200
    measured_for: float = 3_600.0
    blobs: int = 200_000
    checked: int = 500
    pause: float = 1.0
    price: Price | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)

"""Why an instance does not move: facts that were read, judged without asking anybody again.

`durahub_migrate.monitor.explaining.seen` has the facts, `explain` makes of them a
`durahub_migrate.monitor.waiting.Explanation`. Three rules hold for every sentence: what a queue hides is not
told as if it were seen ("probably", weight `LIKELY`); what could not be read is said (`NOT_READ`); and no
payload is quoted, only names, numbers, times and the heads of failures, secrets taken out.
"""

from durahub_migrate.monitor.explaining.explain import explain
from durahub_migrate.monitor.explaining.needs import needs
from durahub_migrate.monitor.explaining.seen import (
    Frozen,
    HubSeen,
    InstanceSeen,
    Owner,
    SeenMessage,
    SeenQueue,
)
from durahub_migrate.monitor.explaining.thresholds import Thresholds

__all__ = [
    "Frozen",
    "HubSeen",
    "InstanceSeen",
    "Owner",
    "SeenMessage",
    "SeenQueue",
    "Thresholds",
    "explain",
    "needs",
]

"""Every metric, in one table. ``docs/metrics.md`` describes them; a test holds the two together."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

HELP = {
    "durahub_storage_requests": "Requests sent to storage, retries included, by service and operation",
    "durahub_set_aside": "Stored messages and rows that could not be read and were set aside",
    "durahub_purged_instances": "Instances that this server purged because their retention had ended",
    "durahub_workers": "Connected worker streams",
    "durahub_messages_in_memory": "Instance messages in this server's memory",
    "durahub_open_work_items": "Work items given out and not yet completed, by kind",
}


@dataclass(frozen=True, slots=True)
class HubNumbers:
    """The numbers of one hub at one moment."""

    workers: int
    messages: int
    open_orchestrations: int
    open_activities: int
    open_entities: int
    set_aside: int
    purged: int = 0


class HubMetrics(Collector):
    """Reads the numbers when they are asked for."""

    def __init__(
        self,
        requests: Callable[[], Mapping[tuple[str, str], int]],
        hubs: Callable[[], Mapping[str, HubNumbers]],
    ) -> None:
        self._requests = requests
        self._hubs = hubs

    def collect(self) -> Iterable[Metric]:
        """Yield every metric."""
        requests = CounterMetricFamily(
            "durahub_storage_requests",
            HELP["durahub_storage_requests"],
            labels=["service", "operation"],
        )
        for (service, operation), count in sorted(self._requests().items()):
            requests.add_metric([service, operation], count)
        yield requests
        set_aside = CounterMetricFamily(
            "durahub_set_aside", HELP["durahub_set_aside"], labels=["hub"]
        )
        purged = CounterMetricFamily(
            "durahub_purged_instances", HELP["durahub_purged_instances"], labels=["hub"]
        )
        workers = _gauge("durahub_workers", "hub")
        messages = _gauge("durahub_messages_in_memory", "hub")
        items = _gauge("durahub_open_work_items", "hub", "kind")
        for hub, numbers in self._hubs().items():
            set_aside.add_metric([hub], numbers.set_aside)
            purged.add_metric([hub], numbers.purged)
            workers.add_metric([hub], numbers.workers)
            messages.add_metric([hub], numbers.messages)
            items.add_metric([hub, "orchestration"], numbers.open_orchestrations)
            items.add_metric([hub, "activity"], numbers.open_activities)
            items.add_metric([hub, "entity"], numbers.open_entities)
        yield from (set_aside, purged, workers, messages, items)


def _gauge(name: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, HELP[name], labels=labels)

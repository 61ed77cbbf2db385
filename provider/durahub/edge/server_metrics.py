"""What is measured of a running server: calls, work items, checkpoints, storage. See `durahub.edge.metrics`.

No label has an ID: methods, kinds, outcomes and hubs are few.
"""

import platform
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from durahub import __version__
from durahub.edge.observed import Calls
from durahub.observing.timings import Buckets, Labels

HELP = {
    "durahub_build_info": "1, with the version of durahub and of Python",
    "durahub_rpcs": "Calls that have ended, by method and status",
    "durahub_rpc_seconds": "Time that calls took, streams left out, by method",
    "durahub_rpcs_under_way": "Calls and streams that are open, by method",
    "durahub_storage_seconds": "Time that requests to storage took, retries one by one, by outcome",
    "durahub_storage_retries": "Requests to storage that were sent again, by service and operation",
    "durahub_partitions": "Partitions that this server works on",
    "durahub_hub_failing": "1 while a hub is not served because storage or something else failed",
    "durahub_waiting_work_items": "Work in this server's memory that has no worker yet, by kind",
    "durahub_oldest_waiting_seconds": "Age of the oldest of it, where that is known",
    "durahub_work_item_seconds": "Time that work items were with workers, by kind and how they ended",
    "durahub_checkpoint_seconds": "Time that checkpoints took to write, by what came of them",
    "durahub_commit_retries": "Turns run again and results written again, by kind, as storage took none",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class HubDetails:
    """What was measured of a hub: by kind, by kind and end, by outcome; ages in seconds."""

    partitions: int
    failing: bool
    waiting: Mapping[str, int]
    oldest: Mapping[str, float]
    items: Mapping[Labels, Buckets]
    checkpoints: Mapping[Labels, Buckets]
    retries: Mapping[str, int]


class ServerMetrics(Collector):
    """Reads what was measured when it is asked for."""

    def __init__(
        self,
        calls: Calls,
        storage: Callable[[], Mapping[tuple[str, ...], Buckets]],
        retries: Callable[[], Mapping[tuple[str, str], int]],
        hubs: Callable[[], Mapping[str, HubDetails]],
    ) -> None:
        self._calls = calls
        self._storage = storage
        self._retries = retries
        self._hubs = hubs

    def collect(self) -> Iterable[Metric]:
        """Yield every metric."""
        build = _gauge("durahub_build_info", "version", "python")
        build.add_metric([__version__, platform.python_version()], 1)
        yield build
        yield from self._of_calls()
        storage = _histogram("durahub_storage_seconds", "service", "operation", "outcome")
        for labels, buckets in sorted(self._storage().items(), key=lambda item: item[0]):
            storage.add_metric(list(labels), buckets.cumulative(), buckets.seconds)
        yield storage
        retries = _counter("durahub_storage_retries", "service", "operation")
        for request, count in sorted(self._retries().items()):
            retries.add_metric(list(request), count)
        yield retries
        yield from self._of_hubs()

    def _of_calls(self) -> Iterable[Metric]:
        rpcs = _counter("durahub_rpcs", "rpc", "status")
        seconds = _histogram("durahub_rpc_seconds", "rpc", "status")
        for (rpc, status), buckets in sorted(self._calls.answered.snapshot().items()):
            rpcs.add_metric([rpc, status], buckets.count)
            seconds.add_metric([rpc, status], buckets.cumulative(), buckets.seconds)
        for (rpc, status), count in sorted(self._calls.streamed.items()):
            rpcs.add_metric([rpc, status], count)
        under_way = _gauge("durahub_rpcs_under_way", "rpc")
        for rpc, count in sorted(self._calls.under_way.items()):
            under_way.add_metric([rpc], count)
        yield from (rpcs, seconds, under_way)

    def _of_hubs(self) -> Iterable[Metric]:
        partitions = _gauge("durahub_partitions", "hub")
        failing = _gauge("durahub_hub_failing", "hub")
        waiting = _gauge("durahub_waiting_work_items", "hub", "kind")
        oldest = _gauge("durahub_oldest_waiting_seconds", "hub", "kind")
        items = _histogram("durahub_work_item_seconds", "hub", "kind", "end")
        checkpoints = _histogram("durahub_checkpoint_seconds", "hub", "outcome")
        retries = _counter("durahub_commit_retries", "hub", "kind")
        for hub, details in self._hubs().items():
            partitions.add_metric([hub], details.partitions)
            failing.add_metric([hub], details.failing)
            for kind, count in details.waiting.items():
                waiting.add_metric([hub, kind], count)
            for kind, age in details.oldest.items():
                oldest.add_metric([hub, kind], age)
            for labels, buckets in details.items.items():
                items.add_metric([hub, *labels], buckets.cumulative(), buckets.seconds)
            for labels, buckets in details.checkpoints.items():
                checkpoints.add_metric([hub, *labels], buckets.cumulative(), buckets.seconds)
            for kind, count in details.retries.items():
                retries.add_metric([hub, kind], count)
        yield from (partitions, failing, waiting, oldest, items, checkpoints, retries)


def _counter(name: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, HELP[name], labels=labels)


def _gauge(name: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, HELP[name], labels=labels)


def _histogram(name: str, *labels: str) -> HistogramMetricFamily:
    return HistogramMetricFamily(name, HELP[name], labels=labels)

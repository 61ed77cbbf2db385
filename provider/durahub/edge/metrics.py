"""Every metric, in one table. ``docs/metrics.md`` describes them; a test holds the two together."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from durahub.edge.overload import Overload

HELP = {
    "durahub_storage_requests": "Requests sent to storage, retries included, by service and operation",
    "durahub_set_aside": "Stored messages and rows that could not be read and were set aside",
    "durahub_purged_instances": "Instances that this server purged because their retention had ended",
    "durahub_refused_calls": "Calls that were refused to their callers, by reason",
    "durahub_workers": "Connected worker streams",
    "durahub_messages_in_memory": "Instance messages in this server's memory",
    "durahub_sessions": "Instances with messages in this server's memory",
    "durahub_histories": "Histories kept in memory between turns",
    "durahub_history_bytes": "Bytes of the histories kept in memory, about",
    "durahub_tasks": "Tasks of the server's event loop",
    "durahub_open_work_items": "Work items given out and not yet completed, by kind",
    "durahub_calls": "Calls of clients, their waits, and streams of workers that are in progress, by kind",
    "durahub_request_bytes": "Bytes of the requests in progress",
    "durahub_refused": "Calls refused because there was too much to do, by reason",
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
    sessions: int = 0
    histories: int = 0
    history_bytes: int = 0


class HubMetrics(Collector):
    """Reads the numbers when they are asked for."""

    def __init__(
        self,
        requests: Callable[[], Mapping[tuple[str, str], int]],
        hubs: Callable[[], Mapping[str, HubNumbers]],
        overload: Overload | None = None,
        refused: Callable[[], Mapping[str, int]] = dict,
    ) -> None:
        self._overload = overload or Overload()
        self._requests = requests
        self._hubs = hubs
        self._refused = refused

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
        refused = CounterMetricFamily(
            "durahub_refused_calls", HELP["durahub_refused_calls"], labels=["reason"]
        )
        for reason, count in sorted(self._refused().items()):
            refused.add_metric([reason], count)
        yield refused
        set_aside = CounterMetricFamily(
            "durahub_set_aside", HELP["durahub_set_aside"], labels=["hub"]
        )
        purged = CounterMetricFamily(
            "durahub_purged_instances", HELP["durahub_purged_instances"], labels=["hub"]
        )
        workers = _gauge("durahub_workers", "hub")
        messages = _gauge("durahub_messages_in_memory", "hub")
        sessions = _gauge("durahub_sessions", "hub")
        histories = _gauge("durahub_histories", "hub")
        history_bytes = _gauge("durahub_history_bytes", "hub")
        items = _gauge("durahub_open_work_items", "hub", "kind")
        for hub, numbers in self._hubs().items():
            set_aside.add_metric([hub], numbers.set_aside)
            purged.add_metric([hub], numbers.purged)
            workers.add_metric([hub], numbers.workers)
            messages.add_metric([hub], numbers.messages)
            sessions.add_metric([hub], numbers.sessions)
            histories.add_metric([hub], numbers.histories)
            history_bytes.add_metric([hub], numbers.history_bytes)
            items.add_metric([hub, "orchestration"], numbers.open_orchestrations)
            items.add_metric([hub, "activity"], numbers.open_activities)
            items.add_metric([hub, "entity"], numbers.open_entities)
        yield from (set_aside, purged, workers, messages, items)
        yield from (sessions, histories, history_bytes, _tasks())
        yield from self._of_overload()

    def _of_overload(self) -> Iterable[Metric]:
        calls = _gauge("durahub_calls", "kind")
        bytes_now = _gauge("durahub_request_bytes")
        for kind, number in self._overload.in_progress.items():
            if kind == "bytes":
                bytes_now.add_metric([], number)
            else:
                calls.add_metric([kind], number)
        refused = CounterMetricFamily("durahub_refused", HELP["durahub_refused"], labels=["reason"])
        for reason, number in self._overload.refused.items():
            refused.add_metric([reason], number)
        yield from (calls, bytes_now, refused)


def _gauge(name: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, HELP[name], labels=labels)


def _tasks() -> GaugeMetricFamily:
    found, number = _gauge("durahub_tasks"), 0
    with contextlib.suppress(RuntimeError):  # who asks may have no loop
        number = len(asyncio.all_tasks())
    found.add_metric([], number)
    return found

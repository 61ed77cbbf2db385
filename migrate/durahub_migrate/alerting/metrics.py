"""Metrics of the monitor, in one table. ``docs/metrics.md`` describes them; a test holds the two together.

They are read from memory and the local index: a scrape costs no request. What stands in queues and leases is
from the last look, which scrapes keep going. Labels have no IDs and no payloads; of names only the
commonest are told, for every series is kept by Prometheus.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from durahub.dispatch.clock import Clock
from durahub.errors import DurahubError
from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.alerting.alerting import Alerting
from durahub_migrate.alerting.looking import Lookout
from durahub_migrate.monitor.actions import JobState, JobView
from durahub_migrate.monitor.alarms.facts import HubFacts
from durahub_migrate.monitor.alarms.standing import Phase
from durahub_migrate.monitor.hub import Health, HubStanding
from durahub_migrate.monitor.partitions import Holding, QueueView
from durahub_migrate.monitor.querying import parse
from durahub_migrate.monitor.seam import HubWatch, Monitor
from durahub_migrate.watching.budget import background

MOST_NAMES = 50
OTHER = "(other)"
"""Stands for names that are not among the commonest of their hub."""
_HELD = frozenset({Holding.HELD, Holding.DRAINING})
HELP = {
    "durahub_monitor_hub_health": "1 for the health that a hub has, 0 for the others",
    "durahub_monitor_instances": "Orchestrations in the index, by status and name",
    "durahub_monitor_entities": "Entities in the index",
    "durahub_monitor_stuck_instances": "Instances that do not move though they should, by reason",
    "durahub_monitor_queue_messages": "Messages in a queue, hidden ones too, about",
    "durahub_monitor_queue_oldest_seconds": "Age of the oldest visible message of a queue",
    "durahub_monitor_queue_poison_messages": "Visible poison messages of a queue",
    "durahub_monitor_partition_held": "Whether somebody holds a partition",
    "durahub_monitor_partition_flapping": "Whether a partition changes hands too often",
    "durahub_monitor_partition_hot": "Whether a partition has far more work than the others",
    "durahub_monitor_workers": "Workers, where the store tells",
    "durahub_monitor_look_age_seconds": "Age of the last look at queues and leases",
    "durahub_monitor_index_age_seconds": "Since when changes are not known to the index",
    "durahub_monitor_index_swept_ratio": "Share of the hub that the sweep under way has seen",
    "durahub_monitor_requests": "Storage requests that watching a hub has cost",
    "durahub_monitor_requests_last_minute": "Those of the last minute",
    "durahub_monitor_requests_allowed_per_second": "The hub's budget",
    "durahub_monitor_jobs": "Jobs, by state",
    "durahub_monitor_alerts": "Alerts, by rule, severity and state",
    "durahub_monitor_notices_sent": "Notices that a receiver has taken",
    "durahub_monitor_notices_failed": "Times that a receiver took no notice",
    "durahub_monitor_notices_waiting": "Notices that a receiver has not taken yet",
    "durahub_monitor_live_pages": "Pages that are told of changes",
}
May = Callable[[str], bool]


class MonitorMetrics(Collector):
    """Reads the numbers when they are asked for, of the hubs of which *may* says so."""

    def __init__(
        self,
        monitor: Monitor,
        lookout: Lookout,
        clock: Clock,
        *,
        alerting: Alerting | None = None,
        jobs: Callable[[], Sequence[JobView]] = tuple,
        pages: Callable[[], int] = lambda: 0,
        may: May = lambda _: True,
    ) -> None:
        self._monitor = monitor
        self._lookout = lookout
        self._clock = clock
        self._alerting = alerting
        self._jobs = jobs
        self._pages = pages
        self._may = may

    def seen_by(self, may: May) -> "MonitorMetrics":
        """Return the same for who may not see every hub."""
        return MonitorMetrics(
            self._monitor,
            self._lookout,
            self._clock,
            alerting=self._alerting,
            jobs=self._jobs,
            pages=self._pages,
            may=may,
        )

    def describe(self) -> Iterable[Metric]:
        """Yield nothing: what is there is known when it is asked for."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield every metric, and keep the looks going."""
        self._lookout.want()
        now = self._clock()
        with background():
            hubs = [one for one in self._monitor.hubs() if self._may(one.ref.key)]
            standings = [one.standing() for one in hubs]
        looks = [one for key, one in sorted(self._lookout.last.items()) if self._may(key)]
        yield from self._of_hubs(standings, now)
        yield self._instances(hubs, now)
        yield self._stuck(looks)
        yield from self._of_queues(looks, now)
        yield from self._of_partitions(looks)
        yield from self._of_alerts()
        yield self._of_jobs()
        pages = _gauge("durahub_monitor_live_pages")
        pages.add_metric([], self._pages())
        yield pages

    def _of_hubs(self, standings: Iterable[HubStanding], now: Ticks) -> Iterator[Metric]:
        health = _gauge("durahub_monitor_hub_health", "hub", "health")
        entities = _gauge("durahub_monitor_entities", "hub")
        age = _gauge("durahub_monitor_index_age_seconds", "hub")
        swept = _gauge("durahub_monitor_index_swept_ratio", "hub")
        requests = _counter("durahub_monitor_requests", "hub")
        spent = _gauge("durahub_monitor_requests_last_minute", "hub")
        allowed = _gauge("durahub_monitor_requests_allowed_per_second", "hub")
        for one in standings:
            hub = one.ref.key
            for state in Health:
                health.add_metric([hub, state.value], float(one.health is state))
            entities.add_metric([hub], one.entities)
            known = one.freshness.changed or one.freshness.complete
            if known is not None:
                age.add_metric([hub], max(0.0, seconds_between(known, now)))
            if one.freshness.swept is not None:
                swept.add_metric([hub], one.freshness.swept)
            requests.add_metric([hub], one.budget.total)
            spent.add_metric([hub], one.budget.spent)
            if one.budget.allowed is not None:
                allowed.add_metric([hub], one.budget.allowed)
        yield from (health, entities, age, swept, requests, spent, allowed)

    def _instances(self, hubs: Iterable[HubWatch], now: Ticks) -> Metric:
        metric = _gauge("durahub_monitor_instances", "hub", "status", "name")
        query = parse("kind:orchestration", now)
        for hub in hubs:
            try:
                names = hub.index.names(query)
            except DurahubError:  # an index that is just being closed
                continue
            common = Counter({name: sum(counts.values()) for name, counts in names.items()})
            told = {name for name, _ in common.most_common(MOST_NAMES)}
            counted: Counter[tuple[str, str]] = Counter()
            for name, counts in names.items():
                for status, number in counts.items():
                    counted[status, name if name in told else OTHER] += number
            for (status, name), number in sorted(counted.items()):
                metric.add_metric([hub.ref.key, status, name], number)
        return metric

    def _stuck(self, looks: Iterable[HubFacts]) -> Metric:
        metric = _gauge("durahub_monitor_stuck_instances", "hub", "reason")
        for one in looks:
            if one.stuck is None:
                continue
            old = [line for line in one.stuck if line.seconds >= self._lookout.stuck_after]
            for reason, number in sorted(Counter(line.reason.value for line in old).items()):
                metric.add_metric([one.hub, reason], number)
        return metric

    def _of_queues(self, looks: Iterable[HubFacts], now: Ticks) -> Iterator[Metric]:
        messages = _gauge("durahub_monitor_queue_messages", "hub", "queue")
        oldest = _gauge("durahub_monitor_queue_oldest_seconds", "hub", "queue")
        poison = _gauge("durahub_monitor_queue_poison_messages", "hub", "queue")
        age = _gauge("durahub_monitor_look_age_seconds", "hub")
        for one in looks:
            seen = one.partitions
            if seen is None:
                continue
            age.add_metric([one.hub], max(0.0, seconds_between(seen.at, now)))
            for queue in _queues(one):
                waits = 0.0 if queue.oldest is None else seconds_between(queue.oldest, seen.at)
                messages.add_metric([one.hub, queue.name], queue.depth)
                oldest.add_metric([one.hub, queue.name], max(0.0, waits))
                poison.add_metric([one.hub, queue.name], queue.poison)
        yield from (messages, oldest, poison, age)

    def _of_partitions(self, looks: Iterable[HubFacts]) -> Iterator[Metric]:
        held = _gauge("durahub_monitor_partition_held", "hub", "partition")
        flapping = _gauge("durahub_monitor_partition_flapping", "hub", "partition")
        hot = _gauge("durahub_monitor_partition_hot", "hub", "partition")
        workers = _gauge("durahub_monitor_workers", "hub")
        for look in looks:
            seen = look.partitions
            if seen is None:
                continue
            if look.knows_workers:
                workers.add_metric([look.hub], len(seen.workers))
            for one in seen.partitions:
                labels = [look.hub, str(one.index)]
                held.add_metric(labels, float(one.holding in _HELD))
                flapping.add_metric(labels, float(one.flapping))
                hot.add_metric(labels, float(one.hot))
        yield from (held, flapping, hot, workers)

    def _of_alerts(self) -> Iterator[Metric]:
        alerts = _gauge("durahub_monitor_alerts", "hub", "rule", "severity", "state")
        sent = _counter("durahub_monitor_notices_sent", "receiver")
        failed = _counter("durahub_monitor_notices_failed", "receiver")
        waiting = _gauge("durahub_monitor_notices_waiting", "receiver")
        if self._alerting is not None:
            counted = Counter(
                (one.finding.hub, one.finding.rule, one.severity.value, one.phase.value)
                for one in self._alerting.alarms.by_key.values()
                if one.phase is not Phase.OVER and self._may(one.finding.hub)
            )
            for labels, number in sorted(counted.items()):
                alerts.add_metric(list(labels), number)
            for receiver in self._alerting.receivers:
                sent.add_metric([receiver], self._alerting.sent[receiver])
                failed.add_metric([receiver], self._alerting.failed[receiver])
                waiting.add_metric([receiver], self._alerting.waiting(receiver))
        yield from (alerts, sent, failed, waiting)

    def _of_jobs(self) -> Metric:
        metric = _gauge("durahub_monitor_jobs", "state")
        jobs = [one for one in self._jobs() if self._may(one.request.command.hub)]
        counted = Counter(one.state for one in jobs)
        for state in JobState:
            metric.add_metric([state.value], counted[state])
        return metric


def _queues(look: HubFacts) -> Iterator[QueueView]:
    if look.partitions is not None:
        yield from (one.queue for one in look.partitions.partitions)
        if look.partitions.work_items is not None:
            yield look.partitions.work_items


def _gauge(name: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, HELP[name], labels=labels)


def _counter(name: str, *labels: str) -> CounterMetricFamily:
    return CounterMetricFamily(name, HELP[name], labels=labels)

"""``/metrics``: what Prometheus reads, of the hubs that its token may read."""

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import Response

from durahub_migrate.alerting.metrics import MonitorMetrics
from durahub_migrate.monitor.access import READ
from durahub_migrate.web.call import Call
from durahub_migrate.web.operations import Media, Operation


class MetricsHandlers:
    """Answers Prometheus; without *metrics* there are none."""

    def __init__(self, metrics: MonitorMetrics | None) -> None:
        self._metrics = metrics

    def operations(self) -> list[Operation]:
        """Return what it answers."""
        return [
            Operation(
                method="GET",
                path="metrics",
                about="Metrics of the hubs that the user may read, in Prometheus' text format.",
                handler=self.scraped,
                gives=Media("docs/metrics.md lists them", ("text/plain",)),
            )
        ]

    async def scraped(self, call: Call) -> Response:
        """Return the metrics."""
        registry = CollectorRegistry()
        if self._metrics is not None:
            registry.register(self._metrics.seen_by(lambda hub: call.sight.may(READ, hub)))
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

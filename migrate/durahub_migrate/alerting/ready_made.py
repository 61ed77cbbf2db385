"""What comes ready: a dashboard for Grafana, alert rules for Prometheus."""

from importlib.resources import files

GRAFANA = "grafana-dashboard.json"
PROMETHEUS = "prometheus-rules.yml"


def ready_made(name: str) -> str:
    """Return the text of one of them."""
    return files("durahub_migrate.alerting").joinpath(name).read_text("utf-8")

"""The pages of alerts and metrics hold what the code does."""

import re
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from durahub.dispatch.clock import system_clock
from durahub_migrate.alerting.looking import Lookout
from durahub_migrate.alerting.metrics import HELP, MonitorMetrics
from durahub_migrate.alerting.reading import RECEIVER, RULE, WHOLE, read_alerts
from durahub_migrate.monitor.alarms.rules import DEFAULT_RULES, Watch
from durahub_migrate.web.configuring.file import tomllib
from tests.monitor.web.watched import two_hubs

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "alerts.md").read_text("utf-8")
METRICS = (DOCS / "metrics.md").read_text("utf-8").partition("## The monitor")[2]
SECRETS = {
    "OPS_WEBHOOK": "https://ops.example.com/hook",
    "OPS_KEY": "k",
    "CHAT_WEBHOOK": "https://c",
}


def test_the_example_is_right() -> None:
    example = re.search(r"```toml\n(.*?)```", PAGE, re.DOTALL)
    assert example is not None
    tables = tomllib.loads(example[1])
    settings = read_alerts(tables["monitor"]["alerts"], "durahub.toml", SECRETS)

    assert [one.name for one in settings.receivers] == ["ops", "chat"]
    assert [(one.name, one.when) for one in settings.rules] == [
        ("stuck", Watch.STUCK),
        ("orders-fail", Watch.FAILED),
    ]


@pytest.mark.parametrize("name", [*WHOLE, *RECEIVER, *RULE])
def test_every_setting_stands_on_the_page(name: str) -> None:
    assert f"| `{name}` | " in PAGE


def test_every_kind_of_rule_stands_on_the_page_and_has_a_rule_without_settings() -> None:
    assert all(f"| `{one.value}` | " in PAGE for one in Watch)
    assert {one.when for one in DEFAULT_RULES} == set(Watch)


def test_every_metric_of_the_monitor_is_documented_with_its_labels() -> None:
    monitor = two_hubs()[2]
    registry = CollectorRegistry()
    registry.register(MonitorMetrics(monitor, Lookout(monitor, system_clock), system_clock))
    families = {one.name: one for one in registry.collect()}
    rows = dict(re.findall(r"^\| `(durahub_\w+)` \| (.*?) \| ", METRICS, re.M))

    assert set(families) == set(HELP)
    assert set(rows) == {n + ("_total" * (one.type == "counter")) for n, one in families.items()}
    for name, family in families.items():
        labels = ", ".join(f"`{one}`" for one in family._labelnames)  # type: ignore[attr-defined]
        assert rows[name + ("_total" * (family.type == "counter"))] == labels

"""What is ready for Grafana and Prometheus names only metrics and labels that there are."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from prometheus_client import CollectorRegistry

from durahub.dispatch.clock import system_clock
from durahub_migrate.alerting.looking import Lookout
from durahub_migrate.alerting.metrics import MonitorMetrics
from durahub_migrate.cli.monitor import monitor as command
from tests.monitor.web.watched import two_hubs


def printed(option: str) -> str:
    result = CliRunner().invoke(command, [option])
    assert result.exit_code == 0, result.output
    return result.output


def exposed() -> dict[str, set[str]]:
    """Return the labels of every metric by the name of its samples."""
    monitor = two_hubs()[2]
    registry = CollectorRegistry()
    registry.register(MonitorMetrics(monitor, Lookout(monitor, system_clock), system_clock))
    return {
        one.name + "_total" * (one.type == "counter"): set(one._labelnames)  # type: ignore[attr-defined]
        for one in registry.collect()
    }


DASHBOARD: dict[str, Any] = json.loads(printed("--print-grafana"))
RULES: dict[str, Any] = yaml.safe_load(printed("--print-alert-rules"))
LABELS = exposed()


def dashboard_queries() -> Iterator[str]:
    for panel in DASHBOARD["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]


def rules() -> list[dict[str, Any]]:
    return [rule for group in RULES["groups"] for rule in group["rules"]]


@pytest.mark.parametrize("query", [*dashboard_queries(), *(one["expr"] for one in rules())])
def test_a_query_names_metrics_and_labels_that_there_are(query: str) -> None:
    metrics = re.findall(r"durahub_\w+", query)
    assert metrics
    assert set(metrics) <= set(LABELS)
    for metric, braces in re.findall(r"(durahub_\w+)\{(.*?)\}", query):
        assert set(re.findall(r"(\w+)=", braces)) <= LABELS[metric]
    every = set.union(*(LABELS[one] for one in metrics))
    for listed in re.findall(r"\b(?:by|on) \((.*?)\)", query):
        assert set(re.split(r",\s*", listed)) <= every
    for opens, closes in ("()", "{}", "[]"):
        assert query.count(opens) == query.count(closes)


def test_the_dashboard_has_what_grafana_wants() -> None:
    panels = DASHBOARD["panels"]
    ids = [one["id"] for one in panels]
    variables = {one["name"]: one for one in DASHBOARD["templating"]["list"]}

    assert len(set(ids)) == len(ids)
    assert DASHBOARD["schemaVersion"] >= 36
    assert (DASHBOARD["title"], DASHBOARD["uid"]) == ("Task hubs", "durahub-monitor")
    assert "id" not in DASHBOARD  # Grafana gives it one
    assert variables["datasource"]["type"] == "datasource"
    assert variables["hub"]["definition"].startswith("label_values(durahub_monitor_hub_health")
    for panel in panels:
        place = panel["gridPos"]
        assert 0 < place["w"] <= 24 - place["x"]
        if panel["type"] != "row":
            assert panel["datasource"]["uid"] == "${datasource}"
            refs = [one["refId"] for one in panel["targets"]]
            assert refs
            assert len(set(refs)) == len(refs)


def test_panels_lie_beside_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(at["x"], at["x"] + at["w"])
            for y in range(at["y"], at["y"] + at["h"])
        }
        assert not taken & cells, panel["title"]
        taken |= cells


def test_the_dashboard_shows_every_metric() -> None:
    shown = set(re.findall(r"durahub_\w+", " ".join(dashboard_queries())))

    assert shown == set(LABELS)


@pytest.mark.parametrize("rule", rules(), ids=lambda one: one["alert"])
def test_an_alert_rule_is_one_that_prometheus_takes(rule: dict[str, Any]) -> None:
    assert set(rule) <= {"alert", "expr", "for", "labels", "annotations"}
    assert re.fullmatch(r"\w+", rule["alert"])
    assert re.fullmatch(r"\d+[smh]", rule.get("for", "0s"))
    assert rule["labels"]["severity"] in ("warning", "critical")
    told = rule["annotations"]["summary"]
    labels = set.union(*(LABELS[one] for one in re.findall(r"durahub_\w+", rule["expr"])))
    assert set(re.findall(r"\$labels\.(\w+)", told)) <= labels
    assert told.count("{{") == told.count("}}")

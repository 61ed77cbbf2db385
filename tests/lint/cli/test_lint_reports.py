"""``durahub lint --report``: an assessment beside what is printed."""

import json
from pathlib import Path

import pytest

from durahub_migrate.assessment.redaction import hashed
from tests.lint.cli.hubs import LONG, a_hub_with, run_lint

BAD = a_hub_with("order-1", LONG)


@pytest.mark.parametrize("suffix", ["html", "md", "json"])
def test_a_report_is_written_in_the_form_of_its_suffix(tmp_path: Path, suffix: str) -> None:
    report = tmp_path / f"out.{suffix}"

    result = run_lint("hub", "--select", "IDN501", "--report", str(report), source=BAD)

    assert result.exit_code == 1
    assert LONG in report.read_text("utf-8")


def test_a_redacted_report_names_no_instance(tmp_path: Path) -> None:
    reports = [tmp_path / f"out.{suffix}" for suffix in ("html", "md", "json")]

    run_lint("hub", "--redact", *(f"--report={one}" for one in reports), source=BAD)

    for report in reports:
        text = report.read_text("utf-8")
        assert LONG not in text
        assert hashed(LONG) in text


def test_prices_make_money(tmp_path: Path) -> None:
    prices, report = tmp_path / "prices.toml", tmp_path / "out.json"
    prices.write_text('currency = "EUR"\n[scheduler]\nper-unit-hour = 2.0\n')

    run_lint("hub", "--report", str(report), "--prices", str(prices), source=BAD)

    estimate = json.loads(report.read_text("utf-8"))["hubs"][0]["estimate"]
    assert estimate["currency"] == "EUR"
    figures = [figure for offer in estimate["offers"] for figure in offer["figures"]]
    assert [one["value"] for one in figures if one["title"] == "Capacity, a month"] == [1460.0]


def test_a_mistake_in_the_prices_is_told_before_anything_is_read(tmp_path: Path) -> None:
    prices, report = tmp_path / "prices.toml", tmp_path / "out.json"
    prices.write_text('currency = "EUR"\n[scheduler]\nper-hour = 2.0\n')

    result = run_lint("hub", "--report", str(report), "--prices", str(prices), source=BAD)

    assert "scheduler.per-hour: there is no such price" in f"{result.exception}{result.stderr}"
    assert not report.exists()
    assert "IDN501" not in result.stdout

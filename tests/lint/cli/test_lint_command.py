"""``durahub lint``: what it prints, and its exit status."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from durahub.errors import StorageDenied, StorageUnavailable
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.unread import Unread
from durahub_migrate.lint.sources.source import Read
from tests.lint.cli.hubs import LONG, InMemory, a_hub_with, run_lint

BAD = a_hub_with("order-1", LONG)
DENIED = StorageDenied("queue", "AuthorizationFailure")


def test_a_clean_hub_gives_status_0() -> None:
    result = run_lint("hub", "--select", "IDN501")

    assert result.exit_code == 0
    assert "read azurite:orders: 1 instance, 0 events, 0 messages" in result.stdout
    assert result.stdout.endswith("no findings; 1 rule evaluated\n")


def test_an_error_gives_status_1_with_place_code_sentence_and_advice() -> None:
    result = run_lint("hub", "--select", "IDN501", source=BAD)

    assert result.exit_code == 1
    assert "azurite:orders: error IDN501 instance ID is too long" in result.stdout
    assert f"instance '{LONG}': the instance ID has 114 characters" in result.stdout
    assert "What to do: let these instances end where they are" in result.stdout
    assert "durahub explain IDN501" in result.stdout


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (["--fail-on", "never"], 0),
        (["--exit-zero"], 0),
        (["--severity", "IDN501=warning"], 0),
        (["--severity", "IDN501=warning", "--fail-on", "warning"], 1),
        (["--severity", "IDN=info", "--fail-on", "warning"], 0),
        (["--severity", "IDN=info", "--fail-on", "info"], 1),
    ],
)
def test_what_fails_is_said_by_fail_on_and_severities(options: list[str], status: int) -> None:
    assert run_lint("hub", "--select", "IDN501", *options, source=BAD).exit_code == status


def test_what_could_not_be_read_is_said_and_gives_status_4_whatever_was_found() -> None:
    unread = Unread(Need.QUEUES, a_hub().place, DENIED)
    source = InMemory([a_hub(), an_instance(LONG), unread])

    result = run_lint("hub", "--select", "IDN501", "--exit-zero", source=source)

    assert result.exit_code == 4
    assert "error not read: azurite:orders: DH502" in result.stdout


class Silent(InMemory):
    """A source that does not answer."""

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        raise StorageUnavailable("devstoreaccount1", "no connection")
        yield


def test_a_name_that_may_have_been_meant_as_a_file_is_said_to_be_none() -> None:
    nowhere, hub = Silent([], address="nowhere"), Silent([], address="azurite:nowhere")

    alone = run_lint("hub", "--select", "IDN501", source=nowhere)
    beside = run_lint("hub", "nowhere", "--select", "IDN501", source=BAD, nowhere=nowhere)
    clear = run_lint("hub", "--select", "IDN501", source=hub)

    said = "nowhere: there is no such file or folder, so it was taken for the name of a hub"
    assert said in alone.stderr
    assert said in beside.stderr
    assert "no such file" not in clear.stderr


def test_a_rule_without_evidence_is_told_as_not_evaluated() -> None:
    source = InMemory([a_hub()], provides=frozenset({Need.HUB}))

    result = run_lint("hub", "--select", "IDN501", source=source)

    assert "1 rule not evaluated for lack of evidence" in result.stdout
    assert "0 rules evaluated; 1 not evaluated" in result.stdout


def test_a_value_that_the_place_names_already_is_not_told_twice() -> None:
    result = run_lint("hub", "--select", "IDN503", source=a_hub_with("orders/7"))

    assert "instance 'orders/7': the ID holds /\n" in result.stdout


def test_of_many_findings_in_a_hub_examples_are_told_or_each() -> None:
    many = a_hub_with(*(f"{LONG}{number}" for number in range(9)))

    some = run_lint("hub", "--select", "IDN501", "--max-examples", "2", source=many).stdout
    every = run_lint("hub", "--select", "IDN501", "--each", source=many).stdout

    assert "(9 findings)" in some
    assert some.count(" characters, 100 are allowed") == 2
    assert "and 7 more; --each shows all" in some
    assert every.count(" characters, 100 are allowed") == 9


def test_redacted_output_names_no_instance_and_no_value() -> None:
    for name in ("text", "full", "concise", "grouped", "json", "jsonl"):
        text = run_lint(
            "hub", "--select", "IDN501", "--redact", "--format", name, source=BAD
        ).stdout

        assert "4711" not in text, name
        assert "sha256:" in text, name


def test_results_go_to_a_file_that_is_named(tmp_path: Path) -> None:
    file = tmp_path / "out.txt"

    result = run_lint("hub", "--select", "IDN501", "--output", str(file), source=BAD)

    assert "IDN501" not in result.stdout
    assert "IDN501" in file.read_text()
    assert f"written to {file}" in result.stderr


def test_statistics_count_by_rule() -> None:
    many = a_hub_with(*(f"{LONG}{number}" for number in range(9)))

    result = run_lint("hub", "--select", "IDN501", "--statistics", source=many)

    assert "9  error  IDN501  instance ID is too long for the scheduler" in result.stdout


def test_rules_are_listed_as_they_are_selected() -> None:
    assert "IDN501" in run_lint("--list-rules", "--select", "ALL").stdout
    assert "IDN501" not in run_lint("--list-rules", "--ignore", "IDN").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--select", "IDN510x"], "no rule's code begins with 'IDN510x'"),
        (["--severity", "IDN501"], "CODE=error"),
        (["--severity", "IDN501=fatal"], "one of error, warning, info"),
        (["--set", "thresholds.nope=1"], "SETTING=VALUE"),
        (["--set", "thresholds.id-most=many"], "a whole number"),
        (["--unsafe-fixes"], "--unsafe-fixes goes with --fix or --diff"),
        (["--update-baseline"], "--update-baseline needs --baseline"),
        (["--report", "report.docx"], "docx"),
        (["--format", "xml"], "is not one of"),
    ],
)
def test_wrong_usage_gives_status_2_and_a_sentence(arguments: list[str], said: str) -> None:
    result = run_lint("hub", *arguments)

    assert said in f"{result.stderr}{result.exception}"
    assert 2 in (result.exit_code, getattr(result.exception, "exit_status", None))


def test_without_a_source_the_working_folder_is_looked_at() -> None:
    assert run_lint("--select", "IDN501").exit_code == 0


@dataclass(frozen=True)
class Unreachable(InMemory):
    """A hub whose account does not answer."""

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        raise StorageUnavailable("account", "no answer")
        yield


def test_of_several_sources_one_that_does_not_answer_does_not_silence_the_others() -> None:
    options = ("hub", "down", "--select", "IDN501")

    result = run_lint(*options, source=BAD, down=Unreachable([], "azurite:down"))

    assert result.exit_code == 4
    assert "azurite:orders: error IDN501" in result.stdout
    assert result.stdout.count("error not read: azurite:down: DH501") == 1


def test_a_single_source_that_does_not_answer_is_an_error() -> None:
    result = run_lint("down", "--select", "IDN501", down=Unreachable([], "azurite:down"))

    assert isinstance(result.exception, StorageUnavailable)


@pytest.mark.parametrize("form", ["json", "html", "md"])
def test_a_report_is_redacted_too(tmp_path: Path, form: str) -> None:
    reports = {name: tmp_path / f"{name}.{form}" for name in ("plain", "redacted")}
    options = ("hub", "--select", "IDN501")

    run_lint(*options, "--report", str(reports["plain"]), source=BAD)
    run_lint(*options, "--report", str(reports["redacted"]), "--redact", source=BAD)

    assert "4711" in reports["plain"].read_text("utf-8")
    assert "4711" not in reports["redacted"].read_text("utf-8")


def test_the_costs_of_a_report_come_from_the_prices_that_are_named(tmp_path: Path) -> None:
    prices, report = tmp_path / "prices.toml", tmp_path / "report.json"
    prices.write_text('currency = "EUR"\n[scheduler]\nper-million-actions = 1.5\n')

    run_lint("hub", "--prices", str(prices), "--report", str(report))

    assert "EUR" in report.read_text("utf-8")

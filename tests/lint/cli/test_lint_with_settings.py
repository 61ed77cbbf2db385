"""``durahub lint`` with a settings file, ignores and a baseline."""

import json
from pathlib import Path

import pytest

from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.place import Place, PlaceKind
from tests.lint.cli.hubs import LONG, InMemory, a_hub_with, run_lint

BAD = a_hub_with("order-1", LONG)
ONLY = "[lint]\nselect = ['IDN501']\n"


def a_file(folder: Path, text: str, name: str = "durahub.toml") -> None:
    (folder / name).write_text(text, "utf-8")


def test_the_settings_file_is_found_upwards(tmp_path: Path) -> None:
    a_file(tmp_path, ONLY + "fail-on = 'never'")
    below = tmp_path / "src" / "app"
    below.mkdir(parents=True)

    result = run_lint("hub", source=BAD, below=below)

    assert result.exit_code == 0
    assert "1 error; 1 rule evaluated" in result.stdout


def test_a_project_file_counts_only_if_it_has_the_table(tmp_path: Path) -> None:
    a_file(tmp_path, ONLY + "fail-on = 'never'")
    below = tmp_path / "app"
    below.mkdir()
    a_file(below, "[project]\nname = 'x'", "pyproject.toml")
    assert run_lint("hub", source=BAD, below=below).exit_code == 0

    a_file(below, "[tool.durahub.lint]\nselect = ['IDN501']", "pyproject.toml")
    assert run_lint("hub", source=BAD, below=below).exit_code == 1


def test_a_mistake_in_the_file_is_wrong_usage(tmp_path: Path) -> None:
    a_file(tmp_path, "[lint]\nselct = []")

    result = run_lint("hub", below=tmp_path)

    assert "durahub.toml: lint.selct: there is no such setting" in str(result.exception)


IGNORED = ONLY + "[[lint.ignore-finding]]\nrule = 'IDN'\nreason = 'they end in March'\n"


@pytest.mark.parametrize("where", ["customer-*", "orders", "azurite:orders", "*"])
def test_a_finding_is_ignored_by_instance_hub_or_address(tmp_path: Path, where: str) -> None:
    a_file(tmp_path, f"{IGNORED}where = '{where}'")

    result = run_lint("hub", "--show-suppressed", source=BAD, below=tmp_path)

    assert result.exit_code == 0
    assert "no findings; 1 suppressed" in result.stdout
    assert "suppressed (they end in March): azurite:orders instance 'customer-" in result.stdout


def test_an_ignore_that_is_expired_is_told_and_does_not_count(tmp_path: Path) -> None:
    a_file(tmp_path, f"{IGNORED}until = 2001-03-31")

    result = run_lint("hub", source=BAD, below=tmp_path)

    assert result.exit_code == 1
    assert "lint.ignore-finding[0]: expired on 2001-03-31, IDN counts again" in result.stdout


def test_an_ignore_that_silences_nothing_is_told(tmp_path: Path) -> None:
    a_file(tmp_path, f"{IGNORED}where = 'nothing-*'")

    assert "nothing of IDN is there to ignore" in run_lint("hub", below=tmp_path).stdout


def test_an_ignore_of_a_rule_that_was_not_evaluated_is_not_told(tmp_path: Path) -> None:
    a_file(tmp_path, IGNORED)
    source = InMemory([a_hub()], provides=frozenset())

    assert "to ignore" not in run_lint("hub", source=source, below=tmp_path).stdout


def test_a_hub_has_settings_of_its_own(tmp_path: Path) -> None:
    a_file(tmp_path, ONLY + "[lint.hubs.billing.thresholds]\nid-most = 200")
    place = Place(source="azurite:billing", kind=PlaceKind.HUB)
    facts = [a_hub(name="billing", place=place), an_instance(LONG)]

    orders = run_lint("hub", source=BAD, below=tmp_path)
    billing = run_lint("hub", source=InMemory(facts, "azurite:billing"), below=tmp_path)

    assert (orders.exit_code, billing.exit_code) == (1, 0)


def test_rules_can_be_left_out_for_a_hub(tmp_path: Path) -> None:
    a_file(tmp_path, ONLY + "[lint.hubs.orders]\nignore = ['IDN501']")

    result = run_lint("hub", source=BAD, below=tmp_path)

    assert result.exit_code == 0
    assert "suppressed" not in result.stdout


def test_a_baseline_knows_what_was_found_when_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    options = ("hub", "--select", "IDN501", "--baseline", str(file))

    first = run_lint(*options, "--update-baseline", source=BAD)
    again = run_lint(*options, source=BAD)
    worse = run_lint(*options, source=a_hub_with(LONG, f"{LONG}2"))

    assert "was written: 1 added, 0 removed" in first.stdout
    assert LONG not in file.read_text()
    assert (again.exit_code, worse.exit_code) == (0, 1)
    assert "no findings; 1 suppressed" in again.stdout
    assert "1 error; 1 suppressed" in worse.stdout


def test_what_is_fixed_is_told_until_the_baseline_is_written_again(tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    options = ("hub", "--select", "IDN501", "--baseline", str(file))
    run_lint(*options, "--update-baseline", source=BAD)

    told = run_lint(*options, source=a_hub_with("short"))
    written = run_lint(*options, "--update-baseline", source=a_hub_with("short"))

    assert "fixed and no more needed: 1 IDN501" in told.stdout
    assert "was written: 0 added, 1 removed" in written.stdout
    assert json.loads(file.read_text())["findings"] == {}


def test_a_baseline_that_is_not_there_is_wrong_usage() -> None:
    result = run_lint("hub", "--baseline", "no/such/file.json")

    assert "DH113" in str(result.exception)


def test_the_settings_that_count_are_toml_that_says_the_same(tmp_path: Path) -> None:
    a_file(tmp_path, IGNORED + "until = 2099-03-31\n[lint.hubs.orders.thresholds]\nid-most = 60")

    shown = run_lint("--show-settings", "--strategy", "b2", below=tmp_path).stdout
    a_file(tmp_path, shown)

    assert 'strategy = "b2"' in shown
    assert run_lint("--show-settings", below=tmp_path).stdout == shown


def test_a_threshold_can_be_set_on_the_command_line() -> None:
    options = ("hub", "--select", "IDN501", "--set", "thresholds.id-most=200")

    assert run_lint(*options, source=BAD).exit_code == 0


def test_a_mapping_of_ids_is_read_from_beside_the_settings_file(tmp_path: Path) -> None:
    a_file(tmp_path, ONLY + "target.id-map = 'ids.json'")
    assert "ids.json" in str(run_lint("hub", below=tmp_path).exception)

    a_file(tmp_path, '{"a": "b"}', "ids.json")
    assert run_lint("hub", below=tmp_path).exit_code == 0

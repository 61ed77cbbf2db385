"""``durahub plan``, as a user calls it."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from durahub.cli.running import STATE_VARIABLE, Running
from durahub.errors import (
    BadAddress,
    BadCapabilities,
    BadIdMap,
    BadPlan,
    DurahubError,
    NotProbed,
    WrongJobState,
)
from durahub_migrate.cli.apply import apply
from durahub_migrate.cli.job import job_commands
from durahub_migrate.cli.plan import plan
from durahub_migrate.moving.capabilities import UNPROBED_ENDPOINT
from durahub_migrate.moving.place import parse_place
from durahub_migrate.planning.plan_file import PlanFile
from durahub_migrate.probing import capabilities_file
from tests.bundle.bundles import NOON
from tests.planning.planned import activity, bundled, ended, pending, running, timer

ENDPOINT = "dts:localhost:8080/orders"
INSTANCES = [running(activity()), running(timer(), root="order-8"), ended("a"), pending("p|*`")]


def run(*arguments: object, error: type[DurahubError] | None = None) -> Result:
    done = CliRunner().invoke(plan, list(map(str, arguments)))
    if error is not None:
        assert isinstance(done.exception, error), done.output
    elif done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    bundled(tmp_path / "orders.hub", INSTANCES)
    return tmp_path / "orders.hub"


def test_a_plan_is_written_beside_its_bundle_and_printed(bundle: Path) -> None:
    done = run(bundle, ENDPOINT)

    written = PlanFile(bundle.parent / "orders.plan")
    assert done.exit_code == 0
    assert written.head.bundle == "orders.hub"
    assert written.head.frozen
    assert [unit.strategy.value for unit in written.units()] == ["d", "b2", "b2", "b1"]
    assert "4 orchestrations = 3 imported + 1 archived" in done.stdout
    assert done.stdout.index("LOOK AT THESE FIRST (1)") < done.stdout.index("THE OTHERS (3)")
    assert "Point of no return" in done.stdout
    assert done.stdout.index("retention policy") < done.stdout.index("durahub apply orders.plan")


@pytest.mark.parametrize(
    ("serving", "target", "strategies"),
    [
        ({}, "azurite:orders", {"a"}),
        ({"storage": "AccountKey=k"}, "azurite:orders", {"a"}),
        ({"store": "sqlite:/data/hub.db"}, "sqlite:/data/hub.db/orders", {"a"}),
        ({"store": "sqlite::memory:"}, "dts:http://localhost:8080/orders", {"d", "b1", "b2"}),
    ],
)
def test_a_target_without_a_store_is_written_with_it_so_that_the_plan_means_the_same_later(
    serving: dict[str, str],
    target: str,
    strategies: set[str],
    bundle: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    if serving:
        Running(os.getpid(), ("orders",), 8080, 8082, **serving).save()

    told = run(bundle, "orders")

    written = PlanFile(tmp_path / "orders.plan")
    assert written.head.target == target
    assert f"orders is {target}" in told.stderr
    assert {unit.strategy.value for unit in written.units()} == strategies


def test_messages_that_were_hidden_are_warned_of_wherever_the_hub_is_to_go(tmp_path: Path) -> None:
    bundled(tmp_path / "orders.hub", INSTANCES, queues={"orders-control-00": 5})
    bundled(tmp_path / "idle.hub", [ended("a")])

    told = run(tmp_path / "orders.hub", "sqlite:new.db/orders", "--format", "json")
    quiet = run(tmp_path / "idle.hub", "sqlite:new.db/orders")

    assert "warning: 2 messages were hidden" in told.stderr
    assert told.exit_code == 0
    assert "hidden" not in quiet.stderr


def test_it_is_asked_how_the_app_at_an_endpoint_counts_its_actions(bundle: Path) -> None:
    asked = run(bundle, ENDPOINT)
    told = run(bundle, ENDPOINT, "--numbering", "python")
    kept = run(bundle, "sqlite:new.db/orders")

    assert asked.stderr.startswith("warning: Say with --numbering")
    assert "1. Write down" in asked.stdout
    assert "Say with --numbering" in asked.stdout
    assert "--numbering" not in told.output + kept.output


def test_a_bundle_that_is_not_there_is_not_taken_for_a_hub(bundle: Path) -> None:
    done = run(bundle.parent / "other.hub", ENDPOINT, error=BadAddress)

    assert "there is no bundle of that name" in str(done.exception)


def test_the_plan_of_a_job_that_goes_on_is_not_replaced_by_another_one(bundle: Path) -> None:
    target = f"sqlite:{bundle.parent / 'new.db'}/orders"
    run(bundle, target)
    path = bundle.parent / "orders.plan"
    before = path.read_bytes()
    assert CliRunner().invoke(apply, [str(path), "--quiet"]).exit_code == 0

    run(bundle, target)
    run(bundle, ENDPOINT, error=WrongJobState)
    assert path.read_bytes() == before
    assert not path.with_name("orders.plan.new").exists()

    assert CliRunner().invoke(job_commands, ["confirm", str(path)]).exit_code == 0
    run(bundle, ENDPOINT)
    assert path.read_bytes() != before


def test_the_same_bundle_target_and_options_make_the_same_plan(bundle: Path) -> None:
    run(bundle, ENDPOINT, "--numbering", "python")
    other = bundle.parent / "other.plan"
    command = [sys.executable, "-c", "from durahub_migrate.cli.plan import plan; plan()"]
    subprocess.run(
        [*command, bundle, ENDPOINT, "-o", other, "--numbering", "python"],
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path)},
        check=True,
        capture_output=True,
    )

    assert other.read_bytes() == (bundle.parent / "orders.plan").read_bytes()


def test_a_plan_of_a_hub_in_use_is_a_preview(tmp_path: Path) -> None:
    bundled(tmp_path / "orders.hub", INSTANCES, frozen=False)

    preview = run(tmp_path / "orders.hub", ENDPOINT)
    allowed = run(tmp_path / "orders.hub", ENDPOINT, "--allow-unfrozen")

    assert preview.exit_code == 0
    assert "durahub apply refuses it" in preview.stderr
    assert "refuses" not in allowed.stderr
    assert PlanFile(tmp_path / "orders.plan").head.settings.allow_unfrozen


def test_blocked_trees_are_no_go(tmp_path: Path) -> None:
    bundled(tmp_path / "orders.hub", [pending("ä")])

    done = run(tmp_path / "orders.hub", ENDPOINT)

    assert done.exit_code == 1
    assert "1 trees are blocked" in done.stderr
    assert "blocked: the target refuses the ID 'ä': it holds U+00E4" in done.stdout


def test_json_has_the_sums_first_and_a_line_for_each_tree(bundle: Path) -> None:
    done = run(bundle, ENDPOINT, "--format", "json", "--all")

    sums, *units = map(json.loads, done.stdout.splitlines())
    assert sums["residue"] == {"entities": 0, "messages": 0, "orchestrations": 0}
    assert sums["strategies"]["b2"]["units"] == 2
    assert [one["unit"]["root_id"] for one in units] == ["a", "order-7", "order-8", "p|*`"]


def test_markdown_survives_any_id(bundle: Path) -> None:
    done = run(bundle, ENDPOINT, "--format", "md")

    assert "- `` p|*` ``: b1" in done.stdout
    assert "| b2 | Ghost replay | 2 |" in done.stdout


def test_a_plan_is_shown_again(bundle: Path) -> None:
    made = run(bundle, ENDPOINT)
    shown = run("--show", bundle.parent / "orders.plan")

    assert shown.stdout == made.stdout
    assert shown.exit_code == 0


def test_two_plans_are_compared(bundle: Path) -> None:
    folder = bundle.parent
    run(bundle, ENDPOINT, "-o", folder / "old.plan")
    run(bundle, ENDPOINT, "-o", folder / "new.plan", "--skip", "a", "--prefer", "b1")

    differing = run("--diff", folder / "old.plan", folder / "new.plan")
    same = run("--diff", folder / "old.plan", folder / "old.plan")

    assert differing.exit_code == 1
    lines = differing.stdout.splitlines()
    assert lines[0] == "* settings: prefer, skip"
    assert "- a: d" in lines
    assert any(
        line.startswith("* order-7: strategy b2 → b1; activities-run-again 0 → 1") for line in lines
    )
    assert (same.exit_code, same.stdout) == (0, "")


def test_undocumented_ways_need_a_probe(bundle: Path) -> None:
    run(bundle, ENDPOINT, "--prefer", "b4", error=NotProbed)
    run(bundle, ENDPOINT, "--prefer", "a", error=NotProbed)
    run(bundle, "sqlite:new.db/orders", "--prefer", "b2", error=NotProbed)

    assert not (bundle.parent / "orders.plan").exists()
    assert NotProbed.exit_status == 3


def test_what_a_probe_saw_is_reused(bundle: Path) -> None:
    file = bundle.parent / "target.json"
    seen = replace(UNPROBED_ENDPOINT, probed=True, backend=True)
    file.write_text(capabilities_file.encode(seen, str(parse_place(ENDPOINT)), NOON))

    done = run(bundle, ENDPOINT, "--prefer", "b4", "--capabilities", file)

    assert done.exit_code == 0
    can = PlanFile(bundle.parent / "orders.plan").head.capabilities
    assert can == replace(seen, probes={"probed": "2026-11-01T12:00:00.0000003Z"})


@pytest.mark.parametrize(
    "text",
    [
        "no JSON",
        "[]",
        "{}",
        '{"format":"durahub-target-capabilities","version":1,"capabilities":{}}',
        capabilities_file.encode(UNPROBED_ENDPOINT, "dts:http://elsewhere:1/orders", NOON),
    ],
)
def test_a_file_that_says_nothing_of_the_target_is_refused(bundle: Path, text: str) -> None:
    file = bundle.parent / "target.json"
    file.write_text(text)

    run(bundle, ENDPOINT, "--capabilities", file, error=BadCapabilities)


@pytest.mark.parametrize(
    "text",
    ["no JSON", "[]", '{"a":1}', '{"a":"b","c":"b"}', '{"a":"b","a":"c"}', '{"@counter@a":"b"}'],
)
def test_a_file_that_cannot_rename_is_refused(bundle: Path, text: str) -> None:
    file = bundle.parent / "ids.json"
    file.write_text(text)

    run(bundle, ENDPOINT, "--id-map", file, error=BadIdMap)


def test_renaming_is_part_of_the_plan(bundle: Path) -> None:
    file = bundle.parent / "ids.json"
    file.write_text('{"order-7": "order-70"}')

    run(bundle, ENDPOINT, "--id-map", file)

    made = PlanFile(bundle.parent / "orders.plan")
    assert {unit.root_id: dict(unit.ids) for unit in made.units()}["order-7"] == {
        "order-7": "order-70"
    }
    assert len(made.head.settings.id_map) == 64


def test_no_file_but_a_plan_is_overwritten(bundle: Path) -> None:
    other = bundle.parent / "notes.txt"
    other.write_text("mine")

    run(bundle, ENDPOINT, "-o", other, error=BadPlan)
    first = run(bundle, ENDPOINT)
    again = run(bundle, ENDPOINT)

    assert other.read_text() == "mine"
    assert first.stdout == again.stdout


@pytest.mark.parametrize("arguments", [(), ("orders.hub",)])
def test_source_and_target_have_to_be_named(arguments: tuple[str, ...]) -> None:
    done = CliRunner().invoke(plan, arguments)

    assert done.exit_code == click.UsageError.exit_code

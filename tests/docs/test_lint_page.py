"""The page of durahub lint says what the code does: options, settings, formats, statuses."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

from durahub_migrate.cli.lint import lint
from durahub_migrate.cli.lint_formats import FORMATS
from durahub_migrate.lint.reporting.exit_status import MEANINGS
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.selection import DEFAULT_PROFILE, PROFILES
from durahub_migrate.lint.settings.keys import KEYS, fields_of, hyphened
from durahub_migrate.lint.settings.settings_table import read_table
from durahub_migrate.lint.target import Thresholds

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/lint.md").read_text("utf-8")
OPTIONS = [param for param in lint.params if isinstance(param, click.Option)]
SPOKEN_OF_IN_HELP = ("-q", "--list-rules", "--show-payloads")  # enough is said there


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.opts[0])
def test_every_option_has_help_and_is_on_the_page(option: click.Option) -> None:
    assert option.help
    assert option.opts[0] in SPOKEN_OF_IN_HELP or option.opts[0] in TEXT


@pytest.mark.parametrize("path", KEYS)
def test_every_setting_is_on_the_page(path: str) -> None:
    assert f"| `{path}` |" in TEXT


def test_no_setting_is_on_the_page_that_is_none() -> None:
    section = TEXT[TEXT.index("## Settings") : TEXT.index("## Findings that do not count")]
    named = set(re.findall(r"^\| `([\w.-]+)` \|", section, re.MULTILINE))

    assert named - KEYS.keys() == {"ignore-finding", "hubs.NAME"}


@pytest.mark.parametrize("name", fields_of(Thresholds))
def test_a_threshold_is_on_the_page_with_its_default(name: str) -> None:
    default = getattr(Thresholds(), name)

    assert f"| `thresholds.{hyphened(name)}` | {default:g} |".replace("e+06", "000000") in TEXT or (
        f"| `thresholds.{hyphened(name)}` | {default} |" in TEXT
    )


def test_the_example_of_settings_can_be_read() -> None:
    codes = [
        *(rule.code for rule in RULES),
        "HUB209",
        "CFG111",
        "IDN503",
        "IDN501",
        "ENT701",
    ]
    (example,) = re.findall(r"```toml\n(\[lint\].+?)```", TEXT, re.DOTALL)

    assert read_table(example, "docs/lint.md", codes)


def test_every_format_is_on_the_page() -> None:
    section = TEXT[TEXT.index("## Output") : TEXT.index("## The assessment")]

    assert re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE) == list(FORMATS)


def test_every_profile_is_on_the_page() -> None:
    for name, means in PROFILES.items():
        default = " (default)" if name == DEFAULT_PROFILE else ""
        assert f"| `{name}`{default} | {means} |" in TEXT


def test_the_readme_and_the_commands_lead_to_the_page() -> None:
    assert "(docs/lint.md)" in (ROOT / "README.md").read_text("utf-8")
    assert "| `durahub lint` |" in (ROOT / "docs/commands.md").read_text("utf-8")


def test_every_exit_status_is_on_the_page() -> None:
    section = TEXT[TEXT.index("## Exit status") :]

    assert {int(number) for number in re.findall(r"^\| (\d+) \|", section, re.MULTILINE)} == set(
        MEANINGS
    )


def test_the_hook_of_pre_commit_names_a_command_that_lints(tmp_path: Path) -> None:
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    (tmp_path / "host.json").write_text('{"version": "2.0"}')
    command = shlex.split(hook["entry"])
    assert command[0] == "durahub"

    result = subprocess.run(
        [sys.executable, "-m", "durahub.cli.main", *command[1:], *hook["args"]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert hook["id"] == "durahub-lint"
    assert re.search(hook["files"], "app/host.json")
    assert re.search(hook["files"], "infra/main.bicep")
    assert not re.search(hook["files"], "README.md")
    assert result.returncode in (0, 1), result.stderr
    assert "evaluated" in result.stdout


def test_the_example_of_a_workflow_runs_commands_that_there_are() -> None:
    workflow = yaml.safe_load((ROOT / "examples/ci/github-lint.yml").read_text("utf-8"))
    known = {name for option in OPTIONS for name in option.opts}
    steps = workflow["jobs"]["lint"]["steps"]
    commands = [step["run"] for step in steps if step.get("run", "").startswith("durahub lint")]

    assert len(commands) == 2
    for command in commands:
        options = {word for word in shlex.split(command) if word.startswith("--")}
        assert options <= known
    assert workflow["permissions"]["security-events"] == "write"

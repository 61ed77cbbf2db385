"""The toolkit is listed by ``durahub --help``, and imported by its own commands alone."""

import subprocess
import sys
from importlib.metadata import entry_points

import pytest

from durahub.cli.added import COMMANDS
from durahub_migrate.cli import SUMMARIES

OF_THE_TOOLKIT = ("durahub_migrate.lint", "durahub_migrate.bundle", "jinja2", "tree_sitter")


def imported_by(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "durahub.cli.main", *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )


@pytest.mark.parametrize("arguments", [["--help"], ["up", "--help"], ["hub", "--help"]])
def test_the_servers_commands_and_the_list_of_all_import_nothing_of_the_toolkit(
    arguments: list[str],
) -> None:
    result = imported_by(*arguments)

    assert [name for name in OF_THE_TOOLKIT if name in result.stderr] == []


@pytest.mark.parametrize("within", ["", "hub"])
def test_the_toolkits_commands_are_listed_with_their_summaries(within: str) -> None:
    text = " ".join(imported_by(*within.split(), "--help").stdout.split())
    group = ".".join((COMMANDS, *within.split()))
    summaries = {
        name.rpartition(" ")[2]: summary
        for name, summary in SUMMARIES.items()
        if name.rpartition(" ")[0] == within
    }

    assert summaries.keys() == {entry.name for entry in entry_points(group=group)}
    for name, summary in summaries.items():
        assert f"{name} {summary}" in text

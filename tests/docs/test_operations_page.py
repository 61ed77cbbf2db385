"""Every command, option, setting, metric, event, code and file that the operations guide names exists."""

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from durahub.cli.main import cli
from durahub.cli.serve import serve
from durahub.configuration.keys import ALL_KEYS
from durahub.edge.metrics import HELP
from durahub.edge.server_metrics import HELP as SERVER_HELP
from durahub.errors import all_errors

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs/operations.md").read_text()
CODE = "\n".join(re.findall(r"`([^`\n]+)`", TEXT) + re.findall(r"```\n(.*?)```", TEXT, re.DOTALL))
SPANS = {"turn", "checkpoint", "activity"}
COMMANDS = sorted(
    {words.strip() for words in re.findall(r"\bdurahub((?: [a-z][a-z-]+)+)", CODE)} - SPANS
)
OPTIONS = sorted(set(re.findall(r"\bdurahub ((?:[a-z-]+ )+)[^\n`]*?(--[a-z-]+)", CODE)))
SOURCES = "\n".join(file.read_text() for file in (ROOT / "provider/durahub").rglob("*.py"))


def found(words: list[str]) -> click.Command:
    """Return the command that *words* name, as far as they name one."""
    command: click.Command = cli
    for word in words:
        if not isinstance(command, click.Group):
            break
        under = command.get_command(click.Context(command), word)
        assert under is not None, f"{word} of {' '.join(words)}"
        command = under
    return command


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_of_the_guide_is_one(words: str) -> None:
    assert not isinstance(found(words.split()), click.Group)


@pytest.mark.parametrize(("words", "option"), OPTIONS)
def test_an_option_of_the_guide_is_one(words: str, option: str) -> None:
    command = found(words.split())

    assert option in {name for one in command.params for name in one.opts}


def test_the_options_of_a_server_are_those_of_serve() -> None:
    named = set(re.findall(r"`(--[a-z-]+)", TEXT)) - {"--repair", "--format", "--connect"}

    assert named <= {name for one in serve.params for name in one.opts}


def test_every_metric_of_the_guide_exists() -> None:
    named = set(re.findall(r"\b(durahub_\w+)", TEXT))
    known = {*HELP, *SERVER_HELP}

    assert named
    assert {re.sub(r"_(total|count|bucket|sum)$", "", name) for name in named} <= known


def test_every_code_of_the_guide_exists() -> None:
    assert set(re.findall(r"\bDH\d{3}\b", TEXT)) <= set(all_errors())


def test_every_setting_of_the_guide_exists() -> None:
    named = set(re.findall(r"`((?:server|store|purge)\.[a-z_.]+)`", TEXT))

    assert named
    assert named - {"server.auth"} <= set(ALL_KEYS)


def test_every_event_of_the_guide_is_logged() -> None:
    section = TEXT[TEXT.index("## Logs") : TEXT.index("## Failure modes")]
    rows = re.findall(
        r"^\| ((?:`[a-z-]+`(?:, )?)+) \| (?:info|warning|error) ", section, re.MULTILINE
    )
    named = {event for row in rows for event in re.findall(r"`([a-z-]+)`", row)}

    assert len(named) > 15
    assert {event for event in named if f'"{event}"' not in SOURCES} == set()


def test_every_event_of_a_drain_is_in_the_guide() -> None:
    logged = set(re.findall(r'"(drain-[a-z-]+|server-[a-z]+ed|server-ready)"', SOURCES))

    assert {event for event in logged if f"`{event}`" not in TEXT} == set()


def test_every_span_of_the_guide_is_made() -> None:
    for span in SPANS:
        assert f"`durahub {span}`" in TEXT
        assert f'"durahub {span}"' in SOURCES


def test_every_file_of_the_guide_is_there() -> None:
    for file in re.findall(r"`((?:deploy|tests|docs)/[\w./]+)`", TEXT):
        assert (ROOT / file).exists(), file


def test_every_link_of_the_guide_leads_somewhere() -> None:
    for page, anchor in re.findall(r"\]\(([\w.-]*)(?:#([\w-]+))?\)", TEXT):
        text = (ROOT / "docs" / page).read_text() if page else TEXT
        titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
        anchors = {re.sub(r"[^\w -]", "", one.lower()).replace(" ", "-") for one in titles}
        assert not anchor or anchor in anchors | set(re.findall(r'<a id="([\w-]+)">', text)), anchor


def test_every_failure_mode_says_what_is_done_by_itself_and_by_you() -> None:
    section = TEXT[TEXT.index("## Failure modes") :]
    rows = [line for line in section.splitlines() if line.startswith("| **")]

    assert len(rows) >= 14
    for row in rows:
        cells = [cell.strip() for cell in row.strip("|").split(" | ")]
        assert len(cells) == 3, row
        assert all(cells), row


def test_explain_knows_the_codes_of_the_guide() -> None:
    for code in sorted(set(re.findall(r"\bDH\d{3}\b", TEXT))):
        assert CliRunner().invoke(cli, ["explain", code]).exit_code == 0

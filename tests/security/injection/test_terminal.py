"""Names and payloads on a terminal are texts: no order to it, no markup, no line of their own."""

import contextlib
import logging
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.cli.log import configure
from durahub.cli.output import print_facts, print_rows, say, tell
from durahub.model.visible import visible

HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\x1b[31m",
    "a\nERROR everything is lost",
    "a\r\nb",
    "\u202egnp.exe",
    "[/red]",
    "[bold]x[/bold] [link=https://example.net]y[/link]",
    "\x9b31m",
    "\x00",
    "\u2028",
)


UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\ud800-\udfff]")


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal is made with a pty")
def test_a_table_on_a_terminal_shows_names_as_they_are() -> None:
    """Run where stdout is a terminal: rich would read a string of a cell as markup there."""
    import pty

    ours, theirs = pty.openpty()
    names = [(name,) for name in HOSTILE]
    program = f"from durahub.cli.output import print_rows; print_rows(('instance',), {names!r})"
    environment = {**os.environ, "COLUMNS": "200", "TERM": "dumb", "PYTHONIOENCODING": "utf-8"}
    with os.fdopen(ours, "rb", buffering=0) as shown:
        child = subprocess.Popen([sys.executable, "-c", program], stdout=theirs, env=environment)
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # the end of a terminal
            while piece := shown.read(4096):
                said += piece
        assert child.wait() == 0

    head, *rows = said.decode().split("\r\n")
    assert head.strip() == "instance"
    assert [row.strip() for row in rows[:-1]] == [visible(name).strip() for name in HOSTILE]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_table_elsewhere_has_a_line_for_each_row(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    print_rows(("instance", "name"), [(name, "x\ty")])

    assert capsys.readouterr().out == f"{visible(name)}\tx\u2409y\n"


@pytest.mark.parametrize("name", HOSTILE)
def test_sentences_and_facts_give_a_terminal_no_orders(
    capsys: pytest.CaptureFixture[str], name: str
) -> None:
    say(name)
    tell(name)
    print_facts({"name": name})

    said = "".join(capsys.readouterr())
    assert not UNSEEN.search(said.replace("\n", ""))


@given(st.text())
def test_what_is_shown_can_be_seen_and_what_could_be_seen_is_shown_as_it_was(text: str) -> None:
    shown = visible(text)

    assert not UNSEEN.search(shown)
    assert visible(shown) == shown
    if text.isascii() and text.isprintable():
        assert shown == text


@pytest.mark.parametrize("name", HOSTILE)
def test_an_event_of_the_log_is_one_line_whatever_its_fields_hold(
    capfd: pytest.CaptureFixture[str], name: str
) -> None:
    configure(verbose=True)
    logging.getLogger("durahub.test").warning("instance-set-aside", extra={"instance_id": name})

    said = capfd.readouterr().err
    assert said.count("\n") == 1
    assert not UNSEEN.search(said.replace("\n", ""))


def test_an_error_that_quotes_a_name_gives_a_terminal_no_orders() -> None:
    command = [sys.executable, "-m", "durahub.cli.main", "hub", "read", "sqlite:\x1b[2Jx", "a"]
    ended = subprocess.run(command, capture_output=True, text=True)

    assert ended.returncode != 0
    assert "\x1b" not in ended.stdout + ended.stderr

"""The page on trust shows what the records say, and names tests and commands that there are."""

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.trust.page import PAGE, filled, places
from tests.trust.records import SUITES, read

ROOT = Path(__file__).parents[2]
TEXT = PAGE.read_text("utf-8")
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", TEXT)))
COMMANDS = sorted(set(re.findall(r"python -m (tests\.[\w.]+(?: (?:run|points))?)", TEXT)))
BROKEN = re.compile(r"broken|wrong|lost|crashes left|of these not found")


def test_the_page_shows_the_records() -> None:
    assert filled(TEXT, read) == TEXT, "python -m tests.trust writes them"
    assert sorted(places(TEXT)) == sorted(SUITES)


@pytest.mark.parametrize("suite", SUITES)
def test_what_a_record_tells_to_be_broken_is_named(suite: str) -> None:
    figures = read(suite).figures
    told = {f"| {suite} | {name} |" for name, value in figures.items() if _tells(name, value)}
    named = re.findall(
        rf"^\| {suite} \| [^|]+ \|", TEXT[TEXT.index("## What still") :], re.MULTILINE
    )
    assert set(named) == told


def _tells(name: str, value: float | str) -> bool:
    return isinstance(value, int | float) and value > 0 and BROKEN.search(name) is not None


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_every_test_that_is_named_exists(file: str, test: str) -> None:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert test in {one.name for one in ast.walk(tree) if isinstance(one, kinds)}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_says_what_it_does(command: str) -> None:
    if command in ("tests.trust", "tests.simulation"):
        return  # the one has nothing to choose, the other shows a seed
    asked = shlex.split(f"{sys.executable} -m {command} --help")
    shown = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    assert "--report" in shown.stdout

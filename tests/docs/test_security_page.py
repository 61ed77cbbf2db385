"""What SECURITY.md says is held by tests and settings that exist."""

import re
from pathlib import Path

import pytest

from durahub.configuration.keys import ALL_KEYS
from durahub.edge.port_limits import BODY_WITHIN, HEAD_WITHIN, HEADER_BYTES
from durahub.errors import all_errors
from durahub.model.json_text import DEEPEST

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
TESTS = sorted(set(re.findall(r"`(tests/[^`]+)`", PAGE)))
SETTINGS = sorted(set(re.findall(r"`((?:server|store|defaults)\.[a-z_.]+)`", PAGE)))


@pytest.mark.parametrize("named", TESTS)
def test_a_test_that_is_named_is_there(named: str) -> None:
    path, _, test = named.partition("::")

    assert (ROOT / path).exists()
    if path.endswith("/"):
        assert list((ROOT / path).rglob("test_*.py"))
    if test:
        assert re.search(rf"def {test}\(", (ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", SETTINGS)
def test_a_setting_that_is_named_is_one(path: str) -> None:
    assert path in ALL_KEYS or any(key.startswith(f"{path}.") for key in ALL_KEYS)


def test_errors_that_are_named_are_errors() -> None:
    assert set(re.findall(r"DH\d+", PAGE)) <= set(all_errors())


def test_numbers_of_the_page_are_those_of_the_code() -> None:
    for text in (
        f"{HEADER_BYTES // 1024} KiB of headers",
        f"{HEAD_WITHIN:g} s for a head, {BODY_WITHIN:g} s for a body",
        f"{DEEPEST} levels of JSON",
    ):
        assert text in PAGE


def test_every_attacker_is_stopped_by_something_that_a_test_shows() -> None:
    section = PAGE.partition("## Attackers")[2].partition("## What is not")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][2:]

    assert len(rows) >= 12
    assert all("`tests/" in row for row in rows)

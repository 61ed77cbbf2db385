"""docs/monitor-features.md: every feature of the monitor is shown by tests that exist."""

import ast
import re
from pathlib import Path

import pytest

TOP = Path(__file__).parents[2]
PAGE = (TOP / "docs" / "monitor-features.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| feature", "| ---"))
]
SAID = "Not by a test here: "
BROWSER = sorted((TOP / "tests" / "browser" / "real").glob("test_*.py"))


def names_in(file: Path) -> set[str]:
    return {
        node.name
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.startswith("test_")
    }


def test_no_feature_stands_there_twice() -> None:
    names = [feature for feature, _, _ in ROWS]

    assert len(names) > 50
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("feature", "where", "shown"), ROWS, ids=[row[0] for row in ROWS])
def test_every_feature_is_shown_by_tests_that_exist(feature: str, where: str, shown: str) -> None:
    assert where
    named = re.findall(r"`(tests/[^:`]+)::(\w+)`", shown)
    assert named or shown.startswith(SAID)
    for file, test in named:
        assert test in names_in(TOP / file)


def test_every_test_on_real_hubs_stands_at_a_feature() -> None:
    missing = [
        f"{file.name}::{test}"
        for file in BROWSER
        for test in sorted(names_in(file))
        if f"{file.name}::{test}" not in PAGE
    ]

    assert missing == []


def test_every_picture_on_a_page_is_there() -> None:
    docs = TOP / "docs"
    named = {
        page.parent / picture
        for page in docs.glob("*.md")
        for picture in re.findall(r"!\[[^\]]*\]\(([^):]+)\)", page.read_text(encoding="utf-8"))
    }

    assert len(named) >= 3
    assert [one for one in named if not one.is_file()] == []


def test_each_page_is_shown_in_light_and_in_dark() -> None:
    names = {one.stem for one in (TOP / "docs" / "images" / "monitor").glob("*.png")}
    light = {one.removesuffix("-light") for one in names if one.endswith("-light")}

    assert len(light) > 15
    assert names == {f"{one}-{shade}" for one in light for shade in ("light", "dark")}

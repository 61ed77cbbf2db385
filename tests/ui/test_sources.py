"""What the front end's sources may not have: anything that a strict content security policy forbids."""

import re
from pathlib import Path

import pytest

from tests.ui.front_end import UI

SOURCES = sorted(
    one for one in (UI / "src").rglob("*") if one.suffix in {".svelte", ".ts", ".css", ".html"}
)


def uses(pattern: str) -> list[str]:
    found = re.compile(pattern)
    return [
        f"{one.relative_to(UI)}:{number}: {line.strip()}"
        for one in (*SOURCES, UI / "index.html")
        for number, line in enumerate(one.read_text(encoding="utf-8").splitlines(), 1)
        if found.search(line)
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        r"\{@html",
        r"\b(inner|outer)HTML\b|insertAdjacentHTML|document\.write",
        r"\beval\(|new Function\(",
        r"\sstyle=[\"{]",  # an attribute: style:width={…} sets properties, which is allowed
        r"\son[a-z]+=\"",
        r"(src|href|url|import|from)\s*[=(]?\s*['\"(]?https?://",
    ],
)
def test_no_text_of_a_hub_can_become_a_page(pattern: str) -> None:
    assert uses(pattern) == []


def test_the_lock_file_pins_every_package_by_its_digest_and_names_no_registry() -> None:
    lock = Path(UI, "package-lock.json").read_text(encoding="utf-8")
    assert lock.count('"integrity"') > 50
    assert '"resolved"' not in lock

"""Every parser is entered by the corpus of a target, or there is a reason why it need not be."""

from pathlib import Path

import pytest

from tests.fuzz import catalogue, parsers
from tests.fuzz.corpus import FOLDER, corpus_of


@pytest.fixture(scope="module")
def seen() -> dict[tuple[str, int], set[str]]:
    return parsers.entered(catalogue.targets().values())


def test_each_parser_is_entered_by_a_target_or_has_a_reason(
    seen: dict[tuple[str, int], set[str]],
) -> None:
    missing = [
        one.key
        for one in parsers.parsers()
        if (one.file, one.line) not in seen and one.reason is None
    ]
    assert not missing, "write a target in tests/fuzz/targets, or a reason in tests/fuzz/parsers.py"


def test_no_reason_is_left_of_what_is_no_parser() -> None:
    assert not set(parsers.REASONS) - {one.key for one in parsers.parsers()}
    modules = {module for module, _ in parsers.modules()}
    assert not set(parsers.MODULE_REASONS) - modules


def test_each_target_has_a_corpus_and_each_corpus_a_target() -> None:
    names = catalogue.targets()
    assert not [name for name in names if not corpus_of(name)]
    assert not {one.name for one in FOLDER.iterdir()} - set(names)


@pytest.mark.parametrize(
    "code",
    [
        "def parse(text: str) -> str:\n    return text[0]\n",
        "class Store:\n    @classmethod\n    def read_row(cls, row):\n        return row\n",
        "async def look(self):\n    return json.loads(await self.get())\n",
        "def _told(token):\n    return base64.b64decode(token)\n",
        "def outer():\n    def inner(data):\n        return pb.Event.FromString(data)\n",
    ],
)
def test_a_new_parser_is_noticed(code: str, tmp_path: Path) -> None:
    file = tmp_path / "new.py"
    file.write_text(code)
    (found,) = parsers.parsers_in("durahub.edge.new", file)
    assert found.reason is None


def test_code_that_decodes_nothing_is_no_parser(tmp_path: Path) -> None:
    file = tmp_path / "new.py"
    file.write_text(
        'def size(text):\n    return len(text)\n\ndef read(self):\n    """Of a protocol."""\n'
    )
    assert not list(parsers.parsers_in("durahub.edge.new", file))

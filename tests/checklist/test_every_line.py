"""The checklist as a whole: every line is tested, on both stores."""

import re
from pathlib import Path

from tests.checklist.conftest import STORES

LINES = range(1, 41)
FOLDER = Path(__file__).parent
TEST = re.compile(
    r"^@pytest\.mark\.line\((\d+)\)\n(?:@pytest\.mark\.parametrize.*\n)*async def test_\w+\(([^)]*)\)",
    re.MULTILINE,
)


def test_every_line_has_a_test_that_runs_on_both_stores() -> None:
    found = [
        (int(number), arguments)
        for path in FOLDER.glob("test_*.py")
        for number, arguments in TEST.findall(path.read_text("utf-8"))
    ]
    assert {number for number, _ in found} == set(LINES)
    assert all("hub: ServedHub" in named or "store_kind: str" in named for _, named in found)
    assert len(STORES) == 2

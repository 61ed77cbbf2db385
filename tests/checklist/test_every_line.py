"""The checklist as a whole: every line is tested, on both stores."""

import re
from pathlib import Path

LINES = range(1, 41)
FOLDER = Path(__file__).parent
LINE = re.compile(r"^@pytest\.mark\.line\((\d+)\)$", re.MULTILINE)


def test_every_line_has_a_test() -> None:
    found = {
        int(n) for path in FOLDER.glob("test_*.py") for n in LINE.findall(path.read_text("utf-8"))
    }
    assert found == set(LINES)

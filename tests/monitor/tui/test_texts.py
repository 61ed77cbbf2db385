"""What stands in a terminal as text, and what is told where its package is missing."""

import subprocess
import sys
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from durahub_migrate.tui.plain import block, line, visible

WITHOUT = (
    "import sys; sys.modules['textual'] = None; "
    "from durahub_migrate.cli.monitor import monitor; monitor()"
)


@given(st.text())
def test_nothing_that_is_shown_is_an_order(text: str) -> None:
    for character in visible(text):
        assert unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")


@given(st.text(), st.integers(1, 40))
def test_a_line_is_never_wider_than_its_place(text: str, width: int) -> None:
    assert cell_len(line(text, width).plain) <= width


def test_markup_is_text_and_lines_stay_lines() -> None:
    assert line("[red]x").plain == "[red]x"
    assert block("a\r\n\x1b[1mb\t").plain == "a\n␛[1mb␉"


def test_a_megabyte_is_cut_before_it_is_looked_at() -> None:
    assert line("\x1b" * 1_000_000, 10).plain == "␛" * 9 + "…"


def test_without_its_package_the_extra_is_named() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "azurite:", "--tui"], capture_output=True, text=True
    )

    assert done.returncode != 0
    assert "DH117" in done.stderr
    assert "pip install 'durahub[tui]'" in done.stderr

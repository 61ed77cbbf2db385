"""IDs, paths and values of somebody who means harm: no format lets them steer a terminal or a CI system."""

import json
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.cli.lint_formats import FORMATS
from durahub_migrate.lint.place import Place, PlaceKind, Span
from durahub_migrate.lint.reporting.results import Results
from durahub_migrate.lint.reporting.sentences import printable
from durahub_migrate.lint.reporting.text import Style
from tests.lint.reporting.runs import IN_FILE, in_hub, results

HOSTILE = (
    "\x1b]0;title\x07\x1b[2J",
    "a\nb\r\n::add-mask::b",
    "nul\0 and \x08\x7f\x9b31m",
    "</script><img src=x onerror=alert(1)>",
    "half \ud800 and \udfff, \u202e\u2028\ufffe",
    "##vso[task.setvariable variable=PATH]x ##[add-path]x",
    "::stop-commands::x",
    "=cmd|' /C calc'!A0",
)
SPAN = Span(line=1, column=1, end_line=1, end_column=2, start=0, stop=1)


def with_everything(hostile: str) -> Results:
    """Return results in which *hostile* stands wherever somebody else's text may."""
    path = Place(source=hostile, kind=PlaceKind.FILE, key=hostile, span=SPAN)
    part = Place(source="azurite:orders", kind=PlaceKind.BLOB, key=hostile, part=hostile)
    found = [
        in_hub(hostile, detail=hostile, head=hostile),
        in_hub("x", place=part, detail="x", suppressed=hostile),
        in_hub("y", place=part, detail="y"),
        *[in_hub(f"{number}", place=path, code="CFG104", detail="x") for number in range(12)],
        IN_FILE,
    ]
    return results(*found, complete=False, remarks=(hostile,), examples=-1, show_suppressed=True)


def written(form: str, made: Results) -> str:
    style = Style(line_of=lambda _file, _line: "\x1b[31m a line\twith a tab")
    return "".join(FORMATS[form](made, style))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("hostile", HOSTILE)
def test_no_control_character_and_no_command_gets_through(form: str, hostile: str) -> None:
    text = written(form, with_everything(hostile))

    assert [one for one in text if not one.isprintable() and one != "\n"] == []
    if form not in ("json", "jsonl", "sarif", "gitlab"):  # whoever reads those knows what is a text
        assert not [line for line in text.splitlines() if "##[" in line]
        assert not [line for line in text.splitlines() if line.find("##vso[") > 0]
    commands = [line for line in text.splitlines() if line.lstrip().startswith("::")]
    assert all(line.startswith(("::error ", "::warning ", "::notice ")) for line in commands)


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_programs_read_stays_well_formed(hostile: str) -> None:
    made = with_everything(hostile)

    ET.fromstring(written("junit", made))
    for form in ("json", "sarif", "gitlab"):
        json.loads(written(form, made))
    for line in written("jsonl", made).splitlines():
        json.loads(line)
    assert hostile in [one["place"]["key"] for one in _findings(written("json", made))]


def _findings(text: str) -> list[dict[str, dict[str, str]]]:
    found: list[dict[str, dict[str, str]]] = json.loads(text)["findings"]
    return found


@given(st.text(st.characters()))
def test_what_is_printable_already_stays_as_it_is(text: str) -> None:
    shown = printable(text)

    assert shown.isprintable()
    assert printable(shown) == shown


@pytest.mark.parametrize("formula", ["=1+1", "@SUM(A1)", "\t=1", "\uff1d1", "-1"])
def test_a_cell_begins_no_formula(formula: str) -> None:
    text = written("csv", results(in_hub(formula, detail=formula, head=formula)))

    assert not [cell for cell in text.split(",") if cell.lstrip().startswith(formula.strip()[0])]

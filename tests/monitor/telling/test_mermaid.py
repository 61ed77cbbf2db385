"""Texts for Mermaid: names are names whatever they hold; Mermaid's own parser was asked about the rules."""

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.model.ticks import UNIX_EPOCH, Ticks
from durahub_migrate.monitor.histories import (
    Arrow,
    FamilyNode,
    Group,
    SequenceDiagram,
    Timeline,
)
from durahub_migrate.monitor.telling.mermaid_family import mermaid_flowchart
from durahub_migrate.monitor.telling.mermaid_gantt import mermaid_gantt
from durahub_migrate.monitor.telling.mermaid_text import (
    LONGEST,
    NAMELESS,
    leading,
    quoted,
    shown_name,
)
from durahub_migrate.monitor.telling.sequence import mermaid_sequence
from durahub_migrate.monitor.telling.timeline import timeline_of
from tests.monitor.telling.histories import recorded_history

NAMES = st.text() | st.sampled_from(
    [
        *("end", "section x", "title", "click", "%%{init:{}}%%", "style x:#a;b", "a:b", "#59;"),
        *("<script>alert(1)</script>", '"', "`md`", "$$x$$", "a\nb", "a\u2028b", "->>", "@{ x }"),
        *("", " ", "\ud800", "2026-01-01", "accTitle: x", "ﬂ°°59¶ß"),
    ]
)
SAFE = re.compile(r"(?:[\w./ -]|#\d+;)*")


def decoded(text: str) -> str:
    """Return what Mermaid draws for *text*."""
    return re.sub(r"#(\d+);", lambda found: chr(int(found[1])), text)


@given(NAMES)
def test_a_name_is_drawn_as_it_is_and_holds_no_character_of_the_grammar(name: str) -> None:
    for text in (quoted(name), leading(name)):
        assert SAFE.fullmatch(text)
        assert decoded(text) == shown_name(name)


@given(NAMES)
def test_a_name_is_one_short_line_of_something(name: str) -> None:
    shown = shown_name(name)
    assert 0 < len(shown) <= LONGEST
    assert not any(unicodedata.category(one) in ("Cc", "Cs", "Zl", "Zp") for one in shown)


@pytest.mark.parametrize("name", ["section a", "Title", "click me", "2026-01-01 x", "dateFormat"])
def test_a_line_of_a_gantt_begins_with_no_word_of_its_own(name: str) -> None:
    assert leading(name).startswith("#")


def test_an_ordinary_name_is_readable() -> None:
    assert (quoted("ShipOrder.v2"), leading("ShipOrder.v2")) == ("ShipOrder.v2",) * 2
    assert quoted(None) == "#40;no name#41;"
    assert shown_name("") == NAMELESS


@given(NAMES, NAMES)
def test_no_name_changes_the_lines_of_a_text(one: str, other: str) -> None:
    for made, plain in zip(texts_with(one, other), texts_with("a", "b"), strict=True):
        assert made.count("\n") == plain.count("\n")
        assert [shape(line) for line in made.splitlines()] == [
            shape(line) for line in plain.splitlines()
        ]


def shape(line: str) -> str:
    """Return a line of a text without its names."""
    entity = r"(?:[\w./ -]|#\d+;)+"
    line = re.sub(rf'"{entity}(<br/>{entity})*"', '"…"', line)
    line = re.sub(rf"(participant|actor) (p\d) as {entity}", r"\1 \2 as …", line)
    line = re.sub(rf"(p\d): {entity}", r"\1: …", line)
    line = re.sub(rf"^  {entity} :", "  … :", line)
    return re.sub(rf"^  title {entity}$", "  title …", line)


def texts_with(one: str, other: str) -> tuple[str, str, str]:
    start = Ticks(UNIX_EPOCH + 10**16)
    arrows = (
        Arrow(from_=0, to=1, text=other, outcome="completed", at=None),
        Arrow(from_=1, to=0, text=one, outcome="failed", at=None, count=3),
    )
    diagram = SequenceDiagram(
        lanes=(one, other), kinds=("client", "orchestrator"), arrows=arrows, truncated=2
    )
    group = Group(
        kind="activity",
        name=one,
        start=start,
        end=None,
        outcome="open",
        attempts=(),
        events=(1,),
        lane=0,
        episode=0,
    )
    timeline = Timeline(start=start, until=start, open=True, groups=(group,), idle=(), lanes=1)
    child = FamilyNode(instance_id=other or "x", name=None, status=None, relation="generation")
    family = FamilyNode(
        instance_id=one or "x",
        name=other or "x",
        status="Running",
        relation="self",
        children=(child,),
        more=2,
    )
    return (
        mermaid_sequence(diagram),
        mermaid_gantt(timeline, other or "x"),
        mermaid_flowchart(family),
    )


def test_a_gantt_has_a_section_for_each_kind() -> None:
    text = mermaid_gantt(timeline_of(recorded_history("finished", "retries")), "retries")
    assert text.splitlines()[:5] == [
        "gantt",
        "  title retries",
        "  dateFormat x",
        "  axisFormat %H:%M:%S",
        "  section Orchestration",
    ]
    assert re.search(r"  Flaky#44; 3 tries :done, t2, \d{13}, \d{13}\n", text)
    assert re.search(r"  Retries :done, milestone, t0, \d{13}, \d{13}\n", text)


def test_a_gantt_counts_what_it_leaves_out() -> None:
    timeline = timeline_of(recorded_history("finished", "fan-out"))
    assert "  %% and 42 more\n" in mermaid_gantt(timeline, most=10)


def test_a_flowchart_has_the_family_as_it_is() -> None:
    child = FamilyNode(instance_id="ship/7", name="Ship", status="Failed", relation="child")
    older = FamilyNode(instance_id="order/7", name="Order", status=None, relation="generation")
    text = mermaid_flowchart(
        FamilyNode(
            instance_id="order/7",
            name="Order",
            status="Running",
            relation="self",
            children=(child, older),
        )
    )
    assert text.splitlines() == [
        "flowchart TD",
        '  n0["Order<br/>order/7<br/>Running"]',
        '  n1["Ship<br/>ship/7<br/>Failed"]',
        "  n0 --> n1",
        '  n2["Order<br/>order/7<br/>not there any more"]',
        "  n0 -.-> n2",
        "  classDef failed stroke:#b3261e",
        "  classDef running stroke:#1f6feb",
        "  classDef asked stroke-width:3px",
        "  class n0 running",
        "  class n0 asked",
        "  class n1 failed",
    ]

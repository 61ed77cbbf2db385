"""The three forms of a report say the same, and what comes from a hub is text in each of them."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import durahub_migrate.assessment
from durahub.errors import BadRequest, FileUnavailable
from durahub_migrate.assessment.html import MOST, html_text
from durahub_migrate.assessment.json_form import json_text
from durahub_migrate.assessment.json_schema import schema, schema_text
from durahub_migrate.assessment.markdown import Markdown, code, escaped, markdown_text
from durahub_migrate.assessment.prices import Prices
from durahub_migrate.assessment.redaction import hashed, redacted
from durahub_migrate.assessment.writing import write_report
from durahub_migrate.lint.examples import an_instance
from durahub_migrate.lint.facts.payloads import PayloadKind, measure
from durahub_migrate.lint.rule import EXAMPLE_TIME
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.target import Given
from tests.golden.recorded import HUBS, RecordedHub
from tests.lint.assessment.a_report import Finds, hub_with
from tests.lint.assessment.recorded_hubs import assessed, facts_of

EVIL = "<script>alert(1)</script>"
PRICES = Prices(currency="EUR", file="prices.toml", unit_hour=0.5)
VOID = {"meta", "br", "rect", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """A page as a program reads it: its tags in order, with their attributes; its text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes something else"

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


async def evil_report() -> Any:
    facts = [
        an_instance(
            EVIL,
            row={"name": f'"{EVIL}'},
            payloads=[measure(PayloadKind.INPUT, f"row, {EVIL}", '"secret of a user"')],
        ),
        an_instance(f"@{EVIL}@|`x`"),
    ]
    return await assessed(hub_with(*facts), rules=[Finds([EVIL], code="HUB206")], prices=PRICES)


@pytest.mark.parametrize("hub", HUBS, ids=str)
async def test_a_recorded_hub_in_all_forms(hub: RecordedHub) -> None:
    report = await assessed(await facts_of(hub), rules=RULES, prices=PRICES)

    page = Page(html_text(report))
    assert page.open == []
    assert report.answer.headline in page.text
    assert report.answer.headline in markdown_text(report)
    jsonschema.validate(json.loads(json_text(report)), schema())


async def test_names_and_ids_are_shown_as_text_in_html() -> None:
    page = Page(html_text(await evil_report()))

    assert page.all("script") == []
    assert EVIL in page.text


async def test_names_and_ids_are_shown_as_text_in_markdown() -> None:
    text = markdown_text(await evil_report())

    outside = re.sub(r"(`+).*?\1", "", text)
    assert "<script" not in outside
    assert EVIL in text


async def test_no_payload_is_in_any_form() -> None:
    report = await evil_report()

    for form in (html_text, markdown_text, json_text):
        assert "secret of a user" not in form(report)


async def test_a_page_has_no_script_and_asks_for_nothing() -> None:
    text = html_text(await evil_report())
    page = Page(text)

    assert not {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object", "form"}
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            assert not name.startswith("on"), tag
            assert name != "style", "the policy would drop it"
            if name in ("src", "href"):
                assert value is not None
                assert value.startswith("#")
    assert "url(" not in text
    assert "@import" not in text


async def test_the_policy_allows_the_pages_own_style_and_nothing_else() -> None:
    text = html_text(await evil_report())

    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    (policy,) = (one["content"] for one in Page(text).all("meta") if "http-equiv" in one)
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )


async def test_a_page_can_be_read_aloud() -> None:
    page = Page(html_text(await assessed(await facts_of(HUBS[0]), prices=PRICES)))

    assert page.all("html")[0]["lang"] == "en"
    assert all(one.get("scope") in ("col", "row", "rowgroup") for one in page.all("th"))
    headings = [int(tag[1]) for tag, _ in page.tags if re.fullmatch(r"h[1-6]", tag)]
    assert headings[0] == 1
    assert all(below - above <= 1 for above, below in pairwise(headings))
    ids = [one["id"] for _, one in page.tags if "id" in one]
    assert len(ids) == len(set(ids))
    named = {one["aria-labelledby"] for _, one in page.tags if "aria-labelledby" in one}
    assert named <= set(ids)
    linked = {(one["href"] or "")[1:] for one in page.all("a")}
    assert linked <= set(ids)


async def test_a_page_shows_the_first_names_and_says_how_many_more_there_are() -> None:
    facts = [an_instance(f"i{n}", row={"name": f"Name{n:03}"}) for n in range(MOST + 3)]

    report = await assessed(hub_with(*facts), rules=[])

    assert "3 more names are in the JSON form" in Page(html_text(report)).text
    assert "3 more names are in the JSON form" in markdown_text(report)
    assert len(json.loads(json_text(report))["hubs"][0]["names"]) == MOST + 3


async def test_without_a_hub_the_report_says_so() -> None:
    report = await assessed([], rules=[], given=Given(now=EXAMPLE_TIME))

    assert "no task hub was read" in report.answer.headline
    assert Page(html_text(report)).open == []
    assert "no task hub was read" in markdown_text(report)
    jsonschema.validate(json.loads(json_text(report)), schema())


def test_the_schema_that_is_shipped_is_that_of_the_types() -> None:
    shipped = Path(durahub_migrate.assessment.__file__).parent / "assessment.schema.json"

    assert shipped.read_text("utf-8") == schema_text(), (
        "run: python -m durahub_migrate.assessment.json_schema"
    )
    jsonschema.Draft202012Validator.check_schema(schema())


async def test_the_schema_refuses_what_is_no_report() -> None:
    report = json.loads(json_text(await evil_report()))

    for broken in ({**report, "version": 2}, {**report, "more": 1}, {**report, "made": None}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema())


async def test_the_same_hub_makes_the_same_report_whatever_the_order() -> None:
    facts = await facts_of(next(hub for hub in HUBS if hub.name == "functions"))
    backwards = [facts[0], *reversed(facts[1:])]

    first, second = await assessed(facts), await assessed(backwards)

    assert first == second
    assert html_text(first) == html_text(second)


async def test_a_redacted_report_has_hashes_for_ids() -> None:
    facts = await facts_of(next(hub for hub in HUBS if hub.name == "edges"))
    report = redacted(await assessed(facts))

    ids = {one.instance_id for one in facts if hasattr(one, "history")}
    assert {one.instance_id for one in report.hubs[0].longest_ids} <= set(map(hashed, ids))
    for form in (html_text, markdown_text, json_text):
        assert not any(one in form(report) for one in ids if len(one) > 12)
    assert "shown as hashes" in Page(html_text(report)).text


@given(st.text())
def test_text_in_markdown_stays_in_its_cell(text: str) -> None:
    shown = str(escaped(text))

    assert len(shown.splitlines()) <= 1
    assert not re.search(r"(?<!\\)(?:\\\\)*\|", shown)
    assert "<" not in shown
    assert not re.search(r"(?<!\\)(?:\\\\)*[`*_\[]", shown)


@given(st.text())
def test_code_in_markdown_ends_where_it_should(text: str) -> None:
    shown = code(text)

    fence = re.match("`+", shown)
    assert fence is not None
    inner = shown[len(fence[0]) : -len(fence[0])]
    assert shown.endswith(fence[0])
    assert fence[0] not in re.findall("`+", inner)
    assert "\n" not in shown
    assert escaped(shown) is shown
    assert isinstance(shown, Markdown)


@pytest.mark.parametrize("suffix", [".html", ".HTML", ".md", ".json"])
async def test_the_suffix_says_the_form(tmp_path: Path, suffix: str) -> None:
    report = await evil_report()
    path = tmp_path / f"out{suffix}"
    path.write_text("old")

    write_report(path, report)

    begins = {".html": "<!DOCTYPE html>", ".md": "# Assessment", ".json": "{"}
    assert path.read_text("utf-8").startswith(begins[suffix.lower()])


async def test_another_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadRequest, match=r"\.html, \.md, \.json"):
        write_report(tmp_path / "out.pdf", await evil_report())


async def test_a_file_that_cannot_be_written_is_an_error_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(FileUnavailable, match="nowhere"):
        write_report(tmp_path / "nowhere" / "out.html", await evil_report())


async def test_an_id_with_half_a_character_can_be_written(tmp_path: Path) -> None:
    report = await assessed(hub_with(an_instance("half-\ud83d")), rules=[])

    for suffix in ("html", "md", "json"):
        write_report(tmp_path / f"out.{suffix}", report)
        assert (tmp_path / f"out.{suffix}").read_bytes().decode("utf-8")


async def test_no_control_character_of_an_id_or_a_name_is_in_any_form() -> None:
    evil = "\x1b[31m\0\x9b\u202egnp"
    facts = [an_instance(evil, row={"name": evil}), an_instance(f"@{evil}@{evil}")]
    report = await assessed(hub_with(*facts), rules=[Finds([evil], code="HUB206")], prices=PRICES)

    for form in (html_text, markdown_text, json_text):
        text = form(report)
        assert not [one for one in evil if not one.isprintable() and one in text], form
        assert "x1b" in text or "u001b" in text

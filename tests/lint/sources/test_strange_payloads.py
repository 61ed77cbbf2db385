"""Payloads that somebody made to break a reader: deep, huge or odd JSON is measured like any other text."""

from pathlib import Path

import pytest

from durahub_migrate.assessment.collector import AssessmentCollector
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.rule import EXAMPLE_TIME
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.running import run
from durahub_migrate.lint.sources.bundle import BundleSource
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.lint.target import Given
from tests.bundle.bundles import a_history, an_instance, written

DEEP_LIST = "[" * 100_000 + "]" * 100_000
DEEP_OBJECT = '{"a":' * 100_000 + "1" + "}" * 100_000
STRANGE = {
    "a deep list": DEEP_LIST,
    "a deep object": DEEP_OBJECT,
    "deep, but not too deep to be read": '{"a":' * 900 + "1" + "}" * 900,
    "a deep state": f'{{"exists":true,"state":{DEEP_LIST}}}',
    "deep queues": f'{{"exists":true,"queue":{DEEP_LIST},"sorter":{DEEP_OBJECT},"lockedBy":{DEEP_LIST}}}',
    "a number beyond all": "1e999999",
    "a number of many digits": "1" * 10_000,
    "null characters": '"' + "\\u0000" * 1000 + '"',
    "half a pair": '"\\ud800"',
    "more than a message may have": '"' + "x" * 12 * 1024 * 1024 + '"',
}


@pytest.mark.parametrize("name", STRANGE)
async def test_it_is_measured_and_no_more(tmp_path: Path, name: str) -> None:
    text = STRANGE[name]
    ids = ("order", "@counter@a")
    told = {"input": text, "output": text, "custom_status": text[:1_000_000]}
    written(
        tmp_path / "hub",
        [an_instance(one, history=a_history(one, text=text), **told) for one in ids],
    )
    book = Book()

    source = BundleSource("bundle:hub", tmp_path / "hub", ReadingOptions())
    outcome = await run(
        [source], RULES, Given(now=EXAMPLE_TIME), book, collectors=[AssessmentCollector()]
    )

    assert outcome.unread == ()
    assert outcome.read["bundle:hub"].instances == 2
    too_large = {one.place.key for one in book.findings("PAY405")} | {
        one.place.key for one in book.findings("PAY401")
    }
    assert bool(too_large) == (len(text) > 1_048_576)
    book.close()

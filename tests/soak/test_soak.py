"""A short soak: all ends as it must, and nothing is left; a server with a bug does not pass."""

import sys

import pytest

from tests.soak.run import Soak, soaked

pytestmark = [pytest.mark.slow, pytest.mark.sdk, pytest.mark.timeout(400)]

SHORT = 20.0  # seconds
PLANTED = 4.0


def test_a_server_under_mixed_load_loses_nothing_and_keeps_nothing() -> None:
    verdict = soaked(Soak(store="sqlite", seconds=SHORT, rate=6.0, every=2.0))

    assert verdict.broken == ()
    figures = verdict.figures
    assert figures["orchestrations run"] == SHORT * 6
    assert figures["errors"] == 0
    left = ("sessions left", "messages left", "work items left")
    assert [figures[one] for one in left] == [0, 0, 0]


@pytest.mark.parametrize(
    ("bug", "finding"),
    [
        ("sessions", " sessions"),
        ("slots", " slots"),
        ("completions", "lost: instance"),
        ("results", "wrong: instance"),
    ],
)
def test_a_planted_bug_is_found(bug: str, finding: str) -> None:
    soak = Soak(
        store="sqlite",
        seconds=PLANTED,
        rate=6.0,
        every=1.0,
        patience=8.0,
        rest=3.0,
        command=(sys.executable, "-m", "tests.soak.planted", bug),
    )

    verdict = soaked(soak)

    assert any(finding in one for one in verdict.broken), verdict.broken

"""What a soak makes of its samples."""

from dataclasses import replace

import pytest

from tests.soak.figures import Counts, Sample, growth, judge
from tests.soak.kinds import KINDS, wrong_in

REST = Sample(
    at=0.0, memory=100.0, files=20, tasks=10, messages=0, sessions=0, histories=0, open_items=0,
    slots=0, calls=0, age=0.0, ended=0,
)  # fmt: skip


def _load(seconds: int, an_hour: float, first: float = 0.0) -> list[Sample]:
    """Return samples of memory that grows; *first* MiB more come with the first tenth of the time."""
    return [
        replace(
            REST,
            at=float(at),
            memory=100 + an_hour * at / 3600 + min(first, first * 10 * at / seconds),
        )
        for at in range(0, seconds + 1, 5)
    ]


def test_the_slope_is_that_of_the_line() -> None:
    assert growth(_load(600, 36.0)) == pytest.approx(36.0)


def test_memory_that_grows_beyond_the_bound_is_broken() -> None:
    verdict = judge(Counts(), _load(1800, 60.0), REST, REST)

    assert len(verdict.broken) == 1
    assert "60.0 MiB an hour" in verdict.broken[0]


def test_what_memory_grows_by_while_caches_fill_does_not_count() -> None:
    verdict = judge(Counts(), _load(1800, 1.0, first=50.0), REST, REST)

    assert verdict.broken == ()
    assert verdict.figures["memory growth, MiB/hour"] == pytest.approx(1.0)


def test_a_short_run_is_not_judged_by_its_memory() -> None:
    verdict = judge(Counts(), _load(300, 600.0), REST, REST)

    assert verdict.broken == ()
    assert verdict.figures["memory growth, MiB/hour"] == "not judged: too short"


@pytest.mark.parametrize("what", ["sessions", "messages", "open_items", "slots", "calls"])
def test_what_is_left_is_broken(what: str) -> None:
    verdict = judge(Counts(), _load(60, 0.0), REST, replace(REST, **{what: 1}))

    assert len(verdict.broken) == 1


def test_what_is_lost_or_wrong_is_broken() -> None:
    verdict = judge(Counts(lost=["a"], wrong=["b"]), _load(60, 0.0), REST, REST)

    assert verdict.broken == ("wrong: b", "lost: a")


@pytest.mark.parametrize("number", range(len(KINDS)))
def test_an_end_is_wrong_with_another_status_or_output(number: int) -> None:
    assert wrong_in(number, "RUNNING", None, None)
    assert wrong_in(number, KINDS[number].status, '"another"', "another")

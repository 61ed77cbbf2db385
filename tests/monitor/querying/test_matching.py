"""Whether rows are what queries ask for."""

import re
from dataclasses import replace

import pytest
from hypothesis import given

from durahub.model.ticks import Ticks
from durahub.model.ticks import parse as ticks
from durahub_migrate.monitor.querying import matches, parse
from durahub_migrate.monitor.querying.patterns import fits, pieces
from durahub_migrate.monitor.row import Kind, Row
from tests.monitor.querying.generated import LETTERS, NOW, patterns, words

ROW = Row(
    hub="orders@local",
    instance_id="Order/7",
    execution_id="e1",
    name="Größe",
    version="1.2",
    status="Failed",
    created=ticks("2026-11-22T08:00:00.5Z"),
    updated=ticks("2026-11-22T10:00:00Z"),
    completed=ticks("2026-11-22T09:00:00.5Z"),
    custom_status="50% done [a_b]",
    output="Out of stock",
    tags={"Region": "EU West", "a b": "1"},
    parent_id="P1",
    generation=3,
    partition=2,
    bytes=70_000,
)


def finds(text: str, row: Row = ROW) -> bool:
    return matches(parse(text, NOW), row)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "id:Order/7", "id:Order*", "id:*7", "id:O*/*", "id~order", "id~ORDER*7", "-id:order/7",
        "name:grösse", "name:GRÖSSE", "name~röß", "name:g*e", "version:1.*",
        "status:failed", "status:ended", "-status:active", "status:(Running|Failed)", "is:ended",
        "kind:orchestration", "-kind:entity", "-is:entity", "-is:active",
        "created:2026-11-22", "created:today", "created>yesterday", "created:2026", "created:2026-11",
        "created:2026-11-22T08:00:00", "created:2026-11-22T08:00:00.5", "created>=2026-11-22",
        "created<=2026-11-22", "-created>2026-11-22", "-created<2026-11-22T08:00:00",
        "created:2026-11-22T09:00+01:00", "created>-5h", "created<-3h", "completed:today",
        "age>3h", "age<=4h", "-age>4h", "idle>2h", "duration>=1h", "duration<=1h", "duration<61m",
        'custom:"50% DONE [*"', "custom~a_b", "-custom~aab", 'error~"of stock"', 'output:"out*"',
        "-input:*", "tag.region:eu*", 'tag."A B":1', "-tag.none:*", "parent:P1", "-parent:p1",
        "-parent:none", "parent:*", "is:child", "-is:root", "execution:e1", "-execution:E1",
        "partition:2", "partition:(1|2)", "partition>1", "generation<=3", "size>68KB", "size<1MB",
        "hub:orders", "hub:ORDERS@local", "hub:*@local", "hub~rders", "-hub:order",
        "stock", '"order/7"', "größe", "GRÖSSE", '"of s"', "or*stock", "-is:locked", "-is:scheduled",
        "name:x or stock", "-(name:x stock)",
    ],
)  # fmt: skip
def test_a_row_is_found(text: str) -> None:
    assert finds(text)
    assert not finds(f"-({text})") if text else True


def test_what_a_row_does_not_have_no_condition_finds() -> None:
    bare = Row(hub="h@x", instance_id="a")

    for condition in ("name:*", "created>2000", "age>0s", "size>0", "duration<1d", "parent:*"):
        assert not finds(condition, bare)
        assert finds(f"-{condition}", bare)
    assert finds("parent:none is:root is:active", bare)
    assert not finds("is:root", replace(bare, kind=Kind.ENTITY))


def test_a_running_one_lasts_until_now_and_an_ended_one_until_its_end() -> None:
    running = replace(ROW, status="Running", completed=None)
    unknown_end = replace(ROW, completed=None)

    assert finds("duration:4h".replace(":", ">="), running)
    assert not finds("duration>4h", running)
    assert finds("duration>1h59m", unknown_end)
    assert not finds("duration>2h", unknown_end)


def test_one_is_scheduled_while_it_is_pending_and_its_time_has_not_come() -> None:
    later = Ticks(NOW + 1)

    assert finds("is:scheduled", replace(ROW, status="Pending", scheduled_start=later))
    assert not finds("is:scheduled", replace(ROW, status="Pending", scheduled_start=NOW))
    assert not finds("is:scheduled", replace(ROW, status="Running", scheduled_start=later))


def test_a_status_that_nobody_knows_is_active() -> None:
    assert finds("status:active -is:ended", replace(ROW, status="Strange"))


@given(words, patterns)
def test_a_pattern_fits_as_the_regular_expression_does(text: str, pattern: str) -> None:
    judge = ".*".join(re.escape(piece) for piece in pieces(pattern))

    assert fits(text, pattern) == bool(re.fullmatch(judge, text, re.DOTALL))
    assert set(text) <= set(LETTERS)


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    assert not fits("a" * 5_000, "*a" * 200 + "*b")

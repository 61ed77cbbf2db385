"""Findings and what is in flight become pieces of work, by a rule that can be stated."""

import pytest

from durahub_migrate.assessment.assessment import Size, When, Who
from durahub_migrate.assessment.effort import Found, packages
from durahub_migrate.assessment.rows import Row
from durahub_migrate.assessment.works import (
    CODE,
    DECISION,
    HANDS,
    OTHER,
    SETTINGS,
    WORKS,
    Kind,
    work_for,
)
from durahub_migrate.lint.rules import RULES


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_every_rule_belongs_to_a_piece_of_work(rule: object) -> None:
    assert work_for(rule.code) is not OTHER  # type: ignore[attr-defined]


def test_no_rule_belongs_to_two() -> None:
    codes = [code for work in WORKS for code in work.codes]

    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("kind", "amount", "size"),
    [
        (SETTINGS, 10, "S"),
        (SETTINGS, 11, "M"),
        (SETTINGS, 51, "L"),
        (CODE, 1, "M"),
        (CODE, 3, "M"),
        (CODE, 4, "L"),
        (HANDS, 10, "S"),
        (HANDS, 1_000, "M"),
        (HANDS, 1_001, "L"),
        (DECISION, 100, "S"),
        (DECISION, 101, "M"),
    ],
)
def test_the_size_follows_the_stated_rule(kind: Kind, amount: int, size: str) -> None:
    assert kind.size(amount) is Size(size)


def found(code: str, about: str, **others: object) -> Found:
    fields = {"severity": "error", "count": 1, "live": 1, "blocks": False} | others
    return Found(code=code, about=about, **fields)  # type: ignore[arg-type]


def test_findings_of_one_kind_are_one_piece_of_work_for_all_names() -> None:
    (work,) = packages(
        [
            found("IDN501", "OrderFlow", count=12, live=12, blocks=True),
            found("IDN502", "Ship", count=3, live=0),
        ],
        {},
        {},
    )

    assert work.codes == ("IDN501", "IDN502")
    assert work.about == ("OrderFlow", "Ship")
    assert (work.amount, work.live) == (15, 12)
    assert (work.size, work.who, work.when) == (Size.MEDIUM, Who.DEVELOPER, When.BEFORE)


def test_remarks_are_no_work() -> None:
    assert packages([found("HUB209", "orders", severity="info")], {}, {}) == ()


def test_what_is_in_flight_is_work_at_the_move() -> None:
    (work,) = packages(
        [], {Row.ETERNAL: 3, Row.SUSPENDED: 0, Row.UNSEEN: None}, {Row.ETERNAL: ("Monitor",)}
    )

    assert (work.amount, work.about, work.when) == (3, ("Monitor",), When.AT)


def test_what_stops_the_move_comes_first() -> None:
    made = packages(
        [
            found("ARM905", "main.bicep", severity="warning", count=60),
            found("HUB206", "Ship", blocks=True),
        ],
        {Row.ETERNAL: 1},
        {},
    )

    assert [one.when for one in made] == [When.BEFORE, When.AT, When.LATER]


@pytest.mark.parametrize("code", ["IDN501", "IDN509", "PAY401", "PAY404"])
def test_what_the_next_instances_will_have_again_cannot_wait(code: str) -> None:
    (work,) = packages([found(code, "OrderFlow", live=0)], {}, {})

    assert work.when is When.AT

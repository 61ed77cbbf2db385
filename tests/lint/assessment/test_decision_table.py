"""The decision table is whole, and a strategy is as good as it is for the worst row."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.assessment.assessment import Mark
from durahub_migrate.assessment.decision_table import DECISIONS, STRATEGIES, mark_of
from durahub_migrate.assessment.rows import Row

rows = st.sets(st.sampled_from(list(Row)), min_size=1)


@pytest.mark.parametrize("row", Row, ids=lambda row: row.value)
def test_every_row_says_what_each_strategy_does_with_it(row: Row) -> None:
    decision = DECISIONS[row]

    assert decision.cells.keys() == STRATEGIES.keys()
    assert decision.default.endswith(".")
    for code, (mark, note) in decision.cells.items():
        assert note or mark is not Mark.POSSIBLE, f"{code}: what is lost or needed?"


@given(rows, st.sampled_from(list(STRATEGIES)))
def test_one_row_where_a_strategy_is_impossible_makes_it_impossible(
    found: set[Row], strategy: str
) -> None:
    marks = {DECISIONS[row].cells[strategy][0] for row in found}

    worst_first = (Mark.IMPOSSIBLE, Mark.POSSIBLE, Mark.PREFERRED, Mark.UNNEEDED)
    expected = next(mark for mark in worst_first if mark in marks)
    assert mark_of(found, strategy) is expected


def test_only_draining_is_left_for_what_cannot_be_seen() -> None:
    assert [code for code in STRATEGIES if mark_of([Row.UNSEEN], code) is not Mark.IMPOSSIBLE] == [
        "c"
    ]


def test_what_never_ends_is_not_drained() -> None:
    for row in (Row.ETERNAL, Row.SUSPENDED, Row.ENTITY_IDLE):
        assert mark_of([row], "c") is Mark.IMPOSSIBLE

"""No state follows another that it may not follow."""

from pathlib import Path

import pytest

from durahub_migrate.applying import job_rows, unit_rows
from durahub_migrate.applying.job_rows import JobRow
from durahub_migrate.applying.journal_file import IllegalMove, writing
from durahub_migrate.applying.plan_file import OpenPlan
from durahub_migrate.applying.states import (
    BEFORE,
    JOB_MOVES,
    UNIT_MOVES,
    JobState,
    UnitState,
    after,
    may_follow,
)
from durahub_migrate.moving.mover import Moved, Outcome, Phase
from tests.applying.moves import a_move

JOB = JobRow(
    id="j",
    plan="ab",
    bundle_root="cd",
    target="sqlite:new.db/orders",
    state=JobState.PLACING,
    began=0,
    changed=0,
    accepts=False,
    status={},
)


@pytest.mark.parametrize("moves", [UNIT_MOVES, JOB_MOVES])
def test_every_state_stands_in_the_table(moves: dict[object, object]) -> None:
    assert set(moves) == set(UnitState if moves is UNIT_MOVES else JobState)


@pytest.mark.parametrize("phase", list(Phase))
@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_phase_ends_in_a_state_that_may_follow(phase: Phase, outcome: Outcome) -> None:
    assert after(phase, outcome) in UNIT_MOVES[BEFORE[phase]]
    assert after(phase, outcome) in UNIT_MOVES[UnitState.FAILED]


def test_all_but_confirmed_jobs_can_be_aborted() -> None:
    may = {state for state, moves in JOB_MOVES.items() if JobState.ABORTING in moves}

    assert may == set(JobState) - {JobState.CONFIRMED, JobState.ABORTING, JobState.ABORTED}


@pytest.mark.parametrize("before", list(UnitState), ids=lambda state: state.value)
def test_the_journal_takes_a_state_where_the_table_has_it_and_nowhere_else(
    tmp_path: Path, before: UnitState
) -> None:
    move = a_move(tmp_path, live=1, ended=0)
    taken = set()
    with OpenPlan(move.plan) as plan, writing(tmp_path / "journal") as connection:
        job_rows.fill(connection, JOB, plan.units())
        for state in UnitState:
            connection.execute("UPDATE unit SET state = ?", (before.value,))
            try:
                unit_rows.record(connection, 1, state, Phase.PLACE, Moved())
                taken.add(state)
            except IllegalMove:
                pass

    assert taken == {state for state in UnitState if before in may_follow(state)}

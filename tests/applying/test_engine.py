"""A job goes through its phases, whatever happens at the target."""

import asyncio
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from durahub.errors import (
    DurahubError,
    FileUnavailable,
    JobMismatch,
    MoveBlocked,
    ServerUnavailable,
    WrongJobState,
)
from durahub_migrate.applying.engine import TooManyFailures
from durahub_migrate.applying.job import open_job
from durahub_migrate.applying.journal import StopRequested
from durahub_migrate.applying.patience import TargetAway
from durahub_migrate.applying.plan_file import OpenPlan
from durahub_migrate.applying.running import Ending
from durahub_migrate.applying.settings import ApplySettings
from durahub_migrate.applying.states import JobState, UnitState
from durahub_migrate.applying.strays import StraysFailed
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import Moved, Outcome, Phase
from durahub_migrate.moving.strategy import Strategy
from tests.applying.counting_target import CountingMover, Target, failing
from tests.applying.jobs import Script, a_run, state_of, units_by_state
from tests.applying.moves import Move, a_move

WHOLE = {
    f"{kind} {one}"
    for kind in ("create", "event", "settle")
    for one in (
        *(f"ended-{n}" for n in range(3)),
        *(f"live-{n}" for n in range(4)),
        *(f"live-{n}:1" for n in range(4)),
    )
}


async def apply(move: Move, mover: CountingMover, script: Script | None = None) -> Ending:
    async with a_run(move.plan, mover, script) as running:
        return await running.apply()


def once(target: Target) -> bool:
    held = target.holds()
    del held["hand-over"]
    return set(held) == WHOLE and set(held.values()) == {1}


@pytest.mark.parametrize("parallel", [1, 3, 50])
async def test_every_unit_has_every_phase_once_and_is_handed_over(
    tmp_path: Path, parallel: int
) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")
    script = Script(parallel=parallel)

    ending = await apply(move, CountingMover(target), script)

    assert ending.state is JobState.HANDED_OVER
    assert once(target)
    assert target.calls()[-1] == "hand-over"
    assert units_by_state(move.plan) == {UnitState.DONE: 7}
    assert script.hooks == ["before-cutover", "after-cutover"]


async def test_all_units_have_had_a_phase_before_any_has_the_next_and_live_ones_come_last(
    tmp_path: Path,
) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")
    mover = CountingMover(target)

    await apply(move, mover, Script(parallel=5))

    roots = [*(f"ended-{n}" for n in range(3)), *(f"live-{n}" for n in range(4))]
    expected = [f"{kind} {root}" for kind in ("create", "event", "settle") for root in roots]
    assert mover.order == expected


@dataclass
class PlacingMover(CountingMover):
    """One that does everything in its first phase."""

    def works_in(self, phase: Phase) -> bool:
        return phase is Phase.PLACE


async def test_a_phase_in_which_nothing_is_done_is_one_write_for_all_units_of_a_wave(
    tmp_path: Path,
) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")
    mover, writes = PlacingMover(target), Counter[JobState]()

    def written(moment: str) -> None:
        if moment == "after":
            writes[state_of(move.plan)] += 1

    script = Script(parallel=1, on_write=written)

    ending = await apply(move, mover, script)

    assert ending.state is JobState.HANDED_OVER
    assert {line.split()[0] for line in mover.order} == {"create"}
    assert units_by_state(move.plan) == {UnitState.DONE: 7}
    assert writes[JobState.PLACING] > 14
    waves = 2  # with units in them
    assert writes[JobState.DELIVERING] == writes[JobState.SETTLING] == 1 + waves


async def test_a_unit_that_fails_is_tried_again_when_the_others_had_their_turn(
    tmp_path: Path,
) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")
    mover = CountingMover(target, failing(1, "create live-1"))

    ending = await apply(move, mover, Script(parallel=1))

    assert ending.state is JobState.HANDED_OVER
    created = [one for one in mover.order if one.startswith("create live")]
    assert created == [*(f"create live-{n}" for n in range(4)), "create live-1"]
    assert once(target)


async def test_a_unit_that_fails_for_good_keeps_the_job_from_being_handed_over_until_it_is_applied_again(
    tmp_path: Path,
) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")
    mover = CountingMover(target, failing(4, "event live-1"))

    ending = await apply(move, mover)

    assert (ending.state, ending.tally.failed) == (JobState.READY, 1)
    assert "failed" in (ending.obstacle or "")
    assert mover.handed_over == 0
    assert units_by_state(move.plan) == {UnitState.FAILED: 1, UnitState.VERIFIED: 6}

    again = await apply(move, mover)

    assert again.state is JobState.HANDED_OVER
    assert once(target)


async def test_more_failures_than_may_be_end_the_run_and_the_next_one_goes_on(
    tmp_path: Path,
) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")
    settings = ApplySettings(max_failures=1, tries=1)
    mover = CountingMover(target, failing(2, "create"))

    with pytest.raises(TooManyFailures):
        await apply(move, mover, Script(settings=settings))
    assert state_of(move.plan) is JobState.PLACING
    ending = await apply(move, mover)

    assert ending.state is JobState.HANDED_OVER
    assert once(target)


def rejecting(line: str) -> Moved | None:
    if line == "create live-2":
        return Moved(outcome=Outcome.REJECTED, code="DH301", reason="it is there already")
    return None


@pytest.mark.parametrize(("max_rejects", "state"), [(0, JobState.READY), (1, JobState.HANDED_OVER)])
async def test_a_rejected_unit_is_not_tried_again_and_the_others_go_on(
    tmp_path: Path, max_rejects: int, state: JobState
) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")
    mover = CountingMover(target, rejecting)

    ending = await apply(move, mover, Script(settings=ApplySettings(max_rejects=max_rejects)))

    assert (ending.state, ending.tally.rejected) == (state, 1)
    assert mover.order.count("create live-2") == 1
    assert sum(one.startswith("create") for one in target.calls()) == 9


async def test_a_target_that_is_away_for_a_while_is_waited_for(tmp_path: Path) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")
    left = [20]

    def away(line: str) -> None:
        if line.startswith("event") and left[0]:
            left[0] -= 1
            raise ServerUnavailable("http://target", "no route")

    ending = await apply(move, CountingMover(target, away))

    assert ending.state is JobState.HANDED_OVER
    assert (ending.tally.failed, left[0]) == (0, 0)
    assert once(target)


async def test_a_target_that_stays_away_ends_the_run_and_the_next_one_goes_on(
    tmp_path: Path,
) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")

    def away(line: str) -> None:
        if line == "create live-2:1":
            raise ServerUnavailable("http://target", "no route")

    with pytest.raises(TargetAway):
        await apply(move, CountingMover(target, away))
    ending = await apply(move, CountingMover(target))

    assert ending.state is JobState.HANDED_OVER
    assert once(target)


@pytest.mark.parametrize("calls", range(0, 33, 8))
async def test_a_run_that_is_stopped_ends_the_step_in_hand_and_the_next_one_goes_on(
    tmp_path: Path, calls: int
) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")
    stop = asyncio.Event()
    script = Script(stop=stop, parallel=1)

    def stopping(line: str) -> None:
        if len(target.calls()) == calls:
            stop.set()

    with pytest.raises(StopRequested):
        await apply(move, CountingMover(target, stopping), script)
    assert len(target.calls()) == calls
    ending = await apply(move, CountingMover(target))

    assert ending.state is JobState.HANDED_OVER
    assert once(target)


async def test_what_a_plan_does_not_move_is_left(tmp_path: Path) -> None:
    changed = {"live-0": {"strategy": Strategy.DRAIN}, "live-1": {"blockers": ("it holds a lock",)}}
    move, target = a_move(tmp_path, changed=changed), Target(tmp_path / "target")

    await apply(move, CountingMover(target))

    assert units_by_state(move.plan) == {UnitState.DONE: 5, UnitState.LEFT: 2}
    assert not {"create live-0", "create live-1"} & set(target.calls())


async def test_fewer_instances_at_the_target_than_planned_are_a_failure(tmp_path: Path) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")

    class Forgetful(CountingMover):
        async def carry_out(self, *arguments: object) -> Moved:
            moved = await super().carry_out(*arguments)  # type: ignore[arg-type]
            return Moved(instances=min(moved.instances, 1), messages=moved.messages)

    ending = await apply(move, Forgetful(target))

    assert (ending.state, ending.tally.failed) == (JobState.READY, 4)


async def test_a_postponed_cut_over_is_made_when_it_is_asked_for(tmp_path: Path) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")
    mover = CountingMover(target)

    ending = await apply(move, mover, Script(settings=ApplySettings(postpone=True)))
    assert (ending.state, mover.handed_over) == (JobState.READY, 0)
    async with a_run(move.plan, mover) as running:
        ending = await running.cut_over()

    assert (ending.state, mover.handed_over) == (JobState.HANDED_OVER, 1)


async def test_a_cut_over_waits_while_a_file_postpones_it(tmp_path: Path) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")
    looks = iter([True, True, False])

    ending = await apply(move, CountingMover(target), Script(postponed=lambda: next(looks)))

    assert ending.state is JobState.HANDED_OVER
    assert list(looks) == []


async def test_an_abort_takes_back_what_this_job_put_there_the_last_first(tmp_path: Path) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")
    mover = CountingMover(target, rejecting)
    await apply(move, mover)

    async with a_run(move.plan, mover, Script(parallel=1)) as running:
        ending = await running.abort(past_return=False)

    assert ending.state is JobState.ABORTED
    deleted = [one.split()[1] for one in target.calls() if one.startswith("delete")]
    assert deleted[:2] == ["live-3", "live-3:1"]
    assert deleted[-1] == "ended-0"
    assert "live-2" not in deleted  # it was there before
    assert units_by_state(move.plan) == {UnitState.WITHDRAWN: 7}
    with pytest.raises(WrongJobState):
        await apply(move, mover)


@pytest.mark.parametrize("calls", [0, 1, 5, 10])
async def test_an_abort_that_is_stopped_goes_on(tmp_path: Path, calls: int) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")
    await apply(move, CountingMover(target))
    stop = asyncio.Event()

    def stopping(line: str) -> None:
        if sum(one.startswith("delete") for one in target.calls()) == calls:
            stop.set()

    mover = CountingMover(target, stopping)
    with pytest.raises(StopRequested):
        async with a_run(move.plan, mover, Script(stop=stop)) as running:
            await running.abort(past_return=False)
    mover = CountingMover(target)
    async with a_run(move.plan, mover) as running:
        ending = await running.abort(past_return=False)

    assert ending.state is JobState.ABORTED
    assert sum(one.startswith("delete") for one in target.calls()) >= 11
    assert set(target.holds()) == {"hand-over"}


async def test_what_has_run_since_is_taken_back_only_if_somebody_says_so(tmp_path: Path) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")
    mover = CountingMover(target, ran=frozenset({"live-1"}))
    await apply(move, mover)

    async with a_run(move.plan, mover) as running:
        with pytest.raises(MoveBlocked, match="live-1"):
            await running.abort(past_return=False)
        assert state_of(move.plan) is JobState.HANDED_OVER
        ending = await running.abort(past_return=True)

    assert ending.state is JobState.ABORTED


async def test_another_plan_is_refused(tmp_path: Path) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")
    await apply(move, CountingMover(target))
    a_move(tmp_path, target="sqlite:other.db/orders")

    with pytest.raises(JobMismatch):
        await apply(move, CountingMover(target))


async def test_one_process_is_at_work_on_a_job(tmp_path: Path) -> None:
    move = a_move(tmp_path)

    with OpenPlan(move.plan) as plan:
        async with open_job(plan, lambda: 0.0, create=True):
            with pytest.raises(FileUnavailable, match="process"):
                async with open_job(plan, lambda: 0.0, create=True):
                    pass


async def test_what_a_mover_refuses_altogether_ends_the_run(tmp_path: Path) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")

    def refusing(line: str) -> None:
        raise MoveBlocked("no", "say yes")

    with pytest.raises(DurahubError, match="say yes"):
        await apply(move, CountingMover(target, refusing))
    ending = await apply(move, CountingMover(target))

    assert ending.state is JobState.HANDED_OVER


class Refusing(CountingMover):
    """Does not take what belongs to no unit."""

    async def deliver_strays(self, content: Content, ledger: Ledger) -> Moved:
        return Moved(outcome=Outcome.REJECTED, code="DH510", reason="it is too large")


async def test_messages_of_no_unit_that_are_refused_keep_a_job_from_being_handed_over(
    tmp_path: Path,
) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")

    with pytest.raises(StraysFailed, match="too large"):
        await apply(move, Refusing(target))

    assert "hand-over" not in target.holds()
    assert state_of(move.plan) is JobState.SETTLING

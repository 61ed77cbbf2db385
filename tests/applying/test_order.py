"""Units are placed behind those that they come behind, whatever happens; not at all in a circle."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.applying.deciding import settled
from durahub_migrate.applying.journal import StopRequested
from durahub_migrate.applying.resyncing import Repair, take_back
from durahub_migrate.applying.states import JobState, UnitState
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.cycles import cyclic
from durahub_migrate.moving.mover import Moved, Outcome
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit
from tests.applying.counting_target import CountingMover, Target, failing
from tests.applying.jobs import Script, a_run, units_by_state
from tests.applying.moves import Move, a_move

GHOSTS: dict[str, dict[str, object]] = {f"live-{n}": {"strategy": Strategy.GHOST} for n in range(4)}
CHAIN = {"live-0": {"live-1"}, "live-1": {"live-2"}, "live-2": {"live-3", "nobody", "ended-0"}}


@dataclass
class Ordered(CountingMover):
    """A mover of which units come *after* others."""

    after: Mapping[str, set[str]] = field(default_factory=dict)

    async def behind(self, unit: Unit, content: Content) -> frozenset[str]:
        return frozenset(self.after.get(unit.root_id, ()))

    async def before(self, unit: Unit, content: Content) -> frozenset[str]:
        return frozenset(one for one, others in self.after.items() if unit.root_id in others)


def created(target: Target) -> list[str]:
    """Return the roots of live trees in the order in which they came to the target."""
    return [one[7:] for one in target.calls() if one.startswith("create live") and ":" not in one]


async def apply(move: Move, mover: CountingMover, parallel: int = 1) -> JobState:
    async with a_run(move.plan, mover, Script(parallel=parallel)) as running:
        return (await running.apply()).state


@pytest.mark.parametrize("parallel", [1, 2, 50])
async def test_what_comes_behind_others_is_placed_behind_them(
    tmp_path: Path, parallel: int
) -> None:
    move, target = a_move(tmp_path, changed=GHOSTS), Target(tmp_path / "target")

    state = await apply(move, Ordered(target, after=CHAIN), parallel)

    assert state is JobState.HANDED_OVER
    assert created(target) == ["live-3", "live-2", "live-1", "live-0"]
    assert units_by_state(move.plan) == {UnitState.DONE: 7}


async def test_an_order_holds_only_behind_those_whose_events_come_again(tmp_path: Path) -> None:
    move, target = a_move(tmp_path), Target(tmp_path / "target")

    await apply(move, Ordered(target, after=CHAIN))

    assert created(target) == ["live-0", "live-1", "live-2", "live-3"]


@pytest.mark.parametrize("calls", range(6, 15))
async def test_the_order_holds_in_a_run_that_goes_on(tmp_path: Path, calls: int) -> None:
    move, target = a_move(tmp_path, changed=GHOSTS), Target(tmp_path / "target")
    script = Script(parallel=2)

    def stopping(line: str) -> None:
        if len(target.calls()) >= calls:
            script.stop.set()

    with pytest.raises(StopRequested):
        async with a_run(move.plan, Ordered(target, stopping, after=CHAIN), script) as running:
            await running.apply()
    state = await apply(move, Ordered(target, after=CHAIN), parallel=3)

    assert state is JobState.HANDED_OVER
    assert created(target) == ["live-3", "live-2", "live-1", "live-0"]


async def test_what_waits_for_a_unit_that_fails_comes_when_that_has_come(tmp_path: Path) -> None:
    move, target = a_move(tmp_path, changed=GHOSTS), Target(tmp_path / "target")
    mover = Ordered(target, failing(2, "create live-3"), after=CHAIN)

    state = await apply(move, mover)

    assert state is JobState.HANDED_OVER
    assert created(target) == ["live-3", "live-2", "live-1", "live-0"]


async def test_what_waits_for_a_unit_that_has_failed_for_good_has_failed_too(
    tmp_path: Path,
) -> None:
    move, target = a_move(tmp_path, changed=GHOSTS), Target(tmp_path / "target")
    mover = Ordered(target, failing(4, "create live-2"), after=CHAIN)

    assert await apply(move, mover) is JobState.READY
    assert created(target) == ["live-3"]
    assert units_by_state(move.plan) == {UnitState.FAILED: 3, UnitState.VERIFIED: 4}

    assert await apply(move, mover) is JobState.HANDED_OVER
    assert created(target) == ["live-3", "live-2", "live-1", "live-0"]


async def test_a_unit_that_was_rejected_holds_up_nobody(tmp_path: Path) -> None:
    move, target = a_move(tmp_path, changed=GHOSTS), Target(tmp_path / "target")

    def rejecting(line: str) -> Moved | None:
        return Moved(outcome=Outcome.REJECTED) if line == "create live-2" else None

    await apply(move, Ordered(target, rejecting, after=CHAIN))

    assert created(target) == ["live-3", "live-1", "live-0"]


@pytest.mark.parametrize("parallel", [1, 4])
async def test_units_that_wait_for_each_other_are_rejected_and_the_others_go_on(
    tmp_path: Path, parallel: int
) -> None:
    move, target = a_move(tmp_path, changed=GHOSTS), Target(tmp_path / "target")
    after = {"live-0": {"live-1"}, "live-1": {"live-2"}, "live-2": {"live-1"}}

    await apply(move, Ordered(target, after=after), parallel)

    assert sorted(created(target)) == ["live-0", "live-3"]
    assert units_by_state(move.plan) == {UnitState.REJECTED: 2, UnitState.VERIFIED: 5}


async def test_what_comes_behind_a_unit_that_is_mended_is_moved_once_more_too(
    tmp_path: Path,
) -> None:
    move, target = a_move(tmp_path, changed=GHOSTS), Target(tmp_path / "target")
    mover = Ordered(target, after=CHAIN)
    await apply(move, mover)

    async with a_run(move.plan, mover, Script(parallel=3)) as running:
        assert await take_back(running, [Repair("live-2")]) == []
        await running.apply()

    deleted = [one[7:] for one in target.calls() if one.startswith("delete live")]
    assert [one for one in deleted if ":" not in one] == ["live-0", "live-1", "live-2"]
    assert created(target)[4:] == ["live-2", "live-1", "live-0"]


async def test_a_unit_is_not_mended_while_something_stays_that_comes_behind_it(
    tmp_path: Path,
) -> None:
    move, target = a_move(tmp_path, changed=GHOSTS), Target(tmp_path / "target")
    mover = Ordered(target, after=CHAIN, ran=frozenset({"live-0"}))
    await apply(move, mover)

    async with a_run(move.plan, mover) as running:
        kept = await take_back(running, [Repair("live-1")])

    assert [one.root_id for one in kept] == ["live-1"]
    assert "'live-0' comes behind it, and stays" in kept[0].why
    assert not any(one.startswith("delete") for one in target.calls())


def test_who_waits_for_each_other_is_told_of_the_other() -> None:
    ends, goes_on = settled({"a": ["b"], "b": ["a"], "c": ["a"]}, ())

    assert goes_on
    assert ends.keys() == {"a", "b"}
    assert "it and 'b' have sent each other events" in ends["a"].reason


names = st.sampled_from("abcdef")


@given(st.dictionaries(names, st.sets(names)))
def test_in_a_cycle_is_who_comes_back_to_itself(waits: dict[str, set[str]]) -> None:
    def reached(start: str) -> set[str]:
        seen: set[str] = set()
        ahead = [start]
        while ahead:
            for other in waits.get(ahead.pop(), ()):
                if other not in seen:
                    seen.add(other)
                    ahead.append(other)
        return seen

    assert cyclic(waits) == {one for one in waits if one in reached(one)}

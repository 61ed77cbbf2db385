"""The throttle, against a target whose clock is the test's."""

import asyncio
import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.applying import throttle
from durahub_migrate.applying.journal import StopRequested
from durahub_migrate.applying.pacing import ThrottledPace
from durahub_migrate.applying.settings import settled
from durahub_migrate.applying.throttle import Limits, Throttle
from durahub_migrate.moving.place import PlaceKind


@dataclass
class Target:
    """Takes so many actions a second, and refuses more; or takes longer, where it is patient."""

    capacity: float
    patient: bool = False
    tokens: float = 0.0
    at: float = 0.0
    waiting: float = 0.0

    def ask(self, now: float) -> float | None:
        """Return how long it takes to answer, ``None`` if it refuses."""
        passed, self.at = now - self.at, now
        if self.patient:
            self.waiting = max(0.0, self.waiting - passed * self.capacity) + 1
            return 0.01 + self.waiting / self.capacity
        self.tokens = min(self.capacity, self.tokens + passed * self.capacity)
        if self.tokens < 1:
            return None
        self.tokens -= 1
        return 0.01


@dataclass
class Seen:
    """When something was sent, and what was refused."""

    sent: list[float] = field(default_factory=list)
    refused: list[float] = field(default_factory=list)
    state: Throttle = field(default_factory=Throttle)

    def a_second(self, since: float, until: float) -> float:
        return sum(since <= one < until for one in self.sent) / (until - since)


def simulate(
    target: Target,
    limits: Limits,
    seconds: float,
    *,
    callers: int = 8,
    seed: int = 1,
    size: int = 0,
    change: Callable[[float], Limits] | None = None,
) -> Seen:
    """Let *callers* send one action after the other, as fast as they may."""
    chance = random.Random(seed)
    seen = Seen(state=throttle.start(limits, 0.0))
    turns = [(chance.random() * 0.01, number) for number in range(callers)]
    heapq.heapify(turns)
    while turns[0][0] < seconds:
        now, caller = heapq.heappop(turns)
        if change is not None and change(now) != seen.state.limits:
            seen.state = throttle.allow(seen.state, change(now))
        wait = throttle.wait(seen.state, now)
        if wait > 0:
            heapq.heappush(turns, (now + min(wait, 0.5) + chance.random() * 1e-6, caller))
            continue
        seen.state = throttle.take(seen.state, now, 1, size)
        answer = target.ask(now)
        if answer is None:
            seen.refused.append(now)
            seen.state = throttle.refused(seen.state, now, None)
            answer = 0.01
        else:
            seen.sent.append(now)
            seen.state = throttle.answered(seen.state, now, answer)
        heapq.heappush(turns, (now + answer * (0.9 + chance.random() * 0.2), caller))
    return seen


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("rate", [0.5, 5, 100])
def test_no_more_is_sent_than_allowed_and_hardly_less(rate: float, seed: int) -> None:
    seen = simulate(Target(1e6), Limits(rate=rate), 60, seed=seed)

    assert rate * 0.9 <= seen.a_second(2, 60) <= rate * 1.05


def test_bytes_are_limited_too() -> None:
    seen = simulate(Target(1e6), Limits(bytes_per_second=10_000), 60, size=1_000)

    assert 9 <= seen.a_second(2, 60) <= 10.5


def test_a_text_larger_than_a_second_may_have_is_sent_and_paid_for() -> None:
    state = throttle.take(throttle.start(Limits(bytes_per_second=10), 0.0), 0.0, 1, 100)

    assert throttle.wait(state, 0.0) == pytest.approx(10)
    assert throttle.wait(state, 10.0) == 0


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("limits", [Limits(), Limits(rate=500)])
def test_a_target_that_refuses_gets_about_what_it_takes(limits: Limits, seed: int) -> None:
    seen = simulate(Target(50), limits, 200, seed=seed)

    assert 25 <= seen.a_second(60, 200) <= 50.5
    assert len(seen.refused) < 0.2 * len(seen.sent)


def test_a_target_that_becomes_slow_gets_less() -> None:
    target = Target(1000, patient=True)
    free = simulate(target, Limits(), 30, callers=100)
    target.capacity = 20
    slow = simulate(target, Limits(), 30, callers=100)

    assert free.state.rate == throttle.UNLIMITED
    assert slow.state.rate < throttle.UNLIMITED or slow.a_second(10, 30) <= 21


def test_latency_that_rises_halves_the_rate_though_nothing_is_refused() -> None:
    state = throttle.start(Limits(rate=100), 0.0)
    for number in range(50):
        state = throttle.answered(state, number / 10, 0.02)
    assert state.rate == 100
    for number in range(20):
        state = throttle.answered(state, 5 + number / 100, 0.5)

    assert state.rate == 50


def test_when_the_target_has_room_again_it_goes_up_to_what_is_allowed_slowly() -> None:
    state = throttle.refused(throttle.start(Limits(rate=100), 0.0), 0.0, None)
    assert state.rate == 50
    rates = []
    for second in range(1, 30):
        state = throttle.take(state, float(second), 1, 0)
        rates.append(state.rate)

    assert rates == sorted(rates)
    assert rates[0] < 55
    assert rates[-1] == 100


def test_a_target_without_limit_is_free_again_some_time_after_it_refused() -> None:
    target = Target(50)
    seen = simulate(target, Limits(), 30)
    assert seen.state.rate < throttle.UNLIMITED
    state = seen.state
    for second in range(30, 200):
        state = throttle.take(state, float(second), 1, 0)

    assert state.rate == throttle.UNLIMITED


def test_one_jam_that_is_refused_many_times_halves_once() -> None:
    state = throttle.start(Limits(rate=100), 0.0)
    for number in range(50):
        state = throttle.refused(state, number / 100, None)

    assert state.rate == 50


def test_nothing_is_sent_before_the_target_wants_to_be_asked_again() -> None:
    state = throttle.refused(throttle.start(Limits(), 0.0), 0.0, 7.0)

    assert throttle.wait(state, 6.0) == pytest.approx(1.0)
    assert throttle.wait(state, 7.0) == 0


def test_another_limit_counts_at_once() -> None:
    seen = simulate(
        Target(1e6), Limits(rate=10), 60, change=lambda now: Limits(rate=10 if now < 30 else 40)
    )

    assert 9 <= seen.a_second(2, 30) <= 10.5
    assert 36 <= seen.a_second(32, 60) <= 42


@given(
    st.lists(st.tuples(st.sampled_from("tra"), st.floats(0, 5), st.integers(1, 50)), max_size=60),
    st.floats(0.1, 1000),
)
def test_the_rate_stays_between_the_slowest_and_what_is_allowed(
    steps: list[tuple[str, float, int]], limit: float
) -> None:
    state, now = throttle.start(Limits(rate=limit), 0.0), 0.0
    for what, seconds, number in steps:
        now += seconds
        match what:
            case "t":
                if throttle.wait(state, now) == 0:
                    state = throttle.take(state, now, number, 0)
            case "r":
                state = throttle.refused(state, now, None)
            case _:
                state = throttle.answered(state, now, number / 10)
        assert min(throttle.SLOWEST, limit) <= state.rate <= limit
        assert throttle.wait(state, now) < 10_000


async def test_a_pause_ends_when_somebody_ends_it_and_a_stop_ends_it_too() -> None:
    clock = [0.0]
    stopping = [False]
    naps: list[float] = []

    async def sleep(seconds: float) -> None:
        naps.append(seconds)
        clock[0] += seconds
        if len(naps) == 3:
            pace.allow(replace(pace.state.limits, pause=False))
        if len(naps) == 6:
            stopping[0] = True
        await asyncio.sleep(0)

    pace = ThrottledPace(
        Limits(pause=True), lambda: clock[0], stopping=lambda: stopping[0], sleep=sleep
    )

    await pace.take()
    assert len(naps) == 3
    pace.allow(Limits(pause=True))
    with pytest.raises(StopRequested):
        await pace.take()


def test_more_units_at_a_time_suit_a_file_unless_somebody_says_how_many() -> None:
    nobody_said = Limits(rate=5, parallel=0)

    assert settled(nobody_said, PlaceKind.ENDPOINT) == Limits(rate=5, parallel=8)
    assert settled(nobody_said, PlaceKind.CLASSIC) == Limits(rate=5, parallel=8)
    assert settled(nobody_said, PlaceKind.SCHEDULER) == Limits(rate=5, parallel=64)
    assert settled(Limits(parallel=3), PlaceKind.SCHEDULER) == Limits(parallel=3)

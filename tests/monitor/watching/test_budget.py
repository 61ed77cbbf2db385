"""The budget of requests, in virtual time."""

import asyncio
import contextlib

from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.watching.budget import RequestBudget, interactive
from tests.monitor.watching.virtual_time import VirtualTime, settle

RATES = st.sampled_from([0.2, 0.5, 1.0, 2.5, 5.0, 20.0])
PAUSES = st.lists(
    st.tuples(st.floats(0, 3, allow_nan=False), st.integers(1, 12)), min_size=1, max_size=12
)


def budget_of(time: VirtualTime, rate: float | None) -> RequestBudget:
    return RequestBudget(rate, clock=time.clock, later=time.later)


async def asked(
    rate: float, arrivals: list[tuple[float, int]], *, in_front: bool = True
) -> list[float]:
    """Return when requests were sent that were asked for in groups, each so long after the one before.

    Somebody waits *in_front* of a screen for them.
    """
    time = VirtualTime()
    budget = budget_of(time, rate)
    sent: list[float] = []

    async def one() -> None:
        with interactive() if in_front else contextlib.nullcontext():
            await budget.take()
        sent.append(time.now)

    tasks = []
    for pause, number in arrivals:
        await time.go_to(time.now + pause)
        tasks += [asyncio.ensure_future(one()) for _ in range(number)]
    await time.go_to(time.now + 1000.0)
    await asyncio.gather(*tasks)
    assert budget.total == len(sent)
    return sent


@given(RATES, PAUSES, st.booleans())
def test_no_second_has_more_requests_than_the_budget_allows(
    rate: float, arrivals: list[tuple[float, int]], in_front: bool
) -> None:
    sent = asyncio.run(asked(rate, arrivals, in_front=in_front))

    share = rate if in_front else rate / 2
    most = max(1, int(share))
    window = most / share
    assert len(sent) == sum(number for _, number in arrivals)
    for first, last in zip(sent, sent[most:], strict=False):
        assert last - first >= window - 1e-9


@given(RATES, st.integers(1, 60))
def test_what_is_allowed_is_also_given(rate: float, number: int) -> None:
    sent = asyncio.run(asked(rate, [(0.0, number)]))

    most = max(1, int(rate))
    assert sent[-1] <= ((number - 1) // most) * most / rate + 1e-6


async def test_who_waits_in_front_of_a_screen_goes_first() -> None:
    time = VirtualTime()
    budget = budget_of(time, 1.0)
    order: list[str] = []

    async def one(name: str) -> None:
        await budget.take()
        order.append(name)

    async def now(name: str) -> None:
        with interactive():
            await one(name)

    sweep = [asyncio.ensure_future(one(f"sweep {n}")) for n in range(3)]
    await settle()
    page = asyncio.ensure_future(now("page"))
    await time.go_to(10.0)
    await asyncio.gather(page, *sweep)

    assert order == ["sweep 0", "page", "sweep 1", "sweep 2"]


async def test_a_page_that_is_opened_in_a_sweep_does_not_wait_for_it() -> None:
    time = VirtualTime()
    budget = budget_of(time, 10.0)
    sent: list[float] = []

    async def page() -> None:
        with interactive():
            await budget.take()
        sent.append(time.now)

    sweep = [asyncio.ensure_future(budget.take()) for _ in range(20)]
    await settle()
    in_sweep = budget.total
    pages = [asyncio.ensure_future(page()) for _ in range(5)]
    await time.go_to(0.5)

    assert in_sweep == 5
    assert sent == [0.0] * 5
    await time.go_to(10.0)
    await asyncio.gather(*pages, *sweep)
    assert budget.total == 25


async def test_a_page_is_not_held_up_by_the_time_at_which_the_sweep_goes_on() -> None:
    time = VirtualTime()
    budget = budget_of(time, 1.0)

    async def page() -> float:
        with interactive():
            await budget.take()
        return time.now

    sweep = [asyncio.ensure_future(budget.take()) for _ in range(2)]
    await time.go_to(0.25)
    opened = asyncio.ensure_future(page())
    await time.go_to(10.0)

    assert await opened == 1.0  # the sweep goes on at 2.0
    await asyncio.gather(*sweep)


async def test_the_standing_tells_what_is_spent_and_who_waits() -> None:
    time = VirtualTime()
    budget = budget_of(time, 4.0)
    tasks = [asyncio.ensure_future(budget.take()) for _ in range(5)]
    await settle()

    first = budget.standing()
    await time.go_to(30.0)
    second = budget.standing()
    await time.go_to(200.0)
    third = budget.standing()
    await asyncio.gather(*tasks)

    assert (first.allowed, first.spent, first.waiting) == (4.0, 2, 3)
    assert (second.spent, second.total, second.waiting) == (5, 5, 0)
    assert (third.spent, third.total) == (0, 5)


async def test_who_gives_up_waiting_costs_nothing() -> None:
    time = VirtualTime()
    budget = budget_of(time, 1.0)
    await budget.take()
    given_up, patient = (asyncio.ensure_future(budget.take()) for _ in range(2))
    await settle()

    given_up.cancel()
    await time.go_to(2.0)

    assert patient.done()
    assert budget.standing().total == 2


async def test_without_a_limit_everything_goes_at_once_and_is_counted() -> None:
    budget = RequestBudget(None)

    await asyncio.gather(*(budget.take() for _ in range(100)))

    assert budget.standing().allowed is None
    assert budget.standing().total == 100

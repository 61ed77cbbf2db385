"""Work side by side, and work that outlives its caller."""

import asyncio
import inspect

import pytest

from durahub.classic.together import Together
from durahub.classic.unbroken import Unbroken


async def test_results_come_in_order_and_never_too_many_run_at_once() -> None:
    running = most = 0

    async def work(number: int) -> int:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return number

    assert await Together(3).all(work(number) for number in range(10)) == list(range(10))
    assert most == 3


async def test_an_error_is_raised_when_the_others_have_ended() -> None:
    ended: list[int] = []

    async def fail() -> None:
        raise ValueError

    async def work() -> None:
        await asyncio.sleep(0)
        ended.append(1)

    with pytest.raises(ValueError):  # noqa: PT011
        await Together(2).all([fail(), work(), work()])
    assert ended == [1, 1]


@pytest.mark.parametrize("parallel", [1, 3])
@pytest.mark.parametrize("steps", [1, 2])
async def test_work_that_never_begins_is_closed(parallel: int, steps: int) -> None:
    works = [asyncio.Event().wait() for _ in range(3)]
    caller = asyncio.create_task(Together(parallel).all(works))
    for _ in range(steps):
        await asyncio.sleep(0)

    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller

    assert {inspect.getcoroutinestate(one) for one in works} == {inspect.CORO_CLOSED}


async def test_unbroken_work_goes_on_when_its_caller_is_cancelled() -> None:
    unbroken = Unbroken()
    go, done = asyncio.Event(), asyncio.Event()

    async def work() -> None:
        await go.wait()
        done.set()

    caller = asyncio.create_task(unbroken.run("q", work()))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert not done.is_set()
    go.set()
    await unbroken.finish("q", 5)
    assert done.is_set()


async def test_unbroken_work_is_cancelled_when_its_time_is_up() -> None:
    unbroken = Unbroken()
    started = asyncio.Event()

    async def work() -> None:
        started.set()
        await asyncio.Event().wait()

    caller = asyncio.create_task(unbroken.run("q", work()))
    await started.wait()
    await unbroken.finish_all(0)
    with pytest.raises(asyncio.CancelledError):
        await caller


async def test_unbroken_work_returns_its_result_and_its_error() -> None:
    unbroken = Unbroken()

    async def work(fails: bool) -> str:
        if fails:
            raise ValueError
        return "done"

    assert await unbroken.run("q", work(False)) == "done"
    with pytest.raises(ValueError):  # noqa: PT011
        await unbroken.run("q", work(True))

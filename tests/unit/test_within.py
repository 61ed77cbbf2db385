"""A time limit that never swallows a cancellation."""

import asyncio

import pytest

from durahub.within import within


async def test_a_cancellation_that_comes_with_the_answer_counts() -> None:
    answer: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    waiting = asyncio.create_task(within(10, answer))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    answer.set_result("done")
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_what_takes_too_long_is_cancelled() -> None:
    ended = False

    async def work() -> None:
        nonlocal ended
        try:
            await asyncio.Event().wait()
        finally:
            ended = True

    with pytest.raises(asyncio.TimeoutError):
        await within(0.01, work())
    assert ended


async def test_what_is_in_time_is_returned_or_raised() -> None:
    async def fail() -> None:
        raise KeyError("gone")

    assert await within(10, asyncio.sleep(0, "done")) == "done"
    with pytest.raises(KeyError, match="gone"):
        await within(10, fail())

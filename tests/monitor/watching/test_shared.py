"""However many ask the same at once, it is asked once; and nobody is told what was so before a change."""

import asyncio

import pytest

from durahub_migrate.watching.shared import Shared


class Source:
    """Answers when it is let."""

    def __init__(self) -> None:
        self.asked = 0
        self.let = asyncio.Event()

    async def ask(self) -> int:
        self.asked += 1
        number = self.asked
        await self.let.wait()
        return number


async def test_twenty_who_ask_at_once_wait_for_one_answer_and_the_next_asks_anew() -> None:
    shared, source = Shared(), Source()
    asking = [asyncio.create_task(shared.ask("why", source.ask)) for _ in range(20)]
    await asyncio.sleep(0)  # they have all asked
    source.let.set()
    assert await asyncio.gather(*asking) == [1] * 20
    assert await shared.ask("why", source.ask) == 2


async def test_one_who_leaves_takes_the_answer_from_nobody() -> None:
    shared, source = Shared(), Source()
    first = asyncio.create_task(shared.ask("why", source.ask))
    second = asyncio.create_task(shared.ask("why", source.ask))
    await asyncio.sleep(0)  # both have asked
    first.cancel()
    source.let.set()
    assert await second == 1


async def test_behind_a_change_an_answer_from_before_it_is_not_waited_for() -> None:
    shared, source = Shared(), Source()
    before = asyncio.create_task(shared.ask("why", source.ask))
    await asyncio.sleep(0)  # it has asked
    shared.forget()
    behind = asyncio.create_task(shared.ask("why", source.ask))
    await asyncio.sleep(0)  # it has asked
    source.let.set()
    assert (await before, await behind) == (1, 2)


async def test_an_error_is_told_to_all_and_not_kept() -> None:
    shared, source = Shared(), Source()

    async def fail() -> int:
        raise ValueError("refused")

    asking = [asyncio.create_task(shared.ask("why", fail)) for _ in range(2)]
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(one) for one in found] == [ValueError] * 2
    source.let.set()
    assert await shared.ask("why", source.ask) == 1


async def test_at_the_end_nothing_is_asked_any_more() -> None:
    shared, source = Shared(), Source()
    asking = asyncio.create_task(shared.ask("why", source.ask))
    await asyncio.sleep(0)  # it has asked
    await shared.close()
    with pytest.raises(asyncio.CancelledError):
        await asking

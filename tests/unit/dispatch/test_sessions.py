"""A session: what is in memory of one instance."""

import asyncio
from dataclasses import replace

import pytest

from durahub.dispatch.session import Session
from durahub.engine.commit import Delivery
from durahub.model.history import EventRaised
from tests.unit.engine.scenes import ID, NOW, arrived


def message(key: str, times: int = 1) -> Delivery:
    return arrived(EventRaised(timestamp=NOW, name="e"), key=key, times=times)


def session(*keys: str) -> Session:
    made = Session(ID, "hub-control-00")
    for key in keys:
        made.add(message(key))
    return made


def test_messages_keep_their_order_and_a_newer_copy_takes_the_place_of_an_older_one() -> None:
    found = session("a", "b", "c")
    found.add(message("b", times=2))

    assert [d.key for d in found.inbox.values()] == ["a", "b", "c"]
    assert found.inbox["b"].deliveries == 2


def test_what_is_given_back_stands_in_front_and_a_newer_copy_stays() -> None:  # 2.8
    found = session("c", "b")
    found.inbox["b"] = replace(found.inbox["b"], deliveries=5)
    found.put_first([message("a"), message("b")])

    assert list(found.inbox) == ["a", "b", "c"]
    assert found.inbox["b"].deliveries == 5


def test_messages_in_the_inbox_asleep_and_in_a_turn_are_held() -> None:
    async def play() -> None:
        found = session("a", "b")
        found.remove([message("a"), message("unknown")])
        found.in_turn = 1
        timer = asyncio.get_running_loop().call_later(3600, print)
        found.sleeping["z"] = timer, message("z")
        assert found.held == 3

        found.wake_all()
        assert timer.cancelled()
        assert found.held == 2

    asyncio.run(play())


def test_what_sleeps_is_roused_in_its_order_in_front_of_the_others() -> None:
    async def play() -> None:
        found = session("c")
        loop = asyncio.get_running_loop()
        for key in ("a", "b"):
            found.sleeping[key] = loop.call_later(3600, print), message(key)
        found.rouse()

        assert list(found.inbox) == ["a", "b", "c"]
        assert not found.sleeping

    asyncio.run(play())


def test_a_turn_that_came_back_goes_on_unless_its_partition_is_closing() -> None:
    found = session("a")
    found.go_on()

    found.closing = True
    with pytest.raises(asyncio.CancelledError):
        found.go_on()

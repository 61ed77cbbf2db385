"""Receivers are told once of what fires and once of its end, whatever they and this process do."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from durahub.dispatch.clock import system_clock
from durahub.errors import FileUnavailable, NotDelivered
from durahub_migrate.alerting.alerting import Alerting
from durahub_migrate.alerting.book import NAME, Book
from durahub_migrate.alerting.sending import Sender, signature
from durahub_migrate.alerting.settings import AlertSettings, Form
from durahub_migrate.monitor.alarms.facts import HubFacts
from durahub_migrate.monitor.alarms.rules import Rule, Watch
from durahub_migrate.monitor.alarms.silences import Silence
from durahub_migrate.monitor.waiting import Reason, Stuck
from tests.monitor.alerting.receiving import Desk, desk
from tests.monitor.web.watched import memory_hub

RULE = Rule(name="stuck", when=Watch.STUCK, after=1.0, clear=0.0)
HUB = memory_hub("orders").standing()
KEY = "signs-it"


def seen(*instances: str) -> HubFacts:
    now = system_clock()
    lines = tuple(
        Stuck(
            hub="orders@local",
            instance_id=one,
            name="Order",
            status="Running",
            reason=Reason.NO_OWNER,
            sentence="Nobody holds its partition.",
            since=now,
            seconds=100.0,
        )
        for one in instances
    )
    return HubFacts(at=now, standing=HUB, stuck=lines)


def alerting(at: Desk, folder: Path | None = None, **more: Any) -> Alerting:
    settings = AlertSettings(
        receivers=(at.receiver(key=KEY),), rules=(RULE,), **{"within": 60.0, **more}
    )
    return Alerting(settings, Book(folder), system_clock, again=0.01, pause=0.001)


async def delivered(one: Alerting) -> None:
    await until(lambda: not any(one.waiting(name) for name in one.receivers))


async def until(holds: Callable[[], bool]) -> None:
    for _ in range(20_000):
        if holds():
            return
        await asyncio.sleep(0.005)  # nobody tells when a receiver has answered
    raise AssertionError("it did not come about")


async def test_a_firing_and_its_end_are_posted_once_each_with_a_signature() -> None:
    async with desk() as ops, alerting(ops).running() as one:
        for looks in ([seen("order/1")], [seen("order/1")], [seen()], [seen()]):
            one.looked(looks)
            await delivered(one)

    assert ops.told() == [("stuck", "order/1", "firing"), ("stuck", "order/1", "resolved")]
    first, last = ops.got
    assert first.json["alerts"][0]["id"] == last.json["alerts"][0]["id"]
    assert first.headers["x-durahub-notice"] == first.json["id"] != last.json["id"]
    made = signature(KEY, first.headers["x-durahub-timestamp"], first.body)
    assert first.headers["x-durahub-signature"] == made
    assert one.firing() == ()


async def test_chat_services_get_a_text() -> None:
    async with desk() as chat:
        settings = AlertSettings(receivers=(chat.receiver(form=Form.TEXT),), rules=(RULE,))
        made = Alerting(settings, Book(None), system_clock, link="https://ops.example.com/")
        async with made.running() as one:
            one.looked([seen("order/1")])
            await delivered(one)

    assert chat.got[0].json == {
        "text": "orders@local: 1 firing\n"
        "[warning] stuck order/1: Nobody holds its partition.\n"
        "https://ops.example.com/alerts"
    }


@pytest.mark.parametrize("trouble", [{"statuses": [500, 503, 429, 500]}, {"statuses": [404]}])
async def test_a_receiver_that_refuses_for_a_time_gets_the_same_notice_again(
    trouble: dict[str, Any],
) -> None:
    refusals = len(trouble["statuses"])
    async with desk(**trouble) as ops, alerting(ops).running() as one:
        one.looked([seen("order/1")])
        assert one.firing()[0].delivered is None
        await ops.until(refusals + 1)
        await delivered(one)
        assert one.firing()[0].delivered is not None

    assert len({got.json["id"] for got in ops.got}) == 1
    assert len(ops.got) == refusals + 1


async def test_a_slow_receiver_is_given_up_and_holds_up_no_other() -> None:
    async with desk(slow=1) as slow, desk() as ops:
        settings = AlertSettings(
            receivers=(slow.receiver("slow"), ops.receiver("ops")), rules=(RULE,), within=0.5
        )
        made = Alerting(settings, Book(None), system_clock, again=0.01, pause=0.001)
        async with made.running() as one:
            one.looked([seen("order/1")])
            await ops.until(1)
            await delivered(one)

    # Who is busy just now may be late as well, and is sent the same once more.
    assert len({got.json["id"] for got in ops.got}) == 1
    assert len({got.json["id"] for got in slow.got}) == 1
    assert len(slow.got) >= 2
    assert one.sent == {"slow": 1, "ops": 1}


async def test_nothing_is_lost_while_a_receiver_is_down_and_we_restart(tmp_path: Path) -> None:
    async with desk() as ops:
        port, receiver = ops.port, ops
    async with alerting(receiver, tmp_path).running() as one:
        one.looked([seen("order/1")])
        await until(lambda: one.failed["ops"] > 0)

    async with desk(port) as ops, alerting(ops, tmp_path).running() as again:
        again.looked([seen("order/1")])
        await delivered(again)

    assert ops.told() == [("stuck", "order/1", "firing")]


async def test_a_restart_tells_nothing_twice_and_an_end_that_it_missed(tmp_path: Path) -> None:
    async with desk() as ops:
        async with alerting(ops, tmp_path).running() as one:
            one.looked([seen("order/1", "order/2")])
            await delivered(one)
        async with alerting(ops, tmp_path).running() as again:
            again.looked([seen("order/1")])
            await delivered(again)

    assert ops.told() == [
        ("stuck", "order/1", "firing"),
        ("stuck", "order/2", "firing"),
        ("stuck", "order/2", "resolved"),
    ]


async def test_a_crash_behind_the_sending_sends_the_same_notice_once_more(tmp_path: Path) -> None:
    async with desk() as ops:
        first = alerting(ops, tmp_path)
        first.looked([seen("order/1")])
        kept = (tmp_path / NAME).read_bytes()
        async with first.running():
            await delivered(first)
        (tmp_path / NAME).write_bytes(kept)  # as if it had died before it noted that
        async with alerting(ops, tmp_path).running() as again:
            await delivered(again)

    assert len(ops.got) == 2
    assert len({got.headers["x-durahub-notice"] for got in ops.got}) == 1


async def test_a_notice_that_nobody_takes_is_dropped_in_the_end() -> None:
    async with desk(statuses=[500] * 3) as ops, alerting(ops, keep=0.0).running() as one:
        one.looked([seen("order/1")])
        await delivered(one)

    assert (len(ops.got), one.sent["ops"], one.failed["ops"]) == (3, 0, 1)


async def test_silences_outlive_a_restart(tmp_path: Path) -> None:
    async with desk() as ops:
        one = alerting(ops, tmp_path)
        until = system_clock() + 10**10
        made = one.silence(Silence(id="", until=until, hub="orders@local"))  # type: ignore[arg-type]
        async with alerting(ops, tmp_path).running() as again:
            again.looked([seen("order/1")])
            await delivered(again)
            assert again.silences() == (made,)
            assert again.firing()[0].silenced == until
            again.unsilence(made.id)
            again.looked([seen("order/1")])
            await delivered(again)

    assert ops.told() == [("stuck", "order/1", "firing")]


def test_a_file_that_is_no_book_is_told_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text('{"alarms": 7}')

    with pytest.raises(FileUnavailable, match="no book of alerts"):
        Book(tmp_path).read()


async def test_addresses_stand_in_no_log_and_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with desk() as gone:
        pass
    async with desk(statuses=[404]) as refusing:
        for one in (gone, refusing):
            receiver = one.receiver(key=KEY)
            sender = Sender(receiver, system_clock, within=1.0, pause=0.001)
            book = alerting(one)
            book.looked([seen("order/1")])
            with pytest.raises(NotDelivered) as told:
                await sender.send(book._page.pending[0].notice)
            assert "s3cret" not in str(told.value) + repr(receiver) + repr(book._settings)
            assert KEY not in repr(receiver)

    assert "s3cret" not in caplog.text


async def test_pages_are_told_of_what_fires_and_ends() -> None:
    async with desk() as ops:
        one = alerting(ops)
        told = []
        one.listen(lambda alert: told.append((alert.instance_id, alert.state)))
        one.looked([seen("order/1")])
        one.looked([seen("order/1")])
        one.looked([replace(seen(), stuck=None)])  # that nothing is known changes nothing
        one.looked([seen()])

    assert told == [("order/1", "firing"), ("order/1", "resolved")]

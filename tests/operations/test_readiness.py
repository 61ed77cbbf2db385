"""Whether a server is ready: what it says, and what it asks storage for to know."""

import pytest

from durahub.edge.readiness import LOOK_EVERY, STALE_AFTER, Readiness, standing
from durahub.errors import StorageUnavailable
from durahub.observing.answering import FAILURES, Answering


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Row:
    """A row that is looked at."""

    def __init__(self) -> None:
        self.looks = 0
        self.away = False

    async def look(self) -> None:
        self.looks += 1
        if self.away:
            raise StorageUnavailable("the account", "it takes no connection")


async def after_look(readiness: Readiness) -> None:
    await readiness._looking  # type: ignore[misc]  # the task that the probe has begun


def heard(now: float) -> Answering:
    answering = Answering()
    answering.answered(now)
    return answering


async def test_a_look_that_fails_as_nobody_foresaw_is_told_and_made_again() -> None:
    clock = Clock()

    async def look() -> None:
        raise RuntimeError("a secret")

    readiness = Readiness(dict, lambda: None, look, monotonic=clock)
    for _ in range(2):
        readiness.now()
        await after_look(readiness)
        assert readiness.now().told()["problems"] == [{"what": "storage", "why": "unforeseen"}]
        clock.now += LOOK_EVERY


def test_a_hub_that_fails_is_named_with_its_code_and_nothing_else() -> None:
    told = standing(draining=False, hubs={"orders": "DH501", "billing": ""}, storage=heard(1.0))

    assert not told.is_ready
    assert told.told() == {
        "status": "not ready",
        "problems": [{"what": "hub orders", "why": "DH501"}],
    }


def test_who_drains_is_not_ready_whatever_else_is_well() -> None:
    told = standing(draining=True, hubs={"orders": ""}, storage=heard(1.0))

    assert not told.is_ready
    assert told.told() == {"status": "draining"}


def test_a_single_failure_does_not_take_a_server_out_of_the_balancer() -> None:
    answering = heard(1.0)
    for _ in range(FAILURES - 1):
        answering.failed("no-answer")
    assert standing(draining=False, hubs={}, storage=answering).is_ready

    answering.failed("no-answer")
    assert not standing(draining=False, hubs={}, storage=answering).is_ready

    answering.answered(2.0)
    assert standing(draining=False, hubs={}, storage=answering).is_ready


async def test_probes_ask_storage_for_nothing_while_requests_tell_that_it_answers() -> None:
    clock, row = Clock(), Row()
    answering = heard(clock.now)
    readiness = Readiness(dict, lambda: answering, row.look, monotonic=clock)

    for _ in range(100):
        clock.now += (STALE_AFTER - 1) / 100
        assert readiness.now().is_ready

    assert row.looks == 0


async def test_where_nothing_is_heard_for_long_one_row_is_read_for_many_probes() -> None:
    clock, row = Clock(), Row()
    readiness = Readiness(dict, lambda: None, row.look, monotonic=clock)

    for _ in range(50):
        readiness.now()
    await after_look(readiness)
    for _ in range(50):
        assert readiness.now().is_ready

    assert row.looks == 1


async def test_storage_that_is_away_is_asked_until_it_answers_again() -> None:
    clock, row = Clock(), Row()
    row.away = True
    readiness = Readiness(dict, lambda: None, row.look, monotonic=clock)
    readiness.now()
    await after_look(readiness)
    assert readiness.now().told()["problems"] == [{"what": "storage", "why": "DH501"}]

    row.away = False
    clock.now += LOOK_EVERY
    readiness.now()
    await after_look(readiness)

    assert readiness.now().is_ready
    assert row.looks == 2


@pytest.mark.parametrize("seconds", [0.0, 1_000.0])
async def test_a_server_that_drains_asks_for_nothing_more(seconds: float) -> None:
    clock, row = Clock(), Row()
    readiness = Readiness(dict, lambda: None, row.look, monotonic=clock)
    readiness.drain()
    clock.now += seconds

    assert not readiness.now().is_ready
    assert row.looks == 0

"""Leases, queues and messages judged over successive looks."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.partitioning.evidence import Evidence
from durahub.classic.partitioning.lease_blob import LeaseBlob
from durahub.classic.partitioning.table import LeaseRow
from durahub.model.history import TimerFired
from durahub.model.ticks import later
from durahub_migrate.monitor.explaining import Thresholds
from durahub_migrate.monitor.health.flapping import Hands, looked
from durahub_migrate.monitor.health.hot import Work, hot
from durahub_migrate.monitor.health.look import Sums, view
from durahub_migrate.monitor.health.messages import verdicts
from durahub_migrate.monitor.health.owners import held
from durahub_migrate.monitor.partitions import Holding
from tests.monitor.health.seen_hubs import (
    CONTROL,
    NOW,
    WORK,
    activity,
    ago,
    event,
    look,
    message,
    owned,
    queue,
    seen,
    start,
)

# -- who holds what ------------------------------------------------------------------------------


def rows(**others: LeaseRow) -> Evidence:
    mine = {
        name: LeaseRow(
            partition=name, current_owner="w1", last_renewal=ago(5), expires_at=later(NOW, 25)
        )
        for name in CONTROL
    }
    return Evidence(list((mine | others).values()), {})


def test_a_row_that_is_renewed_is_held_and_one_that_ran_out_is_not() -> None:
    late = LeaseRow(partition=CONTROL[1], current_owner="w2", expires_at=ago(60))
    free = LeaseRow(partition=CONTROL[2])
    draining = LeaseRow(
        partition=CONTROL[3],
        current_owner="w1",
        next_owner="w3",
        last_renewal=ago(5),
        expires_at=later(NOW, 25),
        draining=True,
    )
    found = held(rows(**{CONTROL[1]: late, CONTROL[2]: free, CONTROL[3]: draining}), CONTROL, NOW)
    assert [found.owners[name].holding for name in CONTROL] == [
        Holding.HELD,
        Holding.EXPIRED,
        Holding.FREE,
        Holding.DRAINING,
    ]
    assert found.manager == "table"
    assert set(found.workers) == {"w1", "w3"}


def test_a_freezer_is_no_worker() -> None:
    frozen = LeaseRow(
        partition=CONTROL[0],
        current_owner="durahub-freeze-00000001",
        last_renewal=ago(5),
        expires_at=later(NOW, 25),
    )
    found = held(Evidence([frozen], {}), CONTROL[:1], NOW)
    assert found.owners[CONTROL[0]].holding is Holding.FROZEN
    assert not found.workers


def test_a_lease_blob_that_names_somebody_without_a_lease_is_of_a_worker_that_was_killed() -> None:
    blobs = [
        LeaseBlob(CONTROL[0], owner="w1", leased=True),
        LeaseBlob(CONTROL[1], owner="w2", leased=False),
        LeaseBlob(CONTROL[2]),
    ]
    found = held(Evidence([], {"ownership": blobs, "intent": [], "default": []}), CONTROL, NOW)
    assert found.manager == "safe"
    assert [found.owners[name].holding for name in CONTROL] == [
        Holding.HELD,
        Holding.EXPIRED,
        Holding.FREE,
        Holding.FREE,
    ]
    assert any(CONTROL[3] in said for said in found.problems)  # it has no lease at all


def test_two_managers_at_work_are_told() -> None:
    both = Evidence(
        rows().rows, {"default": [LeaseBlob(CONTROL[0], owner="w9", leased=True)], "ownership": []}
    )
    assert any("Two partition managers" in said for said in held(both, CONTROL, NOW).problems)


# -- flapping ------------------------------------------------------------------------------------


def test_a_partition_that_changes_hands_again_and_again_flaps() -> None:
    hands = Hands()
    for number in range(6):
        owners = {CONTROL[0]: owned(f"w{number % 2}", since=later(NOW, number))}
        hands = looked(hands, owners, later(NOW, number * 10.0))
    found = view(look(seen()), None, hands, {})
    assert found.partitions[0].changes == 5
    assert found.partitions[0].flapping
    assert not found.partitions[1].flapping
    assert any("changed hands 5 times" in said for said in found.problems)


def test_a_change_between_two_looks_shows_in_since_when_it_is_held() -> None:
    hands = looked(Hands(), {CONTROL[0]: owned("w1", since=ago(100))}, ago(50))
    hands = looked(hands, {CONTROL[0]: owned("w1", since=ago(20))}, NOW)
    assert len(hands.of(CONTROL[0]).changes) == 1


def test_what_was_more_than_an_hour_ago_counts_no_more() -> None:
    hands = looked(Hands(), {CONTROL[0]: owned("w1")}, ago(8000))
    hands = looked(hands, {CONTROL[0]: owned("w2")}, ago(7000))
    hands = looked(hands, {CONTROL[0]: owned("w2")}, NOW)
    assert hands.of(CONTROL[0]).changes == ()


@given(st.lists(st.sampled_from(["w1", "w2", None]), max_size=30))
def test_changes_are_counted_as_the_owners_follow_each_other(names: list[str | None]) -> None:
    hands = Hands()
    for number, name in enumerate(names):
        owner = owned(name) if name else replace(owned(), owner=None, holding=Holding.FREE)
        hands = looked(hands, {CONTROL[0]: owner}, later(NOW, number))
    there = [name for name in names if name]
    slow = sum(a != b for a, b in pairwise(there))
    assert len(hands.of(CONTROL[0]).changes) == slow


def test_giving_up_a_partition_for_too_long_is_told() -> None:
    owners = {CONTROL[0]: owned(holding=Holding.DRAINING, next_owner="w2")}
    hands = looked(looked(Hands(), owners, ago(400)), owners, NOW)
    found = view(look(seen(owners={**dict.fromkeys(CONTROL, owned()), **owners})), None, hands, {})
    assert any("has been given up for 6 min" in said for said in found.problems)


# -- queues --------------------------------------------------------------------------------------


def test_a_queue_tells_its_oldest_message_its_growth_and_what_is_hidden() -> None:
    before = look(seen(queue(CONTROL[0], message("a", event())), at=ago(60)))
    now = look(
        seen(
            queue(
                CONTROL[0],
                message("a", event(), inserted=ago(300), deliveries=7),
                message("b", event(), inserted=ago(20)),
                hidden=3,
            )
        )
    )
    found = view(now, before, Hands(), {}).partitions[0].queue
    assert (found.depth, found.visible, found.hidden) == (5, 2, 3)
    assert found.oldest == ago(300)
    assert (found.deliveries, found.poison) == (7, 1)
    assert found.growth == 4.0


def test_a_timer_waits_since_its_time_and_not_since_it_was_set() -> None:
    fired = TimerFired(timestamp=ago(4_000), timer_id=1, fire_at=ago(20))
    starting = replace(start("b"), scheduled_start=ago(30))
    waiting = queue(
        CONTROL[0],
        message("a", fired, inserted=ago(4_000)),
        message("b", starting, inserted=ago(4_000)),
        message("c", event(), inserted=ago(10)),
    )
    found = view(look(seen(waiting)), None, Hands(), {}).partitions[0].queue

    assert found.oldest == ago(30)


def test_the_index_tells_a_partitions_share() -> None:
    sums = {0: Sums(instances=30, running=10), 1: Sums(instances=10, running=30)}
    found = view(look(seen()), None, Hands(), sums).partitions
    assert [one.share for one in found] == [0.25, 0.75, 0.0, 0.0]


@pytest.mark.parametrize("count", [1, 2, 4, 16])
def test_even_partitions_are_not_hot(count: int) -> None:
    assert hot([Work(instances=1000 + n, messages=n) for n in range(count)]) == {}


@pytest.mark.parametrize("count", [2, 4, 16])
def test_one_that_has_far_more_than_the_others_is_hot(count: int) -> None:
    work = [Work(instances=100)] * (count - 1) + [Work(instances=900)]
    assert list(hot(work)) == [count - 1]
    assert "900 instances" in hot(work)[count - 1]


def test_few_messages_are_never_hot() -> None:
    assert hot([Work(messages=0), Work(messages=20)]) == {}


# -- messages ------------------------------------------------------------------------------------


def verdict(*messages: object, exists: bool | None = True) -> list[str]:
    found = verdicts(messages, lambda _: exists, Thresholds())  # type: ignore[arg-type]
    return [one.verdict for one in found]


def test_a_message_that_came_back_often_is_poison() -> None:
    assert verdict(message("a", event(), deliveries=5)) == ["poison"]
    assert verdict(message("a", activity(), queue=WORK, deliveries=1)) == ["ok"]


def test_a_message_for_nobody_is_an_orphan_unless_it_comes_with_a_start() -> None:
    assert verdict(message("a", event()), exists=False) == ["orphan"]
    assert verdict(message("a", event()), message("a", start("a")), exists=False) == ["ok", "ok"]
    assert verdict(message("@counter@a", event("op")), exists=False) == ["ok"]
    assert verdict(message("a", event()), exists=None) == ["ok"]  # the index is not whole yet


def test_a_message_that_cannot_be_read_says_why() -> None:
    (found,) = verdicts([message(None, None, problem="not JSON")], lambda _: True, Thresholds())
    assert (found.verdict, found.why) == ("unreadable", "It cannot be read: not JSON.")

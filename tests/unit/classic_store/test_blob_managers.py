"""The legacy and the safe manager as pure functions: contents, balance, hand-over, leaving."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.partitioning import legacy, safe
from durahub.classic.partitioning.blob_state import (
    Adoption,
    BlobPlan,
    BlobState,
    BlobTimes,
    Lease,
    Take,
)
from durahub.classic.partitioning.lease_blob import (
    LeaseBlob,
    decode,
    encode,
    is_stale,
    task_hub_json,
)
from durahub.model.ticks import parse

TIMES = BlobTimes()
LOOKED = {"default": 0.0, "intent": 0.0, "ownership": 0.0}


def blob(number: int, owner: str | None = None, *, leased: bool | None = None) -> LeaseBlob:
    """Return the blob of a partition; its token tells owner and number."""
    token = None if owner is None else f"{owner}-{number}"
    held = owner is not None if leased is None else leased
    return LeaseBlob(f"p{number}", owner, token, 5, held)


def state(*names: str, me: str = "me", at: float = 0.0, looked: bool = True) -> BlobState:
    """Return the state of one who has leases, each by the token that `blob` gives."""
    leases = {name: Lease(f"{me}-{name[-1]}", 5, at, at) for name in names}
    return BlobState(leases, LOOKED if looked else {})


def see_legacy(*blobs: LeaseBlob, mine: BlobState | None = None, **more: object) -> BlobPlan:
    return _see(legacy, {"default": blobs}, mine, more)


def see_safe(
    intent: tuple[LeaseBlob, ...] = (),
    ownership: tuple[LeaseBlob, ...] = (),
    mine: BlobState | None = None,
    **more: object,
) -> BlobPlan:
    return _see(safe, {"intent": intent, "ownership": ownership}, mine, more)


def _see(
    manager: object,
    read: Mapping[str, tuple[LeaseBlob, ...]],
    mine: BlobState | None,
    more: dict[str, object],
) -> BlobPlan:
    now, busy = more.pop("now", 0.0), more.pop("busy", frozenset())
    found = manager.plan(mine or state(), read, "me", now, TIMES, busy, **more)  # type: ignore[attr-defined]
    assert isinstance(found, BlobPlan)
    return found


def taken(found: BlobPlan) -> list[str]:
    """Return the names that are had if every try succeeds."""
    return [take.name for takes in found.takes for take in takes.candidates[: takes.want]]


# -- contents --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (
            b'{"PartitionId":"myhub-control-00","Owner":null,"Token":null,"Epoch":0}',
            LeaseBlob("myhub-control-00"),
        ),
        (
            b'{"PartitionId":"myhub-control-00","Owner":"worker-1",'
            b'"Token":"6f6c2c0e-7a49-4a0e-9a5c-0b2f6d1f3a11","Epoch":7}',
            LeaseBlob("myhub-control-00", "worker-1", "6f6c2c0e-7a49-4a0e-9a5c-0b2f6d1f3a11", 7),
        ),
    ],
)
def test_a_lease_blob_is_byte_for_byte_that_of_the_other_provider(
    content: bytes, read: LeaseBlob
) -> None:
    assert encode(read) == content
    assert decode(content, "myhub-control-00", leased=False) == read


@given(
    st.builds(
        LeaseBlob,
        partition=st.just("p"),
        owner=st.none() | st.text(min_size=1).filter(lambda text: text.strip()),
        token=st.none() | st.uuids().map(str),
        epoch=st.integers(0, 2**62),
        leased=st.booleans(),
    )
)
def test_decode_undoes_encode(one: LeaseBlob) -> None:
    assert decode(encode(one), "p", leased=one.leased) == one


@pytest.mark.parametrize("content", [b"", b"\xff", b"[]", b'{"Owner":7,"Epoch":"x"}', b"null"])
def test_what_is_unreadable_says_nothing_and_is_taken_when_it_is_free(content: bytes) -> None:
    read = decode(content, "p0", leased=False)
    assert read == LeaseBlob("p0")
    assert see_legacy(read).takes[0].candidates == (Take("default/p0", None, 1),)
    assert taken(see_legacy(decode(content, "p0", leased=True))) == []


def test_task_hub_json_is_that_of_the_other_provider() -> None:
    content = task_hub_json("MyHub", parse("2026-01-15T09:30:00.1234500Z"), 4)
    assert content == (
        b'{"TaskHubName":"MyHub","CreatedAt":"2026-01-15T09:30:00.12345Z","PartitionCount":4}'
    )
    assert not is_stale(content, "myHub", 4)
    assert is_stale(content, "MyHub", 5)
    assert is_stale(content, "OtherHub", 4)
    assert is_stale(b"{", "MyHub", 4)


# -- balance, for legacy leases and intents alike --------------------------------------------------


def test_one_alone_takes_all_that_is_free() -> None:
    assert taken(see_legacy(*(blob(n) for n in range(4)))) == [f"default/p{n}" for n in range(4)]


def test_a_lease_that_has_run_out_is_acquired_and_its_epoch_goes_up() -> None:
    (takes,) = see_legacy(blob(0, "dead", leased=False)).takes
    assert takes.candidates == (Take("default/p0", None, 6),)


def test_who_has_nothing_steals_one_a_round_by_its_token() -> None:
    (takes,) = see_legacy(*(blob(n, "other") for n in range(4))).takes
    assert takes.want == 1
    assert takes.candidates[0] == Take("default/p0", "other-0", 6)


def test_free_ones_come_before_stolen_ones_even_when_they_are_not_enough() -> None:
    found = see_legacy(blob(0, "other"), blob(1, "other"), blob(2, "other"), blob(3))
    assert taken(found) == ["default/p3"]


def test_nothing_is_stolen_while_a_lease_is_being_given_up() -> None:
    leaving = LeaseBlob("p3", None, None, 5, leased=True)
    assert taken(see_legacy(*(blob(n, "other") for n in range(3)), leaving)) == []


def test_the_richest_is_robbed() -> None:
    blobs = [blob(0, "a"), *(blob(n, "b") for n in range(1, 5)), blob(5, "a")]
    assert taken(see_legacy(*blobs)) == ["default/p1"]


def test_an_uneven_rest_is_not_passed_around() -> None:
    mine = state("default/p0")
    assert taken(see_legacy(blob(0, "me"), blob(1, "o"), blob(2, "o"), mine=mine)) == []


def test_one_who_lacks_one_robs_nobody_who_has_just_a_share() -> None:
    blobs = [blob(0, "me"), *(blob(n, "a") for n in (1, 2)), *(blob(n, "b") for n in (3, 4))]
    assert taken(see_legacy(*blobs, mine=state("default/p0"))) == []


def test_more_workers_than_partitions_leave_one_each() -> None:
    assert taken(see_legacy(blob(0, "a"), blob(1, "b"))) == []
    assert taken(see_legacy(blob(0, "a"), blob(1, "a"))) == ["default/p0"]


def test_owners_are_the_same_whatever_their_case() -> None:
    blobs = [blob(0, "ME"), blob(1, "Other"), blob(2, "OTHER"), blob(3, "mE")]
    assert taken(see_legacy(*blobs)) == []


# -- legacy ----------------------------------------------------------------------------------------


def test_a_stolen_lease_is_lost_at_once_and_not_renewed() -> None:
    found = see_legacy(blob(0, "thief"), mine=state("default/p0"), now=10.0)
    assert (found.lost, found.renew) == (("default/p0",), ())


def test_leases_are_renewed_every_ten_seconds_whether_blobs_could_be_read_or_not() -> None:
    mine = state("default/p0", at=100.0)
    assert legacy.plan(mine, {}, "me", 109.9, TIMES, frozenset()).renew == ()
    assert legacy.plan(mine, {}, "me", 110.0, TIMES, frozenset()).renew == ("default/p0",)


def test_the_next_plan_is_due_with_the_next_look_or_renewal() -> None:
    mine = state("default/p0", at=3.0)
    assert legacy.delay(mine, 4.0, TIMES) == 6.0
    assert legacy.delay(mine.with_look("default", 10.0), 10.0, TIMES) == 3.0
    assert legacy.due(mine, 9.0, TIMES) == ()
    assert legacy.due(mine, 10.0, TIMES) == ("default",)
    assert legacy.delay(BlobState(), 4.0, TIMES) == 0.0


def test_who_starts_again_keeps_its_leases_by_their_tokens() -> None:
    blobs = (blob(0, "ME"), blob(1, "me", leased=False), blob(2, "other"), blob(3))
    found = see_legacy(*blobs, mine=BlobState())
    assert found.adopt == (Adoption("default/p0", "ME-0", 5), Adoption("default/p1", "me-1", 5))
    assert taken(found) == []  # two of four workers' shares: that is all
    assert see_legacy(*blobs, mine=state()).adopt == ()


def test_who_stops_gives_up_what_is_idle_and_renews_the_rest() -> None:
    mine = state("default/p0", "default/p1")
    found = see_legacy(mine=mine, now=10.0, busy={"p1"}, stopping=True)
    assert (found.release, found.renew, found.done) == (("default/p0",), ("default/p1",), False)
    assert see_legacy(mine=mine.without("default/p1"), stopping=True).done
    assert taken(see_legacy(blob(2), stopping=True)) == []


# -- safe ------------------------------------------------------------------------------------------


def test_ownership_is_taken_by_the_intents_holder_when_it_is_free_and_never_stolen() -> None:
    mine = state("intent/p0", "intent/p1")
    ownership = (blob(0, "other", leased=False), blob(1, "other"), blob(2))
    assert taken(see_safe(ownership=ownership, mine=mine)) == ["ownership/p0"]


def test_a_partition_is_listened_to_with_both_leases_only() -> None:
    both = state("intent/p0", "ownership/p0", "intent/p1", "ownership/p2")
    assert safe.listening(both) == {"p0"}


def test_who_lost_the_intent_keeps_the_ownership_while_anything_is_in_work() -> None:
    mine = state("ownership/p0")
    busy = see_safe(mine=mine, now=10.0, busy={"p0"})
    assert (busy.renew, busy.release) == (("ownership/p0",), ())
    idle = see_safe(mine=mine, now=10.0)
    assert (idle.renew, idle.release) == ((), ("ownership/p0",))


def test_ownership_is_looked_for_every_five_seconds_and_at_once_for_a_new_intent() -> None:
    mine = state("intent/p0", at=0.0)
    assert safe.due(mine, 4.9, TIMES) == ()
    assert safe.due(mine, 5.0, TIMES) == ("ownership",)
    assert safe.due(mine, 10.0, TIMES) == ("intent", "ownership")
    assert safe.due(mine.with_lease("intent/p1", "t", 1, 2.0), 2.0, TIMES) == ("ownership",)
    assert safe.delay(mine, 2.0, TIMES) == 3.0


def test_an_intent_regained_before_the_ownership_was_given_up_is_enough() -> None:
    mine = state("ownership/p0").with_lease("intent/p0", "t", 1, 3.0)
    found = see_safe(mine=mine, now=3.0, busy={"p0"})
    assert found.release == ()
    assert safe.listening(mine) == {"p0"}


def test_who_stops_gives_up_intents_first_and_ownership_when_it_is_drained() -> None:
    mine = state("ownership/p0", "intent/p0", "ownership/p1", "intent/p1")
    first = see_safe(mine=mine, busy={"p0"}, stopping=True)
    assert first.release == ("intent/p0", "intent/p1", "ownership/p1")
    assert not first.done
    left = mine
    for name in first.release:
        left = left.without(name)
    second = see_safe(mine=left, stopping=True)
    assert (second.release, second.done) == (("ownership/p0",), True)


def test_a_lease_of_ours_that_ran_out_in_storage_is_renewed_not_taken_anew() -> None:
    mine = state("default/p0")
    found = see_legacy(replace(blob(0, "me"), leased=False), mine=mine, now=40.0)
    assert (found.renew, taken(found)) == (("default/p0",), [])

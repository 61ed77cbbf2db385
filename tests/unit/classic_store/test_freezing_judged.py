"""What leases and counts mean for a freeze."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.freezing.judging import (
    askers,
    changes,
    hidden,
    last_sign,
    not_covered,
    not_held,
    seen_working,
)
from durahub.classic.freezing.naming import holder_name, is_freezer, lease_id, shown_token
from durahub.classic.partitioning.evidence import Evidence
from durahub.classic.partitioning.lease_blob import LeaseBlob
from durahub.classic.partitioning.table import LeaseRow
from durahub.freezing import Freeze, QueueSample, Sample, Seen, decode, encode
from durahub.model.ticks import Ticks, later, parse

NOW = parse("2026-01-15T09:31:40Z")
ME = holder_name(0x3F2A9C1E)
ROW = LeaseRow(
    partition="hub-control-00",
    current_owner=ME,
    last_renewal=NOW,
    expires_at=later(NOW, 60),
)
BLOB = LeaseBlob("hub-control-00", ME, shown_token(ME, "intent/hub-control-00"), 3, leased=True)
HELD = Evidence([ROW], {"intent": [BLOB]})
FREEZE = Freeze(
    hub="hub",
    store="classic",
    holder=ME,
    lasting=False,
    begun=NOW,
    frozen_at=NOW,
    rows_since=later(NOW, -60),
    leases=("container hub-applease", "row hub-control-00", "blob intent/hub-control-00"),
    seen=(Seen(who="w", what="row hub-control-00", at=NOW),),
    samples=(Sample(at=NOW, queues={"q": QueueSample(depth=2, visible={"a": 0})}),),
)


def sampled(depth: int, **visible: int) -> Sample:
    return Sample(at=NOW, queues={"q": QueueSample(depth=depth, visible=visible)})


# -- leases ----------------------------------------------------------------------------------------


def test_a_freeze_holds_when_each_of_its_leases_does() -> None:
    assert not_held(FREEZE, HELD, NOW, app_leased=True) == []


def test_a_freeze_that_has_lost_a_lease_says_which() -> None:
    lapsed = Evidence([replace(ROW, expires_at=NOW)], {"intent": [replace(BLOB, leased=False)]})

    assert not_held(FREEZE, lapsed, NOW, app_leased=False) == [
        "container hub-applease is not held",
        "row hub-control-00 is not held",
        "blob intent/hub-control-00 is not held",
    ]


def test_a_worker_beside_a_freeze_is_no_freeze() -> None:
    other = replace(ROW, partition="hub-control-01", current_owner="w")

    found = not_held(FREEZE, replace(HELD, rows=[ROW, other]), NOW, app_leased=True)

    assert found == ["w holds a partition"]


def test_a_worker_that_only_asks_for_a_row_does_not_hold_it() -> None:
    asked = replace(HELD, rows=[replace(ROW, next_owner="w")])

    assert not_held(FREEZE, asked, NOW, app_leased=True) == []
    assert askers(asked, ME) == ("w",)


def test_who_renewed_a_row_within_a_minute_is_taken_to_be_there() -> None:
    dead = replace(ROW, current_owner="w", last_renewal=later(NOW, -40), expires_at=later(NOW, -10))

    assert [one.who for one in seen_working(Evidence([dead]), NOW)] == ["w"]
    assert seen_working(Evidence([dead]), later(NOW, 21)) == ()


def test_a_row_that_is_held_for_ever_is_held_however_long_ago_it_was_renewed() -> None:
    lasting = replace(ROW, expires_at=parse("9999-12-31T00:00:00Z"))

    assert [one.who for one in seen_working(Evidence([lasting]), later(NOW, 1e9))] == [ME]


def test_the_last_sign_of_a_worker_is_when_it_was_seen_or_when_a_row_was_renewed_or_now() -> None:
    then = later(NOW, -3600)
    seen = Seen(who="w", what="row", at=later(NOW, -5))
    rows = Evidence([replace(ROW, last_renewal=then)])

    assert last_sign(HELD, [seen], NOW) == seen.at
    assert last_sign(rows, [], NOW) == then
    assert last_sign(Evidence([], {"intent": [BLOB]}), [], NOW) == NOW
    assert last_sign(Evidence(), [], NOW) == NOW


def test_a_control_queue_for_which_there_is_neither_row_nor_blob_cannot_be_held() -> None:
    assert not_covered(HELD, ("hub-control-00", "hub-control-01")) == ("hub-control-01",)


@given(st.integers(0, 2**32 - 1), st.text(min_size=1))
def test_a_freezer_is_known_by_its_name_and_its_lease_is_not_what_the_blob_shows(
    number: int, blob: str
) -> None:
    holder = holder_name(number)

    assert is_freezer(holder)
    assert is_freezer(holder.upper())
    assert lease_id(holder, blob) == lease_id(holder.upper(), blob)
    assert lease_id(holder, blob) != shown_token(holder, blob)


# -- counts ----------------------------------------------------------------------------------------


def test_a_message_whose_time_has_come_is_no_change() -> None:
    assert changes(sampled(2, a=0), sampled(2, a=0, b=0)) == []


def test_every_way_to_use_a_queue_is_a_change() -> None:
    before = sampled(2, a=0, b=1)

    assert changes(before, sampled(3, a=0, b=1, c=0)) == ["queue q grew from 2 to 3 messages"]
    assert changes(before, sampled(1, a=0))[0].startswith("queue q shrank from 2 to 1 messages")
    assert changes(before, sampled(2, a=0)) == ["queue q had a message taken, which is hidden now"]
    assert changes(before, sampled(2, a=1, b=1)) == ["queue q had a message taken and given back"]
    assert changes(before, Sample(at=NOW, queues={})) == ["queue q has gone"]


def test_of_a_long_queue_the_messages_that_are_seen_may_be_others_each_time() -> None:
    first = {f"m{number}": 0 for number in range(32)}
    second = {f"n{number}": 0 for number in range(32)}

    assert changes(sampled(64, **first), sampled(64, **second)) == []
    assert hidden(sampled(64, **first)) == {}


def test_what_is_hidden_is_what_is_counted_and_not_seen() -> None:
    assert hidden(sampled(3, a=0)) == {"q": 2}
    assert hidden(sampled(1, a=0)) == {}


# -- the report ------------------------------------------------------------------------------------

ticks = st.integers(0, 3_155_378_975_999_999_999).map(Ticks)


@given(st.booleans(), ticks, ticks | st.none(), st.text(), st.integers(0, 10**6))
def test_a_report_is_read_as_it_was_written(
    lasting: bool, begun: Ticks, frozen_at: Ticks | None, who: str, depth: int
) -> None:
    freeze = replace(
        FREEZE,
        lasting=lasting,
        begun=begun,
        frozen_at=frozen_at,
        seen=(Seen(who=who, what=who, at=begun),),
        samples=(sampled(depth, **{who: 3}),),
        process=depth,
    )

    assert decode(encode(freeze)) == freeze


@given(st.binary() | st.just(b'{"format": "durahub-freeze", "version": 1}') | st.just(b"[1]"))
def test_what_is_no_report_is_read_as_none(content: bytes) -> None:
    assert decode(content) is None

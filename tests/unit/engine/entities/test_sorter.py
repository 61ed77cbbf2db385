"""Messages of each sender come in order and once."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.entities.messages import Request
from durahub.engine.entities.sorter import REORDER_WINDOW, Labels, Receiver
from durahub.engine.entities.stamps import NONE, Stamp
from durahub.model.ticks import Ticks, later

from .counters import CALLER, NOW, call, lock, signal

WINDOW = REORDER_WINDOW


def labelled(
    times: Sequence[Ticks], *, parent: str = CALLER, target: str = "@counter@a"
) -> list[Request]:
    """Return requests that a sender labels at *times*, numbered from 0."""
    labels = Labels()
    return [
        labels.label(call(number=number, parent=parent, at=Ticks(0)), target, now, WINDOW)
        for number, now in enumerate(times)
    ]


def received(receiver: Receiver, *requests: Request, window: float = WINDOW) -> list[Request]:
    return [one for request in requests for one in receiver.receive(request, window)]


# -- sending -------------------------------------------------------------------------------------


def test_a_message_carries_the_time_of_the_one_before_it() -> None:
    first, second = labelled([NOW, later(NOW, 1)])
    assert (first.timestamp, first.predecessor) == (Stamp(NOW), NONE)
    assert (second.timestamp, second.predecessor) == (Stamp(later(NOW, 1)), Stamp(NOW))


def test_where_the_clock_stands_still_the_label_is_one_tick_later_and_has_no_zone() -> None:
    _, second, third = labelled([NOW, NOW, later(NOW, -5)])
    assert str(second.timestamp) == "2026-11-21T12:00:00.0000001"
    assert str(second.predecessor) == "2026-11-21T12:00:00Z"
    assert str(third.timestamp) == "2026-11-21T12:00:00.0000002"
    assert str(third.predecessor) == "2026-11-21T12:00:00.0000001"


def test_each_target_has_its_own_order_whatever_the_case_of_its_id() -> None:
    labels = Labels()
    labels.label(call(), "@counter@a", NOW, WINDOW)
    other = labels.label(call(), "@counter@b", later(NOW, 1), WINDOW)
    same = labels.label(call(), "@Counter@A", later(NOW, 2), WINDOW)
    assert other.predecessor == NONE
    assert same.predecessor == Stamp(NOW)
    assert list(labels.sent or {}) == ["@counter@a", "@counter@b"]


def test_a_target_that_heard_nothing_for_a_window_is_forgotten() -> None:
    labels = Labels()
    labels.label(call(), "@counter@a", NOW, WINDOW)
    labels.label(call(), "@counter@b", later(NOW, WINDOW), WINDOW)
    assert list(labels.sent or {}) == ["@counter@a", "@counter@b"]  # not looked at so soon
    labels.label(call(), "@counter@b", later(NOW, WINDOW + 11), WINDOW)
    assert list(labels.sent or {}) == ["@counter@b"]
    assert labels.horizon == Stamp(later(NOW, 11))


def test_without_a_window_nothing_is_labelled() -> None:
    request = call(at=Ticks(0))
    assert Labels().label(request, "@counter@a", NOW, 0) == request


# -- receiving -----------------------------------------------------------------------------------


def test_what_has_come_before_its_predecessor_is_held_back() -> None:
    first, second, third = labelled([NOW] * 3)
    receiver = Receiver()
    assert received(receiver, third) == []
    assert received(receiver, second) == []
    assert received(receiver, first) == [first, second, third]


def test_what_comes_again_is_dropped() -> None:
    first, second = labelled([NOW] * 2)
    receiver = Receiver()
    assert received(receiver, first, first, second, first, second) == [first, second]


def test_what_a_client_sends_and_a_lock_that_was_passed_on_are_not_sorted() -> None:
    receiver = Receiver()
    passed_on = lock("@counter@b", "@counter@a").at_next_lock()
    assert received(receiver, signal(), signal(), passed_on, passed_on) == [
        signal(),
        signal(),
        passed_on,
        passed_on,
    ]
    assert receiver.senders is None


def test_without_a_window_everything_passes() -> None:
    first, second = labelled([NOW] * 2)
    assert received(Receiver(), second, first, first, window=0) == [second, first, first]


def test_a_new_execution_of_the_sender_begins_anew_and_frees_what_was_held_back() -> None:
    _, second, _ = labelled([NOW] * 3)
    receiver = Receiver()
    assert received(receiver, second) == []
    again = call(number=9, run="another-run", at=later(NOW, 1))
    assert received(receiver, again) == [second, again]
    following = call(number=10, run="another-run", at=later(NOW, 3), after=later(NOW, 2))
    assert received(receiver, following) == []


def test_what_comes_late_of_an_execution_before_passes_and_the_present_one_goes_on() -> None:
    first, second, third = (
        call(
            number=n,
            run="another-run",
            at=later(NOW, n),
            after=later(NOW, n - 1) if n > 1 else None,
        )
        for n in (1, 2, 3)
    )
    late = call(number=9, at=later(NOW, -1))
    receiver = Receiver()
    assert received(receiver, first, late, second) == [first, late, second]
    assert received(Receiver(), second, late, first) == [late, first, second]
    assert received(receiver, second, late, third) == [late, third]


@given(st.data())
def test_no_message_waits_for_ever_though_those_of_two_executions_come_mixed(
    data: st.DataObject,
) -> None:
    counts = st.integers(1, 5)
    old, new = (
        [
            replace(one, parent_execution=run)
            for one in labelled([later(NOW, start + n) for n in range(data.draw(counts))])
        ]
        for run, start in (("old-run", 0), ("new-run", 100))
    )
    doubled = data.draw(st.lists(st.sampled_from([*old, *new]), max_size=5), label="doubled")
    arrivals = data.draw(st.permutations([*old, *new, *doubled]), label="arrivals")
    receiver = Receiver()

    let_through = received(receiver, *arrivals)

    assert [one for one in let_through if one.parent_execution == "new-run"] == new
    assert all(one in let_through for one in old)
    assert all(not sender.held for sender in (receiver.senders or {}).values())


def test_a_message_older_than_the_horizon_passes() -> None:
    receiver = Receiver()
    received(receiver, call(at=NOW))
    old = call(number=9, at=later(NOW, -WINDOW - 1))
    assert received(receiver, old, old) == [old, old]


def test_what_was_held_back_passes_when_its_predecessor_is_older_than_the_window() -> None:
    _, second = labelled([NOW] * 2)
    receiver = Receiver()
    assert received(receiver, second) == []
    much_later = call(number=9, parent="another", at=later(NOW, 3 * WINDOW))
    assert received(receiver, much_later) == [second, much_later]
    assert list(receiver.senders or {}) == ["another"]  # the other is forgotten


def test_a_predecessor_older_than_the_horizon_is_not_waited_for() -> None:
    receiver = Receiver()
    received(receiver, call(parent="another", at=NOW))
    late = call(number=9, at=NOW, after=later(NOW, -WINDOW - 1))
    assert received(receiver, late) == [late]


def test_the_horizon_moves_no_oftener_than_every_ten_seconds() -> None:
    receiver = Receiver()
    received(receiver, call(at=NOW))
    received(receiver, call(number=9, at=later(NOW, 9)))
    assert receiver.horizon == Stamp(later(NOW, -WINDOW))
    received(receiver, call(number=10, at=later(NOW, 11)))
    assert receiver.horizon == Stamp(later(NOW, 11 - WINDOW))


@given(st.data())
def test_each_senders_messages_come_in_order_and_once_however_they_arrive(
    data: st.DataObject,
) -> None:
    gaps = st.lists(st.integers(-2, 5), min_size=1, max_size=6)
    streams = {}
    for parent in ("order-7", "order-8", "@log@x"):
        now, times = NOW, []
        for gap in data.draw(gaps, label=parent):
            now = Ticks(max(0, now + gap))
            times.append(now)
        streams[parent] = labelled(times, parent=parent)
    everything = [request for stream in streams.values() for request in stream]
    doubled = data.draw(st.lists(st.sampled_from(everything), max_size=10), label="doubled")
    arrivals = data.draw(st.permutations(everything + doubled), label="arrivals")
    receiver = Receiver()
    let_through = received(receiver, *arrivals)
    for parent, stream in streams.items():
        assert [one for one in let_through if one.parent == parent] == stream
    assert all(not sender.held for sender in (receiver.senders or {}).values())


def test_what_a_lost_try_of_a_turn_sent_in_part_does_not_hold_back_the_next_tries() -> None:
    _, orphan = labelled([NOW] * 2)  # what it follows was never put
    second = labelled([later(NOW, 1)] * 2)
    third = labelled([later(NOW, 2)] * 2)
    receiver = Receiver()
    assert received(receiver, orphan) == []
    assert received(receiver, *second, *third) == [second[0], orphan, second[1], *third]
    assert (receiver.senders or {})[CALLER].last == third[1].timestamp


@given(st.data())
def test_all_of_the_last_try_of_a_turn_comes_whatever_came_of_those_before(
    data: st.DataObject,
) -> None:
    tries = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4), label="tries")
    sent = [labelled([later(NOW, second)] * size) for second, size in enumerate(tries)]
    lost = [one for made in sent[:-1] for one in made]
    put = data.draw(st.lists(st.sampled_from(lost)), label="put") if lost else []
    receiver = Receiver()
    let_through = received(receiver, *data.draw(st.permutations(put + sent[-1]), label="arrivals"))
    assert [one for one in let_through if one in sent[-1]] == sent[-1]
    assert all(not sender.held for sender in (receiver.senders or {}).values())


@pytest.mark.parametrize("senders", [3000])
def test_many_senders_are_no_trouble(senders: int) -> None:
    receiver = Receiver()
    for number in range(senders):
        received(receiver, call(parent=f"order-{number}", at=NOW))
    assert len(receiver.senders or {}) == senders

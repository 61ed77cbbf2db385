"""What a release does to the lock, and to the requests that wait for it."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from durahub.engine.entities.intake import Intake
from durahub.engine.entities.messages import RELEASE, Release, Request, release_text
from durahub.engine.entities.scheduler_state import SchedulerState
from durahub.model.history import EventRaised

from .counters import (
    CALLER,
    ENTITY,
    NOW,
    after,
    call,
    guid,
    lock,
    raised,
    released,
    sent,
    signal,
    state_of,
    told,
)

OTHER = "order-8"
PARENTS = st.sampled_from(["one", "two", "three"])
NUMBERS = st.integers(1, 4)


def withdrawn(before: SchedulerState, release: Release) -> SchedulerState:
    """Return the state after *release*."""
    intake = Intake(before, NOW, 0)
    intake.add(EventRaised(timestamp=NOW, name=RELEASE, input=release_text(release)))
    return intake.finished()


def queues() -> st.SearchStrategy[Sequence[Request]]:
    locks = st.builds(lambda n, p: lock(ENTITY, number=n, parent=p), NUMBERS, PARENTS)
    calls = st.builds(lambda n, p: call(number=n, parent=p), NUMBERS, PARENTS)
    signals = st.builds(lambda n: signal(number=n), NUMBERS)
    return st.lists(locks | calls | signals, max_size=8)


@given(queue=queues(), parent=PARENTS, number=NUMBERS, holder=st.none() | PARENTS)
def test_a_release_takes_back_what_is_queued_of_its_section_and_nothing_else(
    queue: Sequence[Request], parent: str, number: int, holder: str | None
) -> None:
    before = SchedulerState(queue=tuple(queue), locked_by=holder)

    state = withdrawn(before, Release(parent, guid(number).upper()))

    wanted = [
        one for one in queue if not one.is_lock or (one.parent, one.id) != (parent, guid(number))
    ]
    assert list(state.queue) == wanted
    assert state.locked_by == (None if holder == parent else holder)


@given(queue=queues(), parent=st.none() | PARENTS)
def test_a_release_without_a_section_takes_nothing_back(
    queue: Sequence[Request], parent: str | None
) -> None:
    before = SchedulerState(queue=tuple(queue), locked_by="one")
    assert list(withdrawn(before, Release(parent, None)).queue) == list(queue)


def test_who_lets_go_of_a_lock_before_getting_it_never_gets_it() -> None:
    # an orchestration that was terminated while it waited
    held = after(sent(lock(ENTITY, number=1, parent=OTHER)))
    waits = after(sent(lock(ENTITY)), sent(signal("last")), events=held.events)
    assert [one.is_lock for one in state_of(waits).queue] == [True, False]

    over = after(released(), events=waits.events)
    assert [one.is_lock for one in state_of(over).queue] == [False]
    assert state_of(over).locked_by == OTHER

    free = after(released(OTHER, number=1), events=over.events)
    assert state_of(free).locked_by is None
    assert not state_of(free).queue
    assert CALLER not in [to for commit in (over, free) for to, _, _ in told(commit)]


def test_a_request_and_its_release_in_one_batch_leave_the_lock_free() -> None:
    commit = after(sent(lock(ENTITY)), released(), raised("continue", None))
    assert state_of(commit).locked_by is None
    assert told(commit) == []

"""Completions that come in parts."""

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from durahub.edge.partial_completions import PATIENCE, PartialCompletions
from durahub.errors import BadRequest


class Seconds:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def part(
    index: int | None, *actions: int, last: bool = False, token: str = "t1", **more: object
) -> pb.OrchestratorResponse:
    response = pb.OrchestratorResponse(
        instanceId="order-7",
        completionToken=token,
        isPartial=not last,
        actions=[pb.OrchestratorAction(id=number, createTimer={}) for number in actions],
        **more,
    )
    if index is not None:
        response.chunkIndex.value = index
    return response


def ids(whole: pb.OrchestratorResponse | None) -> list[int]:
    assert whole is not None
    return [action.id for action in whole.actions]


def test_an_answer_that_is_not_cut_is_whole() -> None:
    answer = part(None, 1, 2, last=True)
    assert PartialCompletions(Seconds()).add(answer) is answer


@given(st.lists(st.lists(st.integers(0, 9), max_size=3), min_size=1, max_size=5), st.booleans())
def test_parts_make_the_answer_that_was_cut(parts: list[list[int]], indexed: bool) -> None:
    kept = PartialCompletions(Seconds())
    *earlier, final = [
        part(n if indexed else None, *actions, last=n == len(parts) - 1)
        for n, actions in enumerate(parts)
    ]
    assert [kept.add(each) for each in earlier] == [None] * len(earlier)
    assert ids(kept.add(final)) == [number for actions in parts for number in actions]


def test_each_part_gives_what_it_alone_knows() -> None:
    kept = PartialCompletions(Seconds())
    first = part(0, 1, customStatus={"value": "old"})
    first.orchestrationTraceContext.spanID.value = "s"
    kept.add(first)
    whole = kept.add(
        part(1, 2, last=True, customStatus={"value": "new"}, numEventsProcessed={"value": 0})
    )
    assert whole is not None
    assert whole.customStatus.value == "new"
    assert not whole.HasField("numEventsProcessed")
    assert whole.orchestrationTraceContext.spanID.value == "s"
    assert (whole.completionToken, whole.instanceId) == ("t1", "order-7")
    assert not whole.isPartial


def test_a_part_that_comes_again_replaces_the_first_one() -> None:
    kept = PartialCompletions(Seconds())
    kept.add(part(0, 1))
    kept.add(part(0, 7))
    assert ids(kept.add(part(1, 2, last=True))) == [7, 2]


def test_the_last_part_may_come_again_until_the_hub_has_taken_the_whole() -> None:
    kept = PartialCompletions(Seconds())
    kept.add(part(0, 1))
    kept.add(part(1, 2, last=True))
    assert ids(kept.add(part(1, 2, last=True))) == [1, 2]


def test_the_last_part_of_what_is_decided_is_let_through() -> None:
    kept = PartialCompletions(Seconds())
    kept.add(part(0, 1))
    kept.taken(part(1, 2, last=True))
    assert ids(kept.add(part(1, 2, last=True))) == [2]


def test_a_missing_part_is_an_error_and_ends_the_answer() -> None:
    kept = PartialCompletions(Seconds())
    kept.add(part(0, 1))
    with pytest.raises(BadRequest, match="part 2"):
        kept.add(part(2, 3))
    with pytest.raises(BadRequest, match="before this part"):
        kept.add(part(1, 2, last=True))
    with pytest.raises(BadRequest, match="part 1"):
        kept.add(part(1, 2))


def test_parts_of_different_work_items_do_not_mix() -> None:
    kept = PartialCompletions(Seconds())
    kept.add(part(0, 1))
    kept.add(part(0, 5, token="t2"))
    assert ids(kept.add(part(1, 6, last=True, token="t2"))) == [5, 6]
    assert ids(kept.add(part(1, 2, last=True))) == [1, 2]


def test_without_tokens_the_instance_tells_what_belongs_together() -> None:
    kept = PartialCompletions(Seconds())
    kept.add(part(0, 1, token=""))
    assert ids(kept.add(part(1, 2, last=True, token=""))) == [1, 2]


def test_parts_are_dropped_five_minutes_after_the_latest() -> None:
    clock = Seconds()
    kept = PartialCompletions(clock)
    kept.add(part(0, 1))
    clock.now = PATIENCE - 1
    kept.add(part(1, 2))
    kept.add(part(0, 1, token="t2"))
    clock.now = PATIENCE + 1
    assert kept.drop_stale() == []
    clock.now = 2 * PATIENCE
    assert kept.drop_stale() == ["t1", "t2"]
    with pytest.raises(BadRequest):
        kept.add(part(2, 3, last=True))


def test_the_parts_that_are_kept_are_bounded_and_dropping_makes_room() -> None:
    size = part(0, 1).ByteSize()
    kept = PartialCompletions(Seconds(), most_bytes=2 * size)
    kept.add(part(0, 1))
    kept.add(part(0, 1))  # in the place of the first
    kept.add(part(0, 1, token="t2"))
    with pytest.raises(BadRequest, match="too large"):
        kept.add(part(1, 1, token="t2"))
    kept.add(part(0, 1, token="t3"))
    kept.taken(part(1, last=True))
    kept.add(part(0, 1, token="t4"))

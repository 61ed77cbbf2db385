"""Of copies of a message one is delivered."""

from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.copies import Copies


def test_the_second_bearer_of_what_was_sent_is_a_copy() -> None:
    copies = Copies()
    copies.note("sent", "first")

    assert copies.is_copy("sent", "second")
    assert not copies.is_copy("sent", "first")
    assert not copies.is_copy("another", "second")


def test_a_copy_that_was_noted_does_not_take_the_place_of_the_first() -> None:
    copies = Copies()
    copies.note("sent", "first")
    copies.note("sent", "second")
    copies.forget("second")

    assert copies.is_copy("sent", "second")


def test_what_was_left_to_its_queue_is_no_copy_nor_makes_one() -> None:
    copies = Copies()
    copies.note("sent", "first")
    copies.forget("first")
    copies.forget("first")

    assert not copies.is_copy("sent", "second")


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9), st.booleans()), max_size=60))
def test_never_more_is_remembered_than_was_asked_for(
    steps: list[tuple[int, int, bool]],
) -> None:
    copies = Copies(most=3)
    for sent, key, forgets in steps:
        if forgets:
            copies.forget(f"{sent}-{key}")
        else:
            copies.note(str(sent), f"{sent}-{key}")
            bearers = [n for n in range(10) if not copies.is_copy(str(sent), f"{sent}-{n}")]
            assert len(bearers) == 1
        assert len(copies) <= 3

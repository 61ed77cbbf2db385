"""Inputs are made as small as they can be, and show the same as before."""

import random

from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.minimising import minimised
from tests.fuzz.mutating import mutated


@given(st.binary(max_size=200), st.binary(min_size=1, max_size=4), st.binary(max_size=200))
def test_what_matters_is_what_is_left(before: bytes, needle: bytes, behind: bytes) -> None:
    found = minimised(before + needle + behind, lambda data: needle in data)
    assert found == needle


@given(st.binary(min_size=1, max_size=100))
def test_tries_are_bounded(data: bytes) -> None:
    tries = []
    minimised(data, lambda smaller: bool(tries.append(smaller)), most=7)
    assert len(tries) <= 7


@given(st.integers(0, 10_000), st.lists(st.binary(max_size=50)), st.integers(0, 80))
def test_a_changed_input_is_no_longer_than_it_may_be(
    seed: int, corpus: list[bytes], most: int
) -> None:
    chance, again = random.Random(seed), random.Random(seed)
    found = mutated(chance, corpus, (b"word",), most)
    assert len(found) <= most
    assert found == mutated(again, corpus, (b"word",), most)

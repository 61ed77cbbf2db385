"""Sequences and sets that only grow: every version stays what it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.model.appended import Appended, AppendedSet

small = st.lists(st.integers(0, 9), max_size=6)
branches = st.lists(st.tuples(st.integers(0, 99), small), max_size=12)


@given(small, branches)
def test_versions_of_a_sequence_stay_as_they_were_however_they_branch(
    first: list[int], grown: list[tuple[int, list[int]]]
) -> None:
    versions = [(Appended(first), first)]
    for which, more in grown:
        version, items = versions[which % len(versions)]
        versions.append((version.and_more(more), [*items, *more]))

    for version, items in versions:
        assert list(version) == items
        assert version == items
        assert len(version) == len(items)
        assert [version[i] for i in range(-len(items), len(items))] == items * 2


@given(small, branches)
def test_versions_of_a_set_stay_as_they_were_however_they_branch(
    first: list[int], grown: list[tuple[int, list[int]]]
) -> None:
    versions = [(AppendedSet(first), set(first))]
    for which, more in grown:
        version, items = versions[which % len(versions)]
        versions.append((version.and_more(more), {*items, *more}))

    for version, items in versions:
        assert version == items
        assert list(version) == list(dict.fromkeys(version))
        assert {one for one in range(10) if one in version} == items
        for item in items:
            assert version.without(item) == items - {item}


@given(small, small, st.slices(12))
def test_a_slice_is_as_of_a_list(first: list[int], more: list[int], piece: slice) -> None:
    version = Appended(first)
    version.and_more(more)

    assert list(version[piece]) == first[piece]


def test_a_beginning_shares_the_items_and_goes_on_by_itself() -> None:
    whole = Appended("abcd")
    beginning = whole[:2]
    assert isinstance(beginning, Appended)

    assert beginning.and_more("x") == ["a", "b", "x"]
    assert whole == ["a", "b", "c", "d"]


def test_an_index_beyond_the_end_of_a_version_is_an_error_though_a_longer_one_has_it() -> None:
    version = Appended("ab")
    version.and_more("c")

    with pytest.raises(IndexError):
        version[2]

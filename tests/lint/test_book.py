"""What a run notes is kept in a file, and no more of it than a report shows."""

from hypothesis import given
from hypothesis import strategies as st

from durahub_migrate.lint.book import KEPT, Book
from durahub_migrate.lint.collecting import Count, Largest, Most, Note


@given(st.lists(st.tuples(st.integers(0, 50), st.text("ab", max_size=3)), max_size=300))
def test_the_largest_are_those_that_sorting_all_gives(pairs: list[tuple[int, str]]) -> None:
    book = Book()
    for score, key in pairs:
        book.collect([Largest("t", score, key)])

    expected = sorted(set(pairs), key=lambda one: (-one[0], one[1]))[:KEPT]
    assert [(one.score, one.key) for one in book.largest("t")] == expected


def test_sums_add_up_and_the_most_is_the_greatest() -> None:
    book = Book()
    book.collect([Count("a", "x", 2), Count("a", "x"), Most("b", "x", 2), Most("b", "x", 1)])

    assert list(book.counted("a")) == [("x", 3)]
    assert list(book.counted("b")) == [("x", 2)]


def test_the_last_note_of_a_key_counts() -> None:
    book = Book()
    book.collect([Note("t", "k", "old"), Note("t", "k", "new")])

    assert book.note("t", "k") == "new"
    assert book.note("t", "other") is None
    assert list(book.notes("t")) == [("k", "new")]

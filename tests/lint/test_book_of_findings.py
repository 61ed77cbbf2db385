"""What the book tells of findings: those that count, the suppressed ones, and how many of which kind."""

from collections.abc import Iterator

import pytest

from durahub_migrate.lint.book import Book, Tally
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.place import Place, PlaceKind

HOST_JSON = Place(source="host.json", kind=PlaceKind.FILE, key="version")


def an_id(key: str, source: str = "azurite:orders") -> Place:
    return Place(source=source, kind=PlaceKind.INSTANCE, key=key)


def a_finding(
    code: str, place: Place, severity: Severity = Severity.ERROR, suppressed: str | None = None
) -> Finding:
    return Finding(
        code=code, severity=severity, place=place, detail="it is so", suppressed=suppressed
    )


@pytest.fixture
def book() -> Iterator[Book]:
    book = Book()
    yield book
    book.close()


def test_a_suppressed_finding_is_remembered_apart(book: Book) -> None:
    counts = a_finding("IDN501", an_id("a"))
    does_not = a_finding("IDN501", an_id("b"), suppressed="on purpose")

    book.add(counts)
    book.add(does_not)

    assert list(book.findings()) == [counts]
    assert list(book.findings(suppressed=True)) == [does_not]
    assert book.counts() == {("IDN501", Severity.ERROR): 1}
    assert book.counts(suppressed=True) == {("IDN501", Severity.ERROR): 1}


def test_findings_are_asked_for_by_rule_source_and_severity(book: Book) -> None:
    first, second = a_finding("IDN501", an_id("a")), a_finding("IDN501", an_id("a", "sqlite:x/o"))
    warning = a_finding("IDN501", an_id("c"), Severity.WARNING)
    for one in (warning, second, first, a_finding("CFG101", HOST_JSON)):
        book.add(one)

    assert list(book.findings("IDN501")) == [first, warning, second]
    assert list(book.findings("IDN501", source="sqlite:x/o")) == [second]
    assert list(book.findings("IDN501", severity=Severity.WARNING)) == [warning]
    assert list(book.findings("IDN501", 1)) == [first]


def test_tallies_come_with_the_worst_first(book: Book) -> None:
    book.add(a_finding("PAY403", an_id("a"), Severity.INFO))
    book.add(a_finding("IDN501", an_id("a")))
    book.add(a_finding("IDN501", an_id("b")))
    book.add(a_finding("CFG104", HOST_JSON, Severity.WARNING))

    assert book.tallies() == [
        Tally("IDN501", "azurite:orders", False, Severity.ERROR, False, 2),
        Tally("CFG104", "host.json", True, Severity.WARNING, False, 1),
        Tally("PAY403", "azurite:orders", False, Severity.INFO, False, 1),
    ]


def test_fingerprints_are_counted_with_those_of_suppressed_findings(book: Book) -> None:
    finding = a_finding("IDN501", an_id("a"))
    book.add(finding)
    book.add(a_finding("IDN501", an_id("a"), suppressed="baseline"))

    assert list(book.fingerprints()) == [("IDN501", finding.fingerprint, 2)]

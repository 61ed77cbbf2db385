"""Rules that sum amounts get the sums of each hub, in memory and with a book."""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from typing import Any

from durahub_migrate.lint.book import Book
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.judging import judge
from durahub_migrate.lint.rule import EXAMPLE_TIME, SummingRule
from durahub_migrate.lint.running import run
from durahub_migrate.lint.sources.source import Read
from durahub_migrate.lint.target import Given


class Statuses(SummingRule[InstanceFacts]):
    """Counts instances by status."""

    code = "TST001"
    message = "counts"
    severity = Severity.INFO
    about = (InstanceFacts,)

    def amounts(self, fact: InstanceFacts, given: Given) -> Iterator[tuple[str, int]]:
        assert given.hub is not None
        assert fact.row is not None
        yield fact.row.status, 1

    def total(self, sums: Iterable[tuple[str, int]], given: Given) -> Iterator[Finding]:
        assert given.hub is not None
        said = ", ".join(f"{amount} {name}" for name, amount in sums)
        yield self.at(given.hub.place, said)


class Fixed:
    """Gives what it was made of."""

    provides = frozenset({Need.HUB, Need.INSTANCES})

    def __init__(self, address: str, *facts: Any) -> None:
        self.address = address
        place = replace(a_hub().place, source=address)
        self._facts = (a_hub(place=place), *facts)

    async def count(self) -> int | None:
        return None

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        for fact in self._facts:
            yield Read(fact)


def test_sums_are_judged_when_everything_was_seen() -> None:
    facts = [a_hub(), an_instance("a"), an_instance("b"), an_instance("c", status="Failed")]
    assert [one.detail for one in judge([Statuses()], facts, Given(now=EXAMPLE_TIME))] == [
        "1 Failed, 2 Running"
    ]


async def test_each_hub_has_sums_of_its_own() -> None:
    book = Book()
    sources = [
        Fixed("azurite:one", an_instance("a"), an_instance("b")),
        Fixed("azurite:two", an_instance("a", status="Failed")),
    ]
    await run(sources, [Statuses()], Given(now=EXAMPLE_TIME), book)
    found = {one.place.source: one.detail for one in book.findings()}
    assert found == {"azurite:one": "2 Running", "azurite:two": "1 Failed"}
    book.close()

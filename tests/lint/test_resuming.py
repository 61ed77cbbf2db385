"""A run that was stopped, or killed, goes on where its work file was saved; what is finished is not read."""

import random
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from durahub.errors import BudgetSpent, WorkFileUnusable
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.collecting import Collected, Count, Largest, Note
from durahub_migrate.lint.examples import a_hub, an_instance
from durahub_migrate.lint.facts.hubs import HubFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.unread import Unread
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.progress import Progress
from durahub_migrate.lint.rule import EXAMPLE_TIME, JoiningRule, Observation, Rule, SummingRule
from durahub_migrate.lint.running import Outcome, run
from durahub_migrate.lint.sources.source import Read
from durahub_migrate.lint.target import Given

ADDRESS = "azurite:orders"


class Everything(Rule[Any]):
    """Finds the hub, and each instance."""

    code = "TST101"
    message = "is there"
    severity = Severity.INFO
    about = (HubFacts, InstanceFacts)

    def check(self, fact: Any, given: Given) -> Iterator[Finding]:
        assert given.now == EXAMPLE_TIME
        yield self.at(fact.place, "is there")


class Twins(JoiningRule[InstanceFacts]):
    """Finds IDs that are the same without their last character."""

    code = "TST102"
    message = "has a twin"
    severity = Severity.WARNING
    about = (InstanceFacts,)

    def observe(self, fact: InstanceFacts, given: Given) -> Iterator[Observation]:
        yield Observation(fact.instance_id[:-1], fact.instance_id, fact.place)

    def conclude(self, group: str, seen: Any, given: Given) -> Iterator[Finding]:
        found = list(seen)
        if len(found) > 1:
            yield self.at(found[0].place, f"{len(found)} of {group}")


class HowMany(SummingRule[InstanceFacts]):
    """Counts instances."""

    code = "TST103"
    message = "has instances"
    severity = Severity.INFO
    about = (InstanceFacts,)

    def amounts(self, fact: InstanceFacts, given: Given) -> Iterator[tuple[str, int]]:
        yield "all", 1

    def total(self, sums: Any, given: Given) -> Iterator[Finding]:
        assert given.hub is not None
        yield self.at(given.hub.place, str(dict(sums)))


class Collecting:
    """Counts facts and findings."""

    def collect(self, fact: Any, given: Given) -> Iterator[Collected]:
        yield Count("facts", type(fact).__name__)
        if isinstance(fact, InstanceFacts):
            yield Largest("ids", hash_of(fact.instance_id), fact.instance_id)
            yield Note("last", "id", fact.instance_id)

    def observed(self, observation: Observation, fact: Any) -> Iterator[Collected]:
        return iter(())

    def found(self, finding: Finding, fact: Any | None) -> Iterator[Collected]:
        yield Count("found", finding.code)


RULES: tuple[Rule[Any], ...] = (Everything(), Twins(), HowMany())


def hash_of(text: str) -> int:
    return sum(map(ord, text)) * 7919 % 1000


class Numbered:
    """A hub of instances by number; every third is read together with the next one.

    It stops behind *most* instances, as if its requests were spent, and counts how often it is read.
    """

    provides = frozenset({Need.HUB, Need.INSTANCES})

    def __init__(self, count: int, most: int | None = None, address: str = ADDRESS) -> None:
        self.address = address
        self._count = count
        self._most = most
        self.readings = 0

    async def count(self) -> int | None:
        return self._count

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        self.readings += 1
        hub = a_hub()
        place = replace(hub.place, source=self.address)
        yield Read(replace(hub, place=place))
        first = int(after) + 1 if after is not None else 0
        for number in range(first, self._count):
            if self._most is not None and number >= first + self._most:
                yield Read(Unread(Need.INSTANCES, place, BudgetSpent(7), can_go_on=True))
                return
            fact = an_instance(f"order-{number:05}")
            fact = replace(fact, place=replace(fact.place, source=self.address))
            yield Read(fact, None if number % 3 == 2 else str(number))


async def run_in(file: Path | str, *sources: Any, rules: Any = RULES, **others: Any) -> Outcome:
    book = Book(str(file))
    try:
        given = Given(now=others.pop("now", EXAMPLE_TIME))
        return await run(sources, rules, given, book, collectors=[Collecting()], **others)
    finally:
        book.close()


def contents(file: Path) -> dict[str, Any]:
    """Return everything that a report would tell of a book."""
    book = Book(str(file))
    try:
        return {
            "findings": sorted(f"{one.code} {one.place} {one.detail}" for one in book.findings()),
            "facts": list(book.counted("facts")),
            "found": list(book.counted("found")),
            "ids": [(one.score, one.key) for one in book.largest("ids")],
            "last": list(book.notes("last")),
            "read": list(book.counted(f"durahub read {ADDRESS}")),
        }
    finally:
        book.close()


@pytest.fixture
async def undisturbed(tmp_path: Path) -> dict[str, Any]:
    await run_in(tmp_path / "undisturbed", Numbered(4000))
    return contents(tmp_path / "undisturbed")


async def test_a_run_that_is_stopped_again_and_again_comes_to_the_same(
    tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    work = tmp_path / "work"
    outcomes = [await run_in(work, Numbered(4000, most=700)) for _ in range(5)]
    while outcomes[-1].can_go_on:
        outcomes.append(await run_in(work, Numbered(4000, most=700)))

    assert all(one.can_go_on for one in outcomes[:-1])
    assert outcomes[-1].unread == ()
    assert outcomes[-1].read[ADDRESS].instances == 4000
    assert contents(work) == undisturbed


async def test_a_stopped_run_tells_what_it_has_and_which_rules_it_could_not_judge(
    tmp_path: Path,
) -> None:
    outcome = await run_in(tmp_path / "work", Numbered(4000, most=700))

    assert [one.need for one in outcome.unread] == [Need.INSTANCES]
    assert isinstance(outcome.unread[0].error, BudgetSpent)
    assert set(outcome.not_evaluated) == {"TST102", "TST103"}
    assert outcome.judged == {"TST101"}


async def test_a_finished_run_is_told_again_without_reading(
    tmp_path: Path, undisturbed: dict[str, Any]
) -> None:
    work = tmp_path / "work"
    await run_in(work, Numbered(4000))
    source = Numbered(4000)

    outcome = await run_in(work, source)

    assert source.readings == 0
    assert outcome.read[ADDRESS].instances == 4000
    assert contents(work) == undisturbed


async def test_two_sources_are_each_read_once(tmp_path: Path) -> None:
    work = tmp_path / "work"
    first, second = Numbered(10), Numbered(2000, most=1500, address="azurite:other")
    await run_in(work, first, second)
    again = Numbered(10)
    outcome = await run_in(work, again, Numbered(2000, address="azurite:other"))

    assert outcome.unread == ()
    assert outcome.read[ADDRESS].instances == 10
    assert outcome.read["azurite:other"].instances == 2000
    totals = [line for line in contents(work)["findings"] if line.startswith("TST103")]
    assert totals == [f"TST103 {ADDRESS} {{'all': 10}}", "TST103 azurite:other {'all': 2000}"]


@pytest.mark.parametrize(
    "other",
    [
        {"rules": RULES[:1]},
        {"settings": "another severity"},
    ],
    ids=["rules", "settings"],
)
async def test_a_work_file_of_another_run_is_refused(tmp_path: Path, other: dict[str, Any]) -> None:
    work = tmp_path / "work"
    await run_in(work, Numbered(10))
    with pytest.raises(WorkFileUnusable, match=next(iter(other))):
        await run_in(work, Numbered(10), **other)
    with pytest.raises(WorkFileUnusable, match="sources"):
        await run_in(work, Numbered(10, address="azurite:other"))


async def test_a_run_goes_on_at_the_time_at_which_it_began(tmp_path: Path) -> None:
    work = tmp_path / "work"
    await run_in(work, Numbered(4000, most=1200))
    later = type(EXAMPLE_TIME)(EXAMPLE_TIME + 36_000_000_000)
    assert (await run_in(work, Numbered(4000), now=later)).unread == ()


def test_a_file_that_is_no_work_file_is_left_alone(tmp_path: Path) -> None:
    database = tmp_path / "other.db"
    with sqlite3.connect(database) as connection:
        connection.execute("CREATE TABLE finding (one)")
    connection.close()
    text = tmp_path / "text"
    text.write_text("a text that is no database but that is long enough to be looked into")
    for file in (database, text):
        before = file.read_bytes()
        with pytest.raises(WorkFileUnusable):
            Book(str(file))
        assert file.read_bytes() == before


def test_a_work_file_is_one_runs_at_a_time(tmp_path: Path) -> None:
    book = Book(str(tmp_path / "work"))
    with pytest.raises(WorkFileUnusable, match="locked"):
        Book(str(tmp_path / "work"))
    book.close()


async def test_progress_tells_what_is_done_of_how_much(tmp_path: Path) -> None:
    work = tmp_path / "work"
    await run_in(work, Numbered(2000, most=1500))
    told: list[Progress] = []
    await run_in(work, Numbered(2000), progress=told.append)

    assert told[0].done > 1000
    assert told[-1].done == 2000
    assert {one.source for one in told} == {ADDRESS}
    assert told == sorted(told, key=lambda one: one.done)


@pytest.mark.fault
@pytest.mark.parametrize("seed", range(6))
async def test_a_run_that_is_killed_has_lost_nothing_and_doubled_nothing(
    tmp_path: Path, undisturbed: dict[str, Any], seed: int
) -> None:
    chance = random.Random(seed)
    work = tmp_path / "work"
    for _ in range(4):
        at = chance.randrange(1, 4003)
        killed = subprocess.run(  # noqa: ASYNC221 (nothing else runs)
            [sys.executable, "-m", "tests.lint.killed_run", str(work), "4000", str(at)],
            check=False,
        )
        assert killed.returncode in (-signal.SIGKILL, 0)

    await run_in(work, Numbered(4000))

    assert contents(work) == undisturbed


async def test_an_id_with_half_a_surrogate_pair_is_kept_as_it_is(tmp_path: Path) -> None:
    half = "order-\ud800"

    class Halves(Numbered):
        async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
            yield Read(a_hub())
            for last in "ab":
                yield Read(an_instance(half + last))

    await run_in(tmp_path / "work", Halves(2))

    found = contents(tmp_path / "work")
    assert any(line.endswith(f"2 of {half}") for line in found["findings"])
    assert found["last"] == [("id", f"{half}b")]
    assert (hash_of(f"{half}a"), f"{half}a") in found["ids"]

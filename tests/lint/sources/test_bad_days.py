"""Storage that refuses, a hub that goes while it is read: what can be read is judged, the rest is told."""

import re
from pathlib import Path

import pytest
from aiohttp import web

from durahub.classic.account import Account
from durahub.classic.columns import from_odata
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.table_batch import Operation
from durahub.classic.tables import Tables, put
from durahub.errors import BudgetSpent, HubNotFound, StorageDenied, StorageUnavailable
from durahub_migrate.lint.book import Book
from durahub_migrate.lint.facts.hubs import BlobFacts, Diagnosis, HubFacts, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.need import Need
from durahub_migrate.lint.facts.unread import Unread
from durahub_migrate.lint.leading import is_touched
from durahub_migrate.lint.rule import EXAMPLE_TIME
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.running import Outcome, run
from durahub_migrate.lint.sources.classic import ClassicSource
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.lint.sources.source import Read
from durahub_migrate.lint.target import Given
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS
from tests.lint.sources.generated_hub import MOST, NAMES, GeneratedHub, served
from tests.lint.sources.reading_sources import classic_source, facts_among, reads_of
from tests.lint.sources.refusing_proxy import Refusing, refusing

WITH_PAYLOADS = next(hub for hub in HUBS if hub.name == "waiting")
DENIED = {
    "table": {Need.INSTANCES, Need.HISTORY, Need.LEASES},
    "queue": {Need.QUEUES},
    "blob": {Need.BLOBS, Need.LEASES},
}
OF_TABLES = {Need.INSTANCES, Need.HISTORY}


async def judged(source: ClassicSource) -> Outcome:
    book = Book()
    outcome = await run([source], RULES, Given(now=EXAMPLE_TIME), book)
    book.close()
    return outcome


@pytest.mark.azurite
@pytest.mark.parametrize("service", DENIED)
async def test_what_one_service_refuses_is_told_and_the_others_are_read(
    service: str, azurite: Storage, hub_name: str
) -> None:
    await load(WITH_PAYLOADS, azurite.connection_string, hub_name)
    async with refusing(azurite, Refusing(service)) as connection_string:
        reads = await reads_of(classic_source(connection_string, hub_name))
        outcome = await judged(classic_source(connection_string, hub_name))

    unread = facts_among(reads, Unread)
    assert {one.need for one in unread} == DENIED[service]
    assert all(isinstance(one.error, StorageDenied) for one in unread)
    hub = reads[0].fact
    assert isinstance(hub, HubFacts)
    assert bool(facts_among(reads, InstanceFacts)) == (service != "table")
    assert bool(facts_among(reads, MessageFacts)) == (service != "queue")
    assert bool(facts_among(reads, BlobFacts)) == (service != "blob")
    assert facts_among(reads, Diagnosis) == []
    lost = frozenset(DENIED[service])
    touched = {rule.code for rule in RULES if is_touched(rule, lost)} - outcome.missing.keys()
    assert touched
    assert outcome.not_evaluated.keys() == touched
    assert not outcome.judged & touched
    assert not outcome.can_go_on


@pytest.mark.azurite
async def test_an_account_that_refuses_everything_is_an_error(
    azurite: Storage, hub_name: str
) -> None:
    await load(WITH_PAYLOADS, azurite.connection_string, hub_name)
    async with refusing(azurite, lambda *_: (403, "AuthorizationFailure")) as connection_string:
        with pytest.raises(StorageDenied):
            await reads_of(classic_source(connection_string, hub_name))


@pytest.mark.azurite
async def test_a_hub_that_is_not_there_is_an_error(azurite: Storage, hub_name: str) -> None:
    with pytest.raises(HubNotFound):
        await reads_of(classic_source(azurite.connection_string, hub_name))


@pytest.mark.azurite
async def test_a_hub_without_one_of_its_tables_is_told_and_its_queues_are_read(
    azurite: Storage, hub_name: str
) -> None:
    await load(WITH_PAYLOADS, azurite.connection_string, hub_name)
    async with Account.from_connection_string(azurite.connection_string, "the test") as account:
        await account.tables.delete_table(f"{hub_name}History")

    reads = await reads_of(classic_source(azurite.connection_string, hub_name))

    hub = reads[0].fact
    assert isinstance(hub, HubFacts)
    assert not hub.parts[f"table {hub_name}History"]
    assert hub.parts[f"table {hub_name}Instances"]
    assert facts_among(reads, MessageFacts)
    assert {one.need for one in facts_among(reads, Unread)} == OF_TABLES


@pytest.mark.azurite
async def test_a_hub_that_is_deleted_half_way_is_told(azurite: Storage, hub_name: str) -> None:
    await load(WITH_PAYLOADS, azurite.connection_string, hub_name)
    await _lengthen_a_history(azurite, hub_name)
    reads: list[Read] = []
    async for read in classic_source(azurite.connection_string, hub_name).facts():
        if isinstance(read.fact, InstanceFacts) and not facts_among(reads, InstanceFacts):
            await _delete_tables(azurite, hub_name)
        reads.append(read)

    instances = facts_among(reads, InstanceFacts)
    assert 0 < len(instances) < len(WITH_PAYLOADS.instances)
    unread = facts_among(reads, Unread)
    assert {one.need for one in unread} == OF_TABLES
    assert all(isinstance(one.error, HubNotFound) for one in unread)
    assert not any(one.can_go_on for one in unread)
    assert facts_among(reads, BlobFacts)


async def _lengthen_a_history(azurite: Storage, hub_name: str) -> None:
    """Add so many rows to the last instance's history that the table has a second page."""
    last = max(WITH_PAYLOADS.history, key=lambda row: row["PartitionKey"])
    columns = from_odata(last)
    async with Account.from_connection_string(azurite.connection_string, "the test") as account:
        tables = Tables(account.table_wire, StorageErrors(account.name, hub_name))
        for first in range(0, MOST, 100):
            operations: list[Operation] = [
                put({**columns, "RowKey": f"F{number:015X}"})
                for number in range(first, first + 100)
            ]
            await tables.transact(f"{hub_name}History", operations)


async def _delete_tables(azurite: Storage, hub_name: str) -> None:
    async with Account.from_connection_string(azurite.connection_string, "the test") as account:
        for table in ("History", "Instances"):
            await account.tables.delete_table(f"{hub_name}{table}")


async def test_storage_that_goes_away_stops_the_reading_where_a_later_run_goes_on(
    tmp_path: Path,
) -> None:
    def gone(service: str, queries: int) -> tuple[int, str] | None:
        return (400, "OutOfService") if queries > 12 else None  # is not tried again, as a 503 is

    async with served(GeneratedHub(2000, gone)) as hub:
        book = Book(str(tmp_path / "work"))
        source = classic_source(hub.connection_string, NAMES.hub)
        stopped = await run([source], RULES, Given(now=EXAMPLE_TIME), book)
        book.close()

        assert stopped.can_go_on
        assert all(isinstance(one.error, StorageUnavailable) for one in stopped.unread)
        read = stopped.read[source.address].instances
        assert 0 < read < 2000

        hub.refuse = lambda *_: None
        before = hub.queries
        book = Book(str(tmp_path / "work"))
        source = classic_source(hub.connection_string, NAMES.hub)
        outcome = await run([source], RULES, Given(now=EXAMPLE_TIME), book)
        book.close()

    assert outcome.unread == ()
    assert outcome.read[source.address].instances == 2000
    assert hub.queries - before < 2 + 12 + 8 + 5  # pages of the rest, counted again


async def test_a_budget_is_no_obstacle_to_the_whole_if_runs_go_on(tmp_path: Path) -> None:
    async with served(GeneratedHub(3000)) as hub:
        outcomes = []
        for _ in range(10):
            book = Book(str(tmp_path / "work"))
            options = ReadingOptions(requests=35, count=False)
            source = classic_source(hub.connection_string, NAMES.hub, options)
            outcomes.append(await run([source], RULES, Given(now=EXAMPLE_TIME), book))
            book.close()
            if not outcomes[-1].can_go_on:
                break

    assert len(outcomes) > 2
    assert outcomes[-1].unread == ()
    assert outcomes[-1].read[source.address].instances == 3000


class Suspicious(GeneratedHub):
    """A hub in which the row of every fiftieth instance is behind its history: it is looked at twice."""

    def _table(self, path: str, query: dict[str, str]) -> web.Response:
        answer = super()._table(path, query)
        if f"{NAMES.instances_table}(" not in path or answer.status != 200:
            return answer
        return web.Response(
            text=re.sub(BEHIND, _behind, answer.text or ""),
            content_type="application/json",
            headers={key: text for key, text in answer.headers.items() if key.startswith("x-ms-")},
        )


BEHIND = re.compile(r"{[^{}]*order-\d{5}(?:00|50)\"[^{}]*}")


def _behind(row: "re.Match[str]") -> str:
    return row[0].replace('"Completed"', '"Running"')


@pytest.mark.parametrize("budget", [60, 90, 200])
async def test_a_small_budget_comes_on_from_run_to_run_where_much_is_suspicious(
    tmp_path: Path, budget: int
) -> None:
    async def done(file: str, requests: int | None) -> tuple[Outcome, list[str]]:
        book = Book(file)
        options = ReadingOptions(requests=requests, count=False)
        source = classic_source(hub.connection_string, NAMES.hub, options)
        try:
            outcome = await run([source], RULES, Given(now=EXAMPLE_TIME), book)
            return outcome, sorted(f"{one.code} {one.place}" for one in book.findings())
        finally:
            book.close()

    async with served(Suspicious(2500)) as hub:
        whole, expected = await done("", None)
        for _ in range(60):
            outcome, found = await done(str(tmp_path / "work"), budget)
            if not outcome.can_go_on or outcome.is_stuck:
                break

    assert whole.unread == ()
    assert len([one for one in expected if "order-0000050" in one]) > 0
    assert (outcome.is_stuck, outcome.unread) == (False, ())
    assert found == expected


async def test_a_budget_of_any_size_comes_on_or_is_told_to_be_too_small(tmp_path: Path) -> None:
    told = []
    async with served(GeneratedHub(1500)) as hub:
        for requests in range(16, 46, 3):
            book = Book(str(tmp_path / f"work-{requests}"))
            options = ReadingOptions(requests=requests, count=False)
            source = classic_source(hub.connection_string, NAMES.hub, options)
            try:
                outcome = await run([source], RULES, Given(now=EXAMPLE_TIME), book)
                told.append("too small" if outcome.is_stuck else "comes on")
            except BudgetSpent:  # nothing at all was read
                told.append("an error")
            finally:
                book.close()

    assert told == sorted(told, key=["an error", "too small", "comes on"].index)
    assert set(told) == {"an error", "too small", "comes on"}


@pytest.mark.fault
@pytest.mark.parametrize("how", [(503, "ServerBusy"), (500, "InternalError"), None], ids=str)
async def test_storage_that_stays_away_is_tried_again_and_then_told(
    tmp_path: Path, how: tuple[int, str] | None
) -> None:
    """Retries are real here; without *how* connections are cut."""

    def away(service: str, queries: int) -> tuple[int, str] | None:
        if queries <= 12:
            return None
        if how is None:
            raise ConnectionResetError
        return how

    async with served(GeneratedHub(2000, away)) as hub:
        book = Book(str(tmp_path / "work"))
        source = classic_source(hub.connection_string, NAMES.hub)
        stopped = await run([source], RULES, Given(now=EXAMPLE_TIME), book)
        found = sum(book.counts().values())
        hub.refuse = lambda *_: None
        done = await run([source], RULES, Given(now=EXAMPLE_TIME), book)
        book.close()

    assert stopped.can_go_on
    assert all(isinstance(one.error, StorageUnavailable) for one in stopped.unread)
    assert 0 < stopped.read[source.address].instances < 2000
    assert found > 0
    assert done.unread == ()
    assert done.read[source.address].instances == 2000

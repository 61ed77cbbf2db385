"""What reading a hub costs: full pages, no request that changes anything, and memory that stays flat."""

import gc
import tracemalloc
from math import ceil

import pytest

from durahub_migrate.lint.book import Book
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.facts.unread import Unread
from durahub_migrate.lint.rule import EXAMPLE_TIME
from durahub_migrate.lint.rules import RULES
from durahub_migrate.lint.running import run
from durahub_migrate.lint.sources.read_only import WouldWrite, check
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from durahub_migrate.lint.target import Given
from tests.budget.proxy import proxy_of
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS, RecordedHub
from tests.lint.sources.generated_hub import NAMES, ROWS_EACH, GeneratedHub, served
from tests.lint.sources.reading_sources import classic_source, facts_among, reads_of

CONSTANT = 40  # requests for a hub as such, of four partitions at most
READING = {
    *("table query", "table get", "table list"),
    *("queue list", "queue peek", "queue properties"),
    *("blob list", "blob get", "blob properties"),
}
PEAK = 24 * 1024 * 1024  # bytes that 8,000 instances may take at once: three pages of each table
GROWTH = 2 * 1024 * 1024  # bytes by which 5,000 instances more may be more


async def test_rows_are_read_in_full_pages() -> None:
    count = 3000
    async with served(GeneratedHub(count)) as hub:
        source = classic_source(hub.connection_string, NAMES.hub)
        reads = await reads_of(source)

    assert len(facts_among(reads, InstanceFacts)) == count
    assert source.rows == count * (1 + ROWS_EACH)
    pages = ceil(count / 1000) + ceil(count * ROWS_EACH / 1000)
    assert hub.queries <= pages + 5  # leases, and whose hub it is
    assert sum(hub.seen.values()) <= pages + CONSTANT
    assert source.requests == sum(hub.seen.values())


async def test_counting_costs_a_request_for_a_thousand_instances() -> None:
    async with served(GeneratedHub(3500)) as hub:
        source = classic_source(hub.connection_string, NAMES.hub)
        assert await source.count() == 3500
        assert hub.queries == 4
        assert (
            await classic_source(
                hub.connection_string, NAMES.hub, ReadingOptions(count=False)
            ).count()
            is None
        )
        assert hub.queries == 4


async def test_a_sample_reads_every_row_and_a_share_of_the_histories() -> None:
    options = ReadingOptions(share=0.01)
    async with served(GeneratedHub(2000)) as hub:
        reads = await reads_of(classic_source(hub.connection_string, NAMES.hub, options))

    instances = facts_among(reads, InstanceFacts)
    read = [one for one in instances if one.history_is_read]
    assert len(instances) == 2000
    assert 5 <= len(read) <= 40
    assert hub.queries <= 2 + len(read) + 5


async def test_no_more_requests_are_sent_than_are_allowed() -> None:
    options = ReadingOptions(requests=30)
    async with served(GeneratedHub(5000)) as hub:
        source = classic_source(hub.connection_string, NAMES.hub, options)
        reads = await reads_of(source)

    assert sum(hub.seen.values()) == source.requests == 30
    assert facts_among(reads, InstanceFacts)
    assert {one.error.code for one in facts_among(reads, Unread)} == {"DH507"}
    assert all(one.can_go_on for one in facts_among(reads, Unread))


@pytest.mark.azurite
@pytest.mark.parametrize("recorded", HUBS, ids=str)
async def test_reading_changes_nothing(
    recorded: RecordedHub, azurite: Storage, hub_name: str
) -> None:
    await load(recorded, azurite.connection_string, hub_name)
    async with proxy_of(azurite) as proxy:
        source = classic_source(proxy.connection_string, hub_name)
        await source.count()
        await reads_of(source)

    assert proxy.seen.all.keys() <= READING
    assert proxy.seen.all["queue peek"] > 0


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", "https://a.queue.core.windows.net/q/messages?numofmessages=32"),
        ("GET", "https://a.queue.core.windows.net/q/messages?x=peekonly=true"),
        ("DELETE", "https://a.queue.core.windows.net/q/messages/1?popreceipt=a"),
        ("PUT", "https://a.blob.core.windows.net/c/b?comp=lease"),
        ("POST", "https://a.table.core.windows.net/$batch"),
        ("PATCH", "https://a.table.core.windows.net/T(PartitionKey='a',RowKey='')"),
    ],
)
def test_what_would_change_a_hub_is_never_sent(method: str, url: str) -> None:
    with pytest.raises(WouldWrite):
        check(method, url)


@pytest.mark.slow
async def test_memory_does_not_grow_with_the_hub() -> None:
    small, large = await _peak_of(3_000), await _peak_of(8_000)

    assert large < PEAK
    assert large < small + GROWTH


async def _peak_of(count: int) -> int:
    """Return the most bytes that a run with all rules takes, more than before."""
    async with served(GeneratedHub(count)) as hub:
        book = Book()
        gc.collect()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        source = classic_source(hub.connection_string, NAMES.hub)
        outcome = await run([source], RULES, Given(now=EXAMPLE_TIME), book)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        book.close()
    assert outcome.read[source.address].instances == count
    return peak - before

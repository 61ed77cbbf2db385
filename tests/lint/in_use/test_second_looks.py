"""What changes between two looks at a hub in use is no finding; what stays is one."""

from collections.abc import Callable

import pytest
from azure.storage.blob import BlobServiceClient

from durahub.classic.account import Account
from durahub.classic.envelope import encode_wrapper
from durahub.dispatch.clock import system_clock
from durahub_migrate.lint.facts.hubs import MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.sources.classic import ClassicSource
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import RecordedHub
from tests.lint.in_use.linted import found_in
from tests.lint.sources.reading_sources import facts_among, reads_of
from tests.sdk.bare_hub import BareHub, ForeignWorker

pytestmark = pytest.mark.azurite

Act = Callable[[], object]
NOBODYS = "gone/message-0123456789abcdef0123456789abcdef-EventRaised.json.gz"


class Looked:
    """A recorded hub that a worker has; *meanwhile* happens in the pause number *at*, before another look."""

    def __init__(self, hub: BareHub) -> None:
        self.hub = hub
        self.times = 0
        self.at = 1

    def source(self, meanwhile: Act) -> ClassicSource:
        async def pass_time(seconds: float) -> None:
            self.times += 1
            if self.times == self.at:
                meanwhile()

        def account(make_transport: object) -> Account:
            text = self.hub.storage.connection_string
            return Account.from_connection_string(
                text,
                "the test",
                make_transport=make_transport,  # type: ignore[arg-type]
            )

        return ClassicSource(
            f"azurite:{self.hub.name}",
            self.hub.name,
            account,
            ReadingOptions(),
            system_clock,
            pass_time,
        )

    async def codes(self, meanwhile: Act = bool) -> list[str]:
        """Return what is found of errors and warnings."""
        self.times = 0
        found = await found_in(self.source(meanwhile))
        return [one.code for one in found if one.severity.value != "info"]

    def lose_payload(self) -> str:
        """Delete one blob that a history names; return its instance's key."""
        row = next(row for row in self.hub.rows("History") if row.get("ResultBlobName"))
        with BlobServiceClient.from_connection_string(
            self.hub.storage.connection_string
        ) as service:
            container = f"{self.hub.name.lower()}-largemessages"
            service.get_blob_client(container, row["ResultBlobName"]).delete_blob()
        return str(row["PartitionKey"])

    def purge(self, key: str) -> None:
        self.hub.lose("History", key)
        self.hub.lose("Instances", key)


@pytest.fixture
async def looked(azurite: Storage, hub_name: str) -> Looked:
    await load(RecordedHub("finished"), azurite.connection_string, hub_name)
    hub = BareHub(azurite, hub_name)
    assert ForeignWorker(hub).claim()
    return Looked(hub)


async def test_a_payload_that_goes_with_its_instance_is_not_missing(looked: Looked) -> None:
    before = await looked.codes()
    key = looked.lose_payload()

    assert sorted(await looked.codes()) == sorted([*before, "HUB206"])
    assert await looked.codes(lambda: looked.purge(key)) == before
    assert looked.times


async def test_a_purge_may_take_longer_than_one_pause(looked: Looked) -> None:
    before = await looked.codes()
    key = looked.lose_payload()
    looked.at = 3

    assert await looked.codes(lambda: looked.purge(key)) == before
    assert looked.times == 3


async def test_an_instance_is_told_once_also_if_a_payload_of_it_is_missing(looked: Looked) -> None:
    key = looked.lose_payload()
    facts = facts_among(await reads_of(looked.source(bool)), InstanceFacts)
    assert [one.instance_id for one in facts].count(key) == 1
    assert len(facts) == len(looked.hub.rows("Instances"))


async def test_a_message_that_goes_with_its_payload_is_not_unreadable(looked: Looked) -> None:
    queue = looked.hub.queues()[0]
    with looked.hub.queue(queue) as client:
        client.send_message(encode_wrapper(NOBODYS))

    there = facts_among(await reads_of(looked.source(bool)), MessageFacts)
    assert [one.blob for one in there if one.problem] == [NOBODYS]
    looked.times = 0
    gone = facts_among(await reads_of(looked.source(looked.hub.clear_queues)), MessageFacts)
    assert not [one for one in gone if one.problem]


async def test_an_instance_between_two_writes_at_both_looks_is_in_order(looked: Looked) -> None:
    before = await looked.codes()
    row = next(row for row in looked.hub.rows("Instances") if row["RuntimeStatus"] == "Completed")
    key = str(row["PartitionKey"])

    def go_on(execution: str) -> None:
        looked.hub.change("Instances", key, "", RuntimeStatus="Running", ExecutionId=execution)

    go_on("a" * 32)
    stays = await looked.codes()
    goes_on = await looked.codes(lambda: go_on("b" * 32))

    assert len(stays) == len(before) + 1
    assert goes_on == before

"""Large payloads are measured one by one; what cannot be read is a problem in its place, never an end."""

import gzip
from dataclasses import dataclass

import pytest

from durahub.classic.account import Account
from durahub.classic.blobs import Blobs
from durahub.classic.dialect import DTFX_2_9
from durahub.classic.envelope import Envelope, encode, encode_wrapper
from durahub.classic.payloads import pack
from durahub.classic.queues import Queues
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.tables import Tables
from durahub.model.history import Execution, ExecutionStarted
from durahub.model.message import Message
from durahub_migrate.lint.facts.hubs import HubFacts, MessageFacts
from durahub_migrate.lint.facts.instances import InstanceFacts
from durahub_migrate.lint.sources.reading_options import ReadingOptions
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import HUBS
from tests.lint.sources.reading_sources import classic_source, facts_among, reads_of
from tests.unit.doctor.shop import NOW

pytestmark = pytest.mark.azurite
WITH_PAYLOADS = next(hub for hub in HUBS if hub.name == "finished")


@dataclass(frozen=True)
class Hub:
    """A recorded hub in storage."""

    connection_string: str
    name: str

    @property
    def container(self) -> str:
        return f"{self.name.lower()}-largemessages"


@pytest.fixture
async def hub(azurite: Storage, hub_name: str) -> Hub:
    await load(WITH_PAYLOADS, azurite.connection_string, hub_name)
    return Hub(azurite.connection_string, hub_name)


async def instances_of(hub: Hub, options: ReadingOptions | None = None) -> list[InstanceFacts]:
    reads = await reads_of(classic_source(hub.connection_string, hub.name, options))
    return facts_among(reads, InstanceFacts)


async def write(hub: Hub, name: str, content: bytes) -> None:
    async with Account.from_connection_string(hub.connection_string, "the test") as account:
        blobs = Blobs(account.blobs, StorageErrors(account.name, hub.name))
        await blobs.write(hub.container, name, content)


def with_blob(instances: list[InstanceFacts]) -> tuple[InstanceFacts, str]:
    """Return an instance one of whose payloads stands in a blob, and that blob's name."""
    found = [
        (one, payload.blob)
        for one in instances
        for payload in one.payloads
        if payload.blob is not None
    ]
    one, blob = found[0]
    assert blob is not None
    return one, blob


async def test_a_payload_in_a_blob_is_as_large_as_its_text(hub: Hub) -> None:
    instances = await instances_of(hub)
    _, blob = with_blob(instances)

    sizes = [payload.size for one in instances for payload in one.payloads if payload.blob == blob]
    text = gzip.decompress(WITH_PAYLOADS.payloads[blob])
    assert sizes == [len(text)]
    assert all(event_text_is_small(one) for one in instances)


def event_text_is_small(one: InstanceFacts) -> bool:
    return all(len(str(event)) < 100_000 for event in one.history)


async def test_a_blob_that_is_gone_is_a_problem_of_its_payload(hub: Hub) -> None:
    one, blob = with_blob(await instances_of(hub))
    async with Account.from_connection_string(hub.connection_string, "the test") as account:
        await account.blobs.get_blob_client(hub.container, blob).delete_blob()

    (again,) = [found for found in await instances_of(hub) if found.instance_id == one.instance_id]

    (payload,) = [payload for payload in again.payloads if payload.blob == blob]
    assert payload.problem
    assert payload.size == 0
    assert any("there is no such blob" in problem.sentence for problem in again.problems)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no gzip at all", "incorrect header"),
        (gzip.compress(b'"' + b"x" * 100_000 + b'"')[:40], "cut off"),
        (gzip.compress(b" " * 2_000_000), "unpacks to more than 1000000"),
        (b"x" * 1_000_001, "it has 1000001 bytes"),
    ],
    ids=["strange", "cut", "bomb", "large"],
)
async def test_a_blob_that_cannot_be_read_is_a_problem(hub: Hub, content: bytes, said: str) -> None:
    one, blob = with_blob(await instances_of(hub))
    await write(hub, blob, content)

    instances = await instances_of(hub, ReadingOptions(largest_payload=1_000_000))

    assert len(instances) == len(WITH_PAYLOADS.instances)
    (again,) = [found for found in instances if found.instance_id == one.instance_id]
    assert any(said in problem.sentence for problem in again.problems), again.problems


async def test_a_row_that_no_writer_produces_is_a_problem_of_its_instance(hub: Hub) -> None:
    async with Account.from_connection_string(hub.connection_string, "the test") as account:
        tables = Tables(account.table_wire, StorageErrors(account.name, hub.name))
        key = WITH_PAYLOADS.instances[0]["PartitionKey"]
        keys = {"PartitionKey": key, "RowKey": ""}
        await tables.merge(f"{hub.name}Instances", {**keys, "CreatedTime": "yesterday"}, "*")

    instances = await instances_of(hub)

    (bad,) = [one for one in instances if one.row is None]
    assert [problem.where for problem in bad.problems] == ["instance row"]
    assert len(instances) == len(WITH_PAYLOADS.instances)


async def test_a_large_message_is_measured_and_kept_without_its_text(hub: Hub) -> None:
    text = '"' + "x" * 200_000 + '"'
    started = ExecutionStarted(
        timestamp=NOW, execution=Execution("order-1", "0" * 32), name="Order", input=text
    )
    message = Message(event=started, target=started.execution)
    envelope = Envelope(message=message, activity_id="", sequence_number=0)
    blob = "order-1/message-0-ExecutionStarted.json.gz"
    await write(hub, blob, pack(encode(envelope, DTFX_2_9)))
    async with Account.from_connection_string(hub.connection_string, "the test") as account:
        queues = Queues(account.queue_wire, StorageErrors(account.name, hub.name))
        await queues.put(f"{hub.name.lower()}-control-00", encode_wrapper(blob), 0)

    reads = await reads_of(classic_source(hub.connection_string, hub.name))

    (found,) = [one for one in facts_among(reads, MessageFacts) if one.target == "order-1"]
    assert [payload.size for payload in found.payloads] == [len(text)]
    assert isinstance(found.event, ExecutionStarted)
    assert found.event.input == ""
    (facts,) = facts_among(reads, HubFacts)
    assert facts.classic is not None
    assert len(str(facts.classic.by_target["order-1"])) < len(text)

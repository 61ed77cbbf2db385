"""``durahub hub read`` on every recorded hub: line for line what the .NET clients said about it.

Each hub is loaded under a name of its own, so nothing can hang on the recorded one.
"""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest
from click.testing import CliRunner, Result

from durahub.classic.account import Account
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.tables import Tables
from durahub.cli.hub import hub as hub_commands
from durahub.errors import DurahubError, HubNotFound, StorageUnavailable
from durahub.local.azurite import running_azurite
from durahub.storage import StorageOptions, open_storage
from tests.conftest import Storage
from tests.golden.loading import load
from tests.golden.recorded import FOLDER, HUBS, RecordedHub

pytestmark = pytest.mark.azurite

STORE = "HUB_READ_TEST_STORE"
ENTITIES = tuple(hub for hub in HUBS if (FOLDER / hub.name / "expected-entities.jsonl").exists())

DIFFERENCES: dict[tuple[str, str, str], str] = {}
"""By hub, instance and member, where a line is allowed to differ, and why: nowhere."""


@dataclass(frozen=True)
class LoadedHub:
    """A recorded hub that was loaded under another name."""

    recorded: RecordedHub
    name: str
    connection_string: str

    def read(self, *options: str) -> Result:
        """Run ``durahub hub read`` on it."""
        return read(f"env:{STORE}/{self.name}", self.connection_string, *options)

    def expected(self, file: str = "expected.jsonl") -> list[str]:
        """Return the lines that are expected."""
        text = (FOLDER / self.recorded.name / file).read_bytes().decode()
        return [line for line in text.split("\n") if line]

    def change(self, change: Callable[[Tables, Account], Awaitable[object]]) -> None:
        """Change what is stored of the hub."""

        async def changing() -> None:
            async with Account.from_connection_string(self.connection_string, "here") as account:
                await change(Tables(account.table_wire, StorageErrors("", self.name)), account)

        asyncio.run(changing())


def read(address: str, connection_string: str, *options: str) -> Result:
    return CliRunner().invoke(
        hub_commands, ["read", address, *options], env={STORE: connection_string}
    )


def lines(result: Result) -> list[str]:
    return [line for line in result.stdout.split("\n") if line]


def differing(ours: str, theirs: str) -> list[str]:
    """Return the members that are not equal, for a failure that can be understood."""
    read, expected = json.loads(ours), json.loads(theirs)
    return [name for name in {**expected, **read} if read.get(name) != expected.get(name)]


def load_as(recorded: RecordedHub, name: str, storage: Storage) -> LoadedHub:
    asyncio.run(load(recorded, storage.connection_string, name))
    return LoadedHub(recorded, name, storage.connection_string)


@pytest.mark.parametrize("recorded", HUBS, ids=str)
def test_every_instance_is_told_as_the_dotnet_client_tells_it(
    recorded: RecordedHub, azurite: Storage, hub_name: str
) -> None:
    loaded = load_as(recorded, hub_name, azurite)

    result = loaded.read()

    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    found, expected = lines(result), loaded.expected()
    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        instance_id = json.loads(theirs)["instanceId"]
        assert json.loads(ours)["instanceId"] == instance_id
        assert [
            member
            for member in differing(ours, theirs)
            if (recorded.name, instance_id, member) not in DIFFERENCES
        ] == []
        assert ours == theirs  # the order of members, too: they can be compared with diff


@pytest.mark.parametrize("recorded", ENTITIES, ids=str)
def test_every_entity_is_told_as_the_entity_queries_tell_it(
    recorded: RecordedHub, azurite: Storage, hub_name: str
) -> None:
    loaded = load_as(recorded, hub_name, azurite)

    result = loaded.read("--entities")

    assert result.exit_code == 0, result.stderr
    assert lines(result) == loaded.expected("expected-entities.jsonl")


@pytest.fixture(scope="module")
def finished(azurite: Storage) -> LoadedHub:
    return load_as(RecordedHub("finished"), "ReadFinished", azurite)


@pytest.fixture(scope="module")
def tracking(azurite: Storage) -> LoadedHub:
    return load_as(RecordedHub("tracking"), "ReadTracking", azurite)


def test_texts_are_whole_if_that_is_asked_for(finished: LoadedHub) -> None:
    short = {line["instanceId"]: line for line in map(json.loads, lines(finished.read()))}
    whole = {line["instanceId"]: line for line in map(json.loads, lines(finished.read("--full")))}

    digested = 0
    for instance_id, line in short.items():
        for member in ("input", "output"):
            if isinstance(line[member], dict):
                digested += 1
                text = whole[instance_id][member]
                assert len(text) == line[member]["$length"]
                assert text.startswith(line[member]["$start"])
            else:
                assert whole[instance_id][member] == line[member]
    assert digested


def test_the_tables_of_a_tracking_store_are_found_or_named(tracking: LoadedHub) -> None:
    named = tracking.read("--tracking-prefix", f"{tracking.name}Track")
    assert named.exit_code == 0, named.stderr
    assert lines(named) == lines(tracking.read())

    wrong = tracking.read("--tracking-prefix", "Elsewhere")
    assert isinstance(wrong.exception, HubNotFound)
    assert "ElsewhereInstances" in str(wrong.exception)


def test_a_hub_whose_tables_have_another_name_is_listed_with_what_they_begin_with(
    tracking: LoadedHub,
) -> None:
    def listed(*options: str) -> list[str]:
        env = {STORE: tracking.connection_string}
        return lines(CliRunner().invoke(hub_commands, ["list", f"env:{STORE}", *options], env=env))

    [told] = [one for one in map(json.loads, listed("--format", "json")) if is_of(tracking, one)]
    assert f"{tracking.name}Track" in told["trackingPrefixes"]
    [row] = [one for one in listed() if one.startswith(f"{told['name']}\t")]
    assert "--tracking-prefix" in row
    assert f"{tracking.name}Track" in row


def is_of(loaded: LoadedHub, told: dict[str, Any]) -> bool:
    return str(told["name"]).lower() == loaded.name.lower()


def test_the_tables_may_be_in_another_account(azurite: Storage, hub_name: str) -> None:
    recorded = RecordedHub("tracking")

    async def make_queue() -> None:
        async with Account.from_connection_string(azurite.connection_string, "here") as account:
            await account.queues.create_queue(f"{hub_name.lower()}-control-00")

    with running_azurite() as other:
        asyncio.run(load(recorded, other.connection_string, hub_name))
        asyncio.run(make_queue())
        env = {STORE: azurite.connection_string, f"{STORE}_2": other.connection_string}
        address = f"env:{STORE}/{hub_name}"
        found = CliRunner().invoke(
            hub_commands, ["read", address, "--tracking-store", f"env:{STORE}_2"], env=env
        )
        alone = CliRunner().invoke(hub_commands, ["read", address], env=env)

    assert lines(found) == LoadedHub(recorded, hub_name, "").expected()
    assert isinstance(alone.exception, HubNotFound)


def test_other_hubs_in_the_same_tables_are_left_out(azurite: Storage, hub_name: str) -> None:
    shared = load_as(RecordedHub("tracking"), hub_name, azurite)
    table = f"{hub_name}TrackInstances"

    async def add(tables: Tables, _: Account) -> None:
        others = {"PartitionKey": "theirs", "RowKey": "", "TaskHubName": "AnotherHub"}
        await tables.insert(table, others)
        await tables.insert(table, {"PartitionKey": "nobodys", "RowKey": ""})

    before = lines(shared.read())
    shared.change(add)
    added = set(lines(shared.read())) - set(before)
    assert [json.loads(line)["instanceId"] for line in added] == ["nobodys"]


@pytest.mark.parametrize("group", ["functions", "finished"])
def test_what_the_extension_answers_is_added_or_left_out_if_that_is_asked_for(
    group: str, azurite: Storage, hub_name: str
) -> None:
    loaded = load_as(RecordedHub(group), hub_name, azurite)
    members = {"extension", "extensionHistoryError"}

    for option, expected in (("--extension", members), ("--no-extension", set())):
        found = lines(loaded.read(option))
        assert found
        assert all(json.loads(line).keys() & members == expected for line in found)


# -- what cannot be read ---------------------------------------------------------------------------


def test_what_cannot_be_read_is_told_on_stderr_and_the_rest_is_printed(
    azurite: Storage, hub_name: str
) -> None:
    loaded = load_as(RecordedHub("finished"), hub_name, azurite)
    victims = {"answered", "big-300000", "five-cities"}

    async def spoil(tables: Tables, account: Account) -> None:
        unknown = {"PartitionKey": "answered", "RowKey": "0000000000000000", "EventType": "Odd"}
        await tables.merge(f"{hub_name}History", unknown)
        wrong = {"PartitionKey": "five-cities", "RowKey": "", "Name": 5}
        await tables.merge(f"{hub_name}Instances", wrong)
        container = f"{hub_name.lower()}-largemessages"
        client = account.blobs.get_container_client(container)
        names = [name async for name in client.list_blob_names(name_starts_with="big-300000/")]
        await client.delete_blob(names[0])

    loaded.change(spoil)
    result = loaded.read()

    assert result.exit_code == 1
    expected = [line for line in loaded.expected() if json.loads(line)["instanceId"] not in victims]
    assert lines(result) == expected
    errors = result.stderr.strip().split("\n")
    assert len(errors) == len(victims)
    for victim in victims:
        assert any(victim in error and re.search(r"DH40\d", error) for error in errors)
    assert any(f"{hub_name}History" in error for error in errors)


def error_of(result: Result) -> DurahubError:
    assert isinstance(result.exception, DurahubError), result.output
    return result.exception


def test_a_hub_that_is_not_there_is_an_error(azurite: Storage, hub_name: str) -> None:
    error = error_of(read(f"env:{STORE}/{hub_name}", azurite.connection_string))
    assert isinstance(error, HubNotFound)
    assert error.exit_status == 2


def test_storage_that_does_not_answer_is_an_error(hub_name: str) -> None:
    nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=aaaa;" + ";".join(
        f"{service}Endpoint=http://127.0.0.1:9/a" for service in ("Blob", "Queue", "Table")
    )
    error = error_of(read(f"env:{STORE}/{hub_name}", nowhere))
    assert isinstance(error, StorageUnavailable)
    assert error.exit_status == 4


# -- what it asks of storage -----------------------------------------------------------------------


@pytest.mark.parametrize("group", ["waiting", "tracking"])
def test_storage_is_asked_for_nothing_but_reading(
    group: str, azurite: Storage, hub_name: str
) -> None:
    load_as(RecordedHub(group), hub_name, azurite)

    async def requests() -> set[str]:
        async with open_storage(azurite.connection_string, StorageOptions()) as storage:
            reader = storage.reader(hub_name)
            await reader.open()
            await reader.is_of_functions()
            found: list[Any] = [one async for one in reader.instances()]
            assert found
            return {kind for _, kind in storage.requests()}

    asked = asyncio.run(requests())
    assert asked <= {"query", "get", "list", "read", "download"}, asked

"""Bad input: one clear sentence with its code and what to do, exit status 2 or 4, nothing half-created."""

import socket
import stat
from pathlib import Path

import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from tests.cli.command import Answer, durahub
from tests.conftest import Storage

STORE = "BAD_INPUT_STORE"


def sentence(answer: Answer, code: str) -> str:
    """Return the error's sentence, having checked that it is one, with its code and a next step."""
    lines = [line for line in answer.err.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, answer.err
    assert lines[0].startswith(f"error: {code}: "), answer.err
    assert f"durahub explain {code}" in answer.err
    assert "Traceback" not in answer.err
    return lines[0]


def up(*arguments: str, state: Path, env: dict[str, str] | None = None) -> Answer:
    ports = ("--grpc-port", "0", "--http-port", "0", "--api-port", "none")
    return durahub("up", *ports, *arguments, state=state, env=env)


@pytest.mark.parametrize("name", ["1hub", "my-hub", "ab", "x" * 46, "hüb"])
def test_an_illegal_hub_name_is_refused_before_anything_starts(name: str, tmp_path: Path) -> None:
    answer = up("--hub", name, state=tmp_path)

    assert answer.status == 2
    assert repr(name) in sentence(answer, "DH101")
    assert "Azurite" not in answer.err


def test_a_missing_connection_string_names_its_variable(tmp_path: Path) -> None:
    answer = up("--store", "env:NOT_SET_ANYWHERE", state=tmp_path)

    assert answer.status == 2
    assert "NOT_SET_ANYWHERE" in sentence(answer, "DH103")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("nonsense", "Name=Value"),
        ("AccountName=x;SecretPart=hush", "neither AccountKey nor"),
        ("AccountKey=hush", "AccountName"),
        ("AccountName=x;AccountKey=aHVzaA==;BlobEndpoint=ftp://hush", "BlobEndpoint"),
        ("AccountName=x;AccountKey=hush!", "AccountKey"),
    ],
)
def test_a_wrong_connection_string_is_named_and_never_shown(
    text: str, problem: str, tmp_path: Path
) -> None:
    answer = up("--store", f"env:{STORE}", state=tmp_path, env={STORE: text})

    assert answer.status == 2
    assert problem in sentence(answer, "DH103")
    assert "hush" not in answer.out + answer.err


@pytest.mark.parametrize("store", ["nowhere:at-all", "azurite:x", "env:", "plainword"])
def test_a_store_of_no_known_form_is_refused(store: str, tmp_path: Path) -> None:
    answer = up("--store", store, state=tmp_path)

    assert answer.status == 2
    assert repr(store) in sentence(answer, "DH104")


def test_storage_that_does_not_answer_is_said_so(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    nobody = (
        "AccountName=nobody;AccountKey=aHVzaA==;"
        f"BlobEndpoint=http://127.0.0.1:{port}/nobody;"
        f"QueueEndpoint=http://127.0.0.1:{port}/nobody;"
        f"TableEndpoint=http://127.0.0.1:{port}/nobody"
    )
    answer = up("--store", f"env:{STORE}", state=tmp_path, env={STORE: nobody})

    assert answer.status == 4
    assert "nobody" in sentence(answer, "DH501")


@pytest.mark.azurite
def test_a_wrong_key_is_refused_by_storage_and_said_so(azurite: Storage, tmp_path: Path) -> None:
    wrong = azurite.connection_string.replace("AccountKey=Eby8", "AccountKey=Zzy8")
    answer = up("--store", f"env:{STORE}", state=tmp_path, env={STORE: wrong})

    assert answer.status == 4
    sentence(answer, "DH502")
    assert "Zzy8" not in answer.err


@pytest.mark.azurite
@pytest.mark.parametrize("option", ["--grpc-port", "--http-port"])
def test_a_port_in_use_is_named_and_leaves_no_hub_behind(
    option: str, azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        answer = up(
            *("--hub", hub_name, "--store", f"env:{STORE}", option, port),
            state=tmp_path,
            env={STORE: azurite.connection_string},
        )

    assert answer.status == 4
    assert port in sentence(answer, "DH504")
    assert option in answer.err
    assert resources_of(azurite, hub_name) == []


@pytest.mark.azurite
def test_a_hub_with_another_partition_count_is_refused_and_left_as_it_is(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    env = {STORE: azurite.connection_string}
    address = f"env:{STORE}/{hub_name}"
    assert (
        durahub("hub", "create", address, "--partitions", "3", state=tmp_path, env=env).status == 0
    )
    before = resources_of(azurite, hub_name)

    answer = up(
        *("--hub", hub_name, "--store", f"env:{STORE}", "--partitions", "5"),
        state=tmp_path,
        env=env,
    )

    assert answer.status == 2
    said = sentence(answer, "DH303")
    assert "it has 3 partitions" in said
    assert "5" in said
    assert resources_of(azurite, hub_name) == before


@pytest.mark.azurite
def test_another_partition_manager_than_that_of_workers_at_work_is_refused_with_what_was_seen(
    azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    env = {STORE: azurite.connection_string}
    create = ("hub", "create", f"env:{STORE}/{hub_name}", "--partition-manager", "legacy")
    assert durahub(*create, state=tmp_path, env=env).status == 0
    before = resources_of(azurite, hub_name)
    name = f"default/{hub_name.lower()}-control-02"
    container = f"{hub_name.lower()}-leases"
    with BlobServiceClient.from_connection_string(azurite.connection_string) as service:
        lease = service.get_blob_client(container, name).acquire_lease(lease_duration=60)
        answer = up(
            *("--hub", hub_name, "--store", f"env:{STORE}", "--partition-manager", "table"),
            state=tmp_path,
            env=env,
        )
        lease.release()

    assert answer.status == 2
    said = sentence(answer, "DH303")
    assert name in said
    assert "--partition-manager legacy" in said
    assert resources_of(azurite, hub_name) == before


def test_an_azurite_that_cannot_start_says_what_it_needs(tmp_path: Path) -> None:
    broken = tmp_path / "bin" / "node"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(broken.stat().st_mode | stat.S_IXUSR)
    script = tmp_path / "azurite.js"
    script.write_text("console.log('this is not Azurite'); process.exit(3)")
    answer = up(state=tmp_path, env={"DURAHUB_AZURITE": str(script)})

    assert answer.status == 4
    assert "Azurite did not start" in sentence(answer, "DH503")


@pytest.mark.azurite
@pytest.mark.parametrize("command", [("hub", "show"), ("instance", "list", "--hub")])
def test_a_hub_that_is_not_there_is_not_made_by_looking(
    command: tuple[str, ...], azurite: Storage, hub_name: str, tmp_path: Path
) -> None:
    env = {STORE: azurite.connection_string}
    answer = durahub(*command, f"env:{STORE}/{hub_name}", state=tmp_path, env=env)

    assert answer.status == 2
    assert hub_name in sentence(answer, "DH201")
    assert resources_of(azurite, hub_name) == []


def resources_of(azurite: Storage, hub: str) -> list[str]:
    """Return the queues and tables that belong to *hub*."""
    text = azurite.connection_string
    with (
        QueueServiceClient.from_connection_string(text) as queues,
        TableServiceClient.from_connection_string(text) as tables,
    ):
        found = [queue.name for queue in queues.list_queues(name_starts_with=hub.lower())]
        found += [table.name for table in tables.list_tables()]
    return sorted(name for name in found if name.lower().startswith(hub.lower()))

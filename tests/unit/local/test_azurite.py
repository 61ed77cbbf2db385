"""A real Azurite: started, found listening, stopped, and gone when we are gone."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from azure.storage.queue import QueueClient

from durahub.errors import AzuriteFailed, PortInUse
from durahub.local.azurite import Azurite, running_azurite
from durahub.local.child import Child
from durahub.local.install import azurite_package

pytestmark = pytest.mark.azurite

START = """
import pathlib, sys, time
from durahub.local.azurite import Azurite
azurite = Azurite.launch(pathlib.Path(sys.argv[1]))
print("connection", azurite.connection_string)
sys.stdin.read()
"""


def queue(connection_string: str) -> QueueClient:
    return QueueClient.from_connection_string(connection_string, "kept", retry_total=0)


def listens(url: str) -> bool:
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname or "", parts.port or 0)) == 0


async def test_it_listens_when_started_and_no_longer_when_stopped() -> None:
    azurite = await Azurite.start()
    urls = (azurite.blob_url, azurite.queue_url, azurite.table_url)
    assert all(listens(url) for url in urls)

    await azurite.stop()
    await azurite.stop()

    assert not any(listens(url) for url in urls)


def test_it_says_what_it_is_and_where_its_data_is(tmp_path: Path) -> None:
    with running_azurite(tmp_path) as azurite:
        line = azurite.describe()

    assert line.startswith(f"Azurite {azurite_package().version} on Node ")
    assert f"queue {azurite.queue_url.removesuffix('/devstoreaccount1')}," in line
    assert line.endswith(f"data in {tmp_path}")


def test_what_is_written_to_a_folder_is_there_at_the_next_start(tmp_path: Path) -> None:
    with running_azurite(tmp_path) as azurite, queue(azurite.connection_string) as kept:
        kept.create_queue()
        kept.send_message("still here")

    with running_azurite(tmp_path) as azurite, queue(azurite.connection_string) as kept:
        assert [message.content for message in kept.peek_messages()] == ["still here"]


def test_a_second_azurite_on_the_same_folder_is_refused(tmp_path: Path) -> None:
    with (
        running_azurite(tmp_path),
        pytest.raises(AzuriteFailed, match=f"{tmp_path} is in use by process {os.getpid()}"),
    ):
        Azurite.launch(tmp_path)


def test_a_port_that_is_taken_is_named() -> None:
    with taken_port() as port, pytest.raises(PortInUse) as error:
        Azurite.launch(ports=(0, port, 0))

    assert error.value.port == port


def test_a_failed_start_leaves_the_folder_free(tmp_path: Path) -> None:
    with taken_port() as port, pytest.raises(PortInUse):
        Azurite.launch(tmp_path, ports=(0, 0, port))

    with running_azurite(tmp_path):
        pass


def test_azurites_own_words_are_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "__azurite_db_table__.json").write_text("no JSON")

    with pytest.raises(AzuriteFailed, match=r"(?s)it ended:.*JSON"):
        Azurite.launch(tmp_path)


def test_it_ends_and_keeps_its_data_when_its_owner_is_killed(tmp_path: Path) -> None:
    owner = Child([sys.executable, "-u", "-c", START, tmp_path])
    said = owner.wait_for(lambda line: line if line.startswith("connection") else None, 60)
    assert said, owner.tail()
    with queue(said.partition(" ")[2]) as kept:
        kept.create_queue()
        kept.send_message("written just before")

    owner.send(signal.SIGKILL)
    owner.wait(30)

    # given the folder only when the first Azurite has ended
    with running_azurite(tmp_path) as azurite, queue(azurite.connection_string) as kept:
        assert [message.content for message in kept.peek_messages()] == ["written just before"]


def test_it_is_gone_when_its_owner_is_killed_while_it_starts(tmp_path: Path) -> None:
    owner = Child([sys.executable, "-u", "-c", START, tmp_path])
    lock = tmp_path / "durahub.lock"
    while not lock.exists():
        assert not owner.ended, owner.tail()
    owner.kill()

    with running_azurite(tmp_path):
        pass


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]

"""Several servers run here: an address without a store means one of them, or nothing is guessed."""

import json
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest

from durahub.address import parse_hub, parse_store
from durahub.cli.hub import hub
from durahub.cli.main import cli
from durahub.cli.meant import first_hub, meant
from durahub.cli.opening import resolve
from durahub.cli.running import STATE_VARIABLE, Running, running_servers
from durahub.errors import SeveralServers, StorageUnavailable
from durahub.local.azurite import WELL_KNOWN_PORTS
from durahub.local.server import ServerProcess, running_server
from durahub_migrate.acting.data_folder import VARIABLE
from durahub_migrate.cli.hub_delete import delete
from durahub_migrate.cli.instance import instance
from durahub_migrate.cli.running_hub import acted_on, looked_at
from tests.cli.command import durahub
from tests.cli.test_bad_input import sentence
from tests.monitor.cli.commands import runner

FILE = Running(1, ("default", "Bills"), 8080, 8082, store="sqlite:/data/hub.db", since=1)
AZURITE = Running(2, ("default", "orders"), 9080, 9082, storage="AccountKey=k1", since=2)
SECOND = Running(3, ("stock",), 7080, 7082, storage="AccountKey=k2", since=3)
MEMORY = Running(4, ("default",), 6080, 6082, store="sqlite::memory:", since=4)
UNTOLD = Running(5, ("stock",), 5080, 5082, since=5)
ACCOUNT = Running(6, ("stock",), 4080, 4082, store="env:STORE", since=6)
ITS_TWIN = Running(7, ("orders",), 4090, 4092, store="env:STORE", since=7)
DYNAMIC = Running(8, ("default",), 3080, 3082, store="sqlite:/data/other.db", dynamic=True, since=8)


def server_of(typed: str, servers: Sequence[Running]) -> Running | None:
    address = parse_hub(typed).store if not typed.endswith(":") else parse_store(typed)
    return meant(address, servers)


@pytest.mark.parametrize(
    ("typed", "servers", "found"),
    [
        ("orders", (), None),
        ("anything", (FILE,), FILE),
        ("orders", (FILE, AZURITE), AZURITE),
        ("bills", (FILE, AZURITE), FILE),  # storage does not tell capitals apart either
        ("orders", (FILE, AZURITE, SECOND), AZURITE),
        ("stock", (AZURITE, UNTOLD), UNTOLD),
        ("anything", (ACCOUNT, ITS_TWIN), ITS_TWIN),  # one store
        ("azurite:orders", (FILE,), None),
        ("azurite:orders", (AZURITE, FILE), AZURITE),
        ("azurite:orders", (AZURITE, SECOND), SECOND),
        ("azurite:", (AZURITE, ACCOUNT), AZURITE),
        ("sqlite:/data/hub.db/orders", (), None),
    ],
)
def test_an_address_means_a_server(
    typed: str, servers: tuple[Running, ...], found: Running | None
) -> None:
    assert server_of(typed, servers) is found


@pytest.mark.parametrize(
    ("typed", "servers"),
    [
        ("default", (FILE, AZURITE)),
        ("nobodys", (FILE, AZURITE)),
        ("default", (FILE, MEMORY)),
        ("stock", (SECOND, UNTOLD)),
        ("Bills", (FILE, DYNAMIC)),
    ],
)
def test_where_more_than_one_may_be_meant_nothing_is_guessed(
    typed: str, servers: tuple[Running, ...]
) -> None:
    place = parse_hub(typed)

    with pytest.raises(SeveralServers) as refused:
        meant(place.store, servers)

    for one in servers:
        assert f"http://localhost:{one.grpc_port}, " in str(refused.value)
    for way in (looked_at, acted_on):
        with pytest.raises(SeveralServers):
            way(place, servers)


def test_who_runs_where_is_told_with_an_address_for_each_and_no_secret() -> None:
    with pytest.raises(SeveralServers) as refused:
        server_of("default", (FILE, AZURITE, SECOND, MEMORY, ACCOUNT))

    said = str(refused.value)
    assert "sqlite:/data/hub.db/default (server http://localhost:8080, hubs default, Bills)" in said
    assert "azurite:default (server http://localhost:7080, hubs stock)" in said
    assert "env:STORE/default (" in said
    for alone in (AZURITE, MEMORY):  # no other address means its store
        assert f"dts:http://localhost:{alone.grpc_port}/default (" in said
    assert "AccountKey" not in said


def test_without_a_name_it_is_the_first_hub_of_the_only_server() -> None:
    assert first_hub(()) == "default"
    assert first_hub((SECOND,)) == "stock"
    with pytest.raises(SeveralServers, match=r"none was named.*sqlite:/data/hub\.db \("):
        first_hub((FILE, SECOND))


def test_what_acts_goes_through_the_server_that_has_the_file_whichever_was_started_last() -> None:
    place = parse_hub("sqlite:/data/hub.db/default")

    for servers in ((FILE, AZURITE), (AZURITE, FILE)):
        assert str(looked_at(place, servers)) == "sqlite:/data/hub.db/default"
        assert str(acted_on(place, servers)) == "dts:http://localhost:8080/default"


@pytest.fixture
def nothing_listens(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", WELL_KNOWN_PORTS[1])) == 0:
            pytest.skip("an Azurite of somebody else's is at the usual ports")


@pytest.mark.usefixtures("nothing_listens")
def test_an_azurite_that_nobody_runs_is_told_with_what_runs() -> None:
    Running(os.getpid(), ("Shop",), 8080, 8082, store="sqlite:/data/hub.db").save()

    with pytest.raises(StorageUnavailable) as refused:
        resolve(parse_store("azurite:"))

    assert "what runs here: http://localhost:8080 with sqlite:/data/hub.db" in str(refused.value)


def test_what_a_killed_server_has_left_is_neither_believed_nor_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    gone = Running(2**22 + 1, ("Shop",), 8080, 8082)  # more than there are processes
    gone.save()
    assert running_servers() == ()

    mine = Running(os.getpid(), ("Shop",), 8080, 8082)
    mine.save()

    assert running_servers() == (mine,)
    assert len(list(tmp_path.iterdir())) == 1
    mine.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("several")


@pytest.fixture(scope="module")
def both(folder: Path) -> Iterator[tuple[ServerProcess, ServerProcess]]:
    """A server on an Azurite of its own, and one on a file, which was started last."""
    state = {STATE_VARIABLE: str(folder)}
    hubs = ("--hub", "default", "--hub")
    ports = ("--azurite-ports", "0,0,0")
    store = {**state, "DURAHUB_STORE": f"sqlite:{folder / 'hub.db'}"}
    with (
        running_server([*ports, *hubs, "orders"], env=state) as azurite,
        running_server([*hubs, "bills"], env=store) as file,
    ):
        yield azurite, file


@pytest.mark.azurite
@pytest.mark.usefixtures("both")
def test_the_sentence_is_what_the_command_ends_with(folder: Path) -> None:
    refused = durahub("hub", "show", "default", state=folder)

    assert refused.status == 2
    assert "2 servers run here" in sentence(refused, "DH140")


@pytest.mark.azurite
@pytest.mark.usefixtures("both")
def test_the_hubs_of_two_servers_are_told_apart(folder: Path) -> None:
    run = runner({STATE_VARIABLE: str(folder)})

    def listed(store: str) -> set[str]:
        answer = run(hub, "list", store, "--format", "json")
        return {json.loads(line)["name"] for line in answer.lines}

    def kind(address: str) -> str:
        return str(json.loads(run(hub, "show", address, "--format", "json").out)["store"])

    assert listed("azurite:") == {"default", "orders"}
    assert listed(f"sqlite:{folder / 'hub.db'}") == {"default", "bills"}
    assert kind("orders") == kind("azurite:default") == "classic"
    assert kind("bills") == kind(f"sqlite:{folder / 'hub.db'}/default") != "classic"


@pytest.mark.azurite
@pytest.mark.parametrize(
    "arguments",
    [
        ("hub", "list"),
        ("hub", "show"),
        ("hub", "show", "default"),
        ("hub", "delete", "default", "--yes"),
        ("hub", "create", "another"),
        ("instance", "list"),
        ("instance", "list", "--hub", "default"),
        ("instance", "start", "Order", "--hub", "default"),
        ("entity", "list", "--hub", "default"),
        ("lint", "default"),
        ("monitor", "default", "--port", "0"),
        ("monitor", "--port", "0"),
    ],
    ids=" ".join,
)
def test_what_both_have_is_refused_and_told(
    arguments: tuple[str, ...], folder: Path, both: tuple[ServerProcess, ServerProcess]
) -> None:
    refused = runner({STATE_VARIABLE: str(folder)})(cli, *arguments)

    assert isinstance(refused.error, SeveralServers)
    said = str(refused.error)
    for server in both:
        assert f"http://localhost:{server.ready.grpc_port}, " in said
    assert "azurite:" in said
    assert f"sqlite:{folder / 'hub.db'}" in said


@pytest.mark.azurite
def test_what_acts_on_a_hub_acts_on_that_of_its_server(
    folder: Path, both: tuple[ServerProcess, ServerProcess]
) -> None:
    run = runner({STATE_VARIABLE: str(folder), VARIABLE: str(folder / "data")})

    def instances(address: str) -> list[str]:
        answer = run(instance, "list", "--hub", address, "--format", "json")
        return [json.loads(line)["instanceId"] for line in answer.lines]

    def started(command: click.Command, *arguments: str) -> None:
        assert run(command, *arguments).status == 0

    started(instance, "start", "Order", "--id", "one", "--hub", "azurite:default")
    started(instance, "start", "Bill", "--id", "two", "--hub", "bills")

    assert instances("azurite:default") == ["one"]
    assert instances(f"sqlite:{folder / 'hub.db'}/default") == []
    assert instances("bills") == ["two"]
    assert instances(f"dts:{both[1].ready.endpoint}/bills") == ["two"]


@pytest.mark.azurite
@pytest.mark.usefixtures("both")
def test_who_deletes_a_hub_of_one_of_two_is_asked_with_its_store(folder: Path) -> None:
    asked = runner({STATE_VARIABLE: str(folder)})(delete, "bills")

    assert asked.status != 0
    assert f"sqlite:{folder / 'hub.db'}/bills" in asked.err

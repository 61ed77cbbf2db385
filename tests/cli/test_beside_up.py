"""What is typed beside ``durahub up`` means its hub, whatever that one keeps its hubs in."""

import json
from pathlib import Path

import click
import pytest

from durahub.address import HubAddress, StoreAddress, StoreKind
from durahub.cli.running import STATE_VARIABLE, Running
from durahub.local.server import running_server
from durahub_migrate.acting.data_folder import VARIABLE
from durahub_migrate.cli.entity import entity
from durahub_migrate.cli.instance import instance
from durahub_migrate.cli.running_hub import acted_on, looked_at
from durahub_migrate.moving.place import EndpointAddress, Place, parse_place
from tests.conftest import Storage
from tests.monitor.cli.commands import runner

ON_FILE = Running(1, ("default",), 8080, 8082, store="sqlite:/data/hub.db")
IN_MEMORY = Running(1, ("default",), 9090, 8082, store="sqlite::memory:")
OF_ITS_OWN = Running(1, ("default",), 8080, 8082, storage="UseDevelopmentStorage=true")
UNTOLD = Running(1, ("default",), 8080, 8082, endpoint="https://localhost:8080")
STORE = "DURAHUB_STORE"
HERE = EndpointAddress("http://localhost:8080", "orders")


@pytest.mark.parametrize(
    ("typed", "running", "looked", "acted"),
    [
        ("orders", None, "orders", "orders"),
        ("orders", OF_ITS_OWN, "orders", "orders"),
        ("azurite:orders", ON_FILE, "azurite:orders", "azurite:orders"),
        ("orders", ON_FILE, "sqlite:/data/hub.db/orders", str(HERE)),
        ("sqlite:/data/hub.db/orders", ON_FILE, "sqlite:/data/hub.db/orders", str(HERE)),
        ("sqlite:/data/other.db/orders", ON_FILE, *["sqlite:/data/other.db/orders"] * 2),
        ("env:PROD/orders", ON_FILE, "env:PROD/orders", "env:PROD/orders"),
        ("orders", IN_MEMORY, *["dts:http://localhost:9090/orders"] * 2),
        ("orders", UNTOLD, *["dts:https://localhost:8080/orders"] * 2),
    ],
)
def test_a_name_means_the_hub_of_the_server_that_runs_here(
    typed: str, running: Running | None, looked: str, acted: str
) -> None:
    place = parse_place(typed)
    servers = () if running is None else (running,)

    assert str(looked_at(place, servers)) == looked
    assert str(acted_on(place, servers)) == acted


def test_a_file_is_the_server_s_however_its_path_is_typed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    running = Running(1, ("orders",), 8080, 8082, store=f"sqlite:{tmp_path / 'hub.db'}")
    typed: Place = HubAddress(StoreAddress(StoreKind.SQLITE, "./hub.db"), "orders")

    assert acted_on(typed, (ON_FILE, running, IN_MEMORY)) == HERE


@pytest.mark.azurite
@pytest.mark.parametrize("store", ["sqlite:hub.db", "sqlite::memory:", "a connection string"])
def test_what_up_says_to_type_works(
    store: str, tmp_path: Path, azurite: Storage, hub_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runner({VARIABLE: str(tmp_path / "data"), STATE_VARIABLE: str(tmp_path)})

    def typed(command: click.Command, *arguments: str) -> str:
        answer = run(command, *arguments)
        assert answer.status == 0, (arguments, answer.err)
        return answer.out

    there, elsewhere = tmp_path / "there", tmp_path / "elsewhere"
    there.mkdir()
    elsewhere.mkdir()
    monkeypatch.chdir(there)
    address = azurite.connection_string if store == "a connection string" else store
    with running_server(["--hub", hub_name], env={STORE: address, STATE_VARIABLE: str(tmp_path)}):
        monkeypatch.chdir(elsewhere)
        assert typed(instance, "list") == ""
        typed(instance, "start", "Order", "--id", "one", "--input", "7")
        (listed,) = typed(instance, "list", "--format", "json").splitlines()
        shown = json.loads(listed)
        assert (shown["instanceId"], shown["status"], shown["input"]) == ("one", "Pending", "7")
        assert "worker" in typed(instance, "why", "one")
        assert typed(entity, "list") == ""
        typed(instance, "terminate", "one")
        assert "Terminated" in typed(instance, "show", "one")
        typed(instance, "purge", "one")
        assert typed(instance, "list") == ""

"""The SQLite file of the server that runs here is looked at beside that server, and acted on through it."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from durahub.cli.hub import hub
from durahub.cli.retention import retention
from durahub.cli.running import STATE_VARIABLE, Running
from durahub.errors import BadAddress, FileUnavailable
from durahub.local.server import ServerProcess, running_server
from durahub_migrate.cli.hub_delete import delete
from durahub_migrate.cli.instance import instance
from tests.cli.command import durahub
from tests.cli.test_bad_input import sentence
from tests.monitor.cli.commands import Run, runner

STORE = "DURAHUB_STORE"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the file ``hub.db``, and of what the server leaves."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ServerProcess]:
    """A server of the hub ``Shop`` in the file."""
    env = {STORE: f"sqlite:{folder / 'hub.db'}", STATE_VARIABLE: str(folder)}
    with running_server(["--hub", "Shop"], env=env) as server:
        yield server


@pytest.fixture(params=["Shop", "sqlite:./hub.db/Shop"])
def typed(
    request: pytest.FixtureRequest,
    folder: Path,
    server: ServerProcess,
    monkeypatch: pytest.MonkeyPatch,
) -> str:
    """The hub's address, with the file's and without."""
    assert server.pid is not None
    monkeypatch.chdir(folder)
    return str(request.param)


@pytest.fixture
def run(folder: Path) -> Run:
    return runner({STATE_VARIABLE: str(folder), "DURAHUB_MONITOR_DATA": str(folder / "data")})


def test_a_hub_is_shown_beside_its_server(typed: str, run: Run, server: ServerProcess) -> None:
    shown = run(hub, "show", typed, "--counts", "--format", "json")

    assert shown.error is None
    told = json.loads(shown.out)
    assert told["name"] == "Shop"
    assert set(told["owners"].values()) == {f"process {server.pid}"}
    assert told["problems"] == []
    assert run(hub, "set-aside", typed).status == 0


@pytest.mark.usefixtures("typed")
@pytest.mark.parametrize("store", [(), ("sqlite:./hub.db",)])
def test_hubs_are_listed_beside_their_server(store: tuple[str, ...], run: Run) -> None:
    listed = run(hub, "list", *store, "--format", "json")

    assert listed.error is None
    assert "Shop" in [json.loads(line)["name"] for line in listed.lines]


def test_instances_are_read_and_counted_for_retention_beside_the_server(
    typed: str, run: Run
) -> None:
    name = f"one{len(typed)}"
    assert run(instance, "start", "Order", "--id", name, "--hub", typed).status == 0

    read = run(hub, "read", typed)
    planned = run(retention, "plan", typed, "--all", "0", "--format", "json")

    assert name in [json.loads(line)["instanceId"] for line in read.lines]
    assert planned.status == 0


def test_what_has_ended_is_purged_through_the_server(typed: str, run: Run) -> None:
    name = f"ended{len(typed)}"
    assert run(instance, "start", "Order", "--id", name, "--hub", typed).status == 0
    assert run(instance, "terminate", name, "--hub", typed).status == 0

    purged = run(retention, "apply", typed, "--all", "0", "--yes", "--format", "json")

    assert purged.error is None
    assert json.loads(purged.out)["byStatus"]["Terminated"]["count"] == 1
    left = run(instance, "list", "--hub", typed, "--format", "json")
    assert name not in [json.loads(line)["instanceId"] for line in left.lines]


def test_what_needs_the_file_itself_says_whose_it_is(
    folder: Path, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)

    refused = durahub("hub", "create", "sqlite:hub.db/Other", state=folder)

    assert refused.status == 4
    assert f"process {server.pid} has it open" in sentence(refused, "DH506")
    endpoint = f"http://localhost:{server.ready.grpc_port}"
    assert f"the server at {endpoint}, process {server.pid}" in refused.err
    assert f"dts:{endpoint}/Shop" in refused.err


def test_a_hub_that_clients_may_not_delete_is_told_with_the_setting(typed: str, run: Run) -> None:
    refused = run(delete, typed, "--yes")

    assert refused.error is not None
    assert refused.error.code == "DH511"
    assert "--allow-hub-management" in str(refused.error)


@pytest.mark.parametrize(("store", "why"), [("sqlite::memory:", "memory"), (None, "env:VARIABLE")])
def test_a_hub_that_its_server_alone_reaches_is_no_other(
    store: str | None, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    Running(os.getpid(), ("Shop",), 8080, 8082, store=store).save()

    shown = runner({})(hub, "show", "Shop")

    assert isinstance(shown.error, BadAddress)
    assert why in str(shown.error)


def test_the_file_of_a_server_with_tls_stays_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: Path, server: ServerProcess
) -> None:
    monkeypatch.setenv(STATE_VARIABLE, str(tmp_path))
    place = f"sqlite:{folder / 'hub.db'}"
    Running(os.getpid(), ("Shop",), server.ready.grpc_port, 1, store=place, tls=True).save()

    refused = runner({})(retention, "apply", f"{place}/Shop", "--all", "0", "--yes")

    assert isinstance(refused.error, FileUnavailable)


@pytest.mark.parametrize("typed", ["Shop"], indirect=True)
def test_who_deletes_a_hub_is_asked_with_the_store_it_is_in(
    typed: str, folder: Path, run: Run
) -> None:
    asked = run(delete, typed)

    assert asked.status != 0
    assert f"sqlite:{folder / 'hub.db'}/Shop" in asked.err

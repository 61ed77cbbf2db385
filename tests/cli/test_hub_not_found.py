"""Who names a hub that is not there is told which store was looked into, and no secret of it."""

from pathlib import Path

import pytest

from durahub.accounts import Access, account_at
from durahub.cli.hub import hub
from durahub.cli.hub_freeze import freeze
from durahub.errors import HubNotFound
from durahub_migrate.cli.export import export
from durahub_migrate.cli.instance import instance
from durahub_migrate.cli.lint import lint
from tests.conftest import Storage
from tests.monitor.cli.commands import runner

KEY = "c2VjcmV0" * 8
IN_AZURE = f"AccountName=acme;AccountKey={KEY};EndpointSuffix=core.windows.net"
TRACKED = f"AccountName=tracks;AccountKey={KEY};EndpointSuffix=core.windows.net"
ON_A_PORT = (
    f"AccountName=acme;AccountKey={KEY};BlobEndpoint=http://user:word@box:1/acme;"
    "QueueEndpoint=http://user:word@box:2/acme;TableEndpoint=http://user:word@box:3/acme"
)


def test_an_account_is_told_by_its_name_and_where_that_does_not_tell_by_its_host() -> None:
    def place(text: str) -> str:
        return account_at(text, Access()).place

    assert place(IN_AZURE) == "storage account acme"
    assert place(ON_A_PORT) == "storage account acme at box:2"


def test_so_is_the_account_of_its_tables() -> None:
    account = account_at(IN_AZURE, Access())
    account.tracking = account_at(TRACKED, Access())

    assert account.place == "storage account acme (its tables in storage account tracks)"


@pytest.mark.azurite
def test_a_hub_that_is_not_in_an_account_is_told_with_the_account(
    azurite: Storage, tmp_path: Path
) -> None:
    run = runner({"STORE": azurite.connection_string})
    account = account_at(azurite.connection_string, Access())

    for command, *arguments in (
        (hub, "show", "env:STORE/Nowhere"),
        (hub, "read", "env:STORE/Nowhere"),
        (hub, "doctor", "env:STORE/Nowhere"),
        (freeze, "env:STORE/Nowhere"),
        (instance, "list", "--hub", "env:STORE/Nowhere"),
        (export, "env:STORE/Nowhere", str(tmp_path / "bundle")),
        (lint, "env:STORE/Nowhere"),
    ):
        answer = run(command, *arguments)
        said = f"{answer.error}{answer.err}{answer.out}"
        assert f"Task hub not found: Nowhere in {account.place}" in said, arguments
        assert "AccountKey" not in said


def test_a_hub_that_is_not_in_a_file_is_told_with_the_file(tmp_path: Path) -> None:
    run, file = runner({}), tmp_path / "hub.db"
    assert run(hub, "create", f"sqlite:{file}/Shop").status == 0

    for command, *arguments in (
        (hub, "show", f"sqlite:{file}/Nowhere"),
        (hub, "read", f"sqlite:{file}/Nowhere"),
        (freeze, f"sqlite:{file}/Nowhere"),
        (instance, "list", "--hub", f"sqlite:{file}/Nowhere"),
        (export, f"sqlite:{file}/Nowhere", str(tmp_path / "bundle")),
    ):
        refused = run(command, *arguments).error
        assert isinstance(refused, HubNotFound)
        assert f"Task hub not found: Nowhere in the file {file}" in str(refused)

    missing = run(hub, "show", f"sqlite:{tmp_path / 'other.db'}/Shop").error
    assert f"there is no file {tmp_path / 'other.db'}" in str(missing)

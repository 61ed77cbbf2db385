"""What a word on the command line names."""

from pathlib import Path

import pytest

from durahub.accounts import Access
from durahub.address import StoreAddress, StoreKind
from durahub.errors import BadAddress, BadHubName
from durahub_migrate.lint.sources.classic import ClassicSource
from durahub_migrate.lint.sources.folder import FolderSource
from durahub_migrate.lint.sources.opening import source_of
from durahub_migrate.lint.sources.scheduler import SchedulerSource


def test_a_name_and_an_address_are_hubs() -> None:
    for text in ("orders", "azurite:orders", "env:STORAGE/orders", "storage:account/orders"):
        source = source_of(text, access=Access())
        assert isinstance(source, ClassicSource)
        assert source.address == text


def test_a_hub_may_be_in_a_file() -> None:
    assert isinstance(source_of("sqlite:hub.db/orders", access=Access()), SchedulerSource)


def test_a_path_that_exists_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text("{}")
    assert isinstance(source_of(str(tmp_path)), FolderSource)


def test_a_tracking_store_needs_no_network_to_be_named() -> None:
    tracking = StoreAddress(StoreKind.STORAGE, "trackingaccount")
    assert source_of("storage:account/orders", tracking_store=tracking, access=Access())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no/such/path", "there is no such path"),
        ("host.jso", "there is no such file or folder, and no hub can be called so"),
        ("ftp:orders", "bundle:PATH"),
        ("sqlite:orders", "bundle:PATH"),
        ("dts:https://example.invalid/orders", "export it to a bundle"),
        ("bundle:nowhere", "there is no nowhere"),
    ],
)
def test_what_names_nothing_is_told_with_the_forms_there_are(text: str, said: str) -> None:
    with pytest.raises(BadAddress, match=said):
        source_of(text, access=Access())


def test_a_hubs_name_is_checked() -> None:
    with pytest.raises(BadHubName):
        source_of("azurite:9", access=Access())

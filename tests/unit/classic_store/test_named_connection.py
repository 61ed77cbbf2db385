"""Connections by the name of a setting, as a Functions app has them; in every cloud."""

import pytest
from azure.identity import aio
from hypothesis import given
from hypothesis import strategies as st

from durahub.accounts import Access, account_at
from durahub.address import StoreAddress, StoreKind
from durahub.classic.app_settings import AppSettings
from durahub.classic.clouds import CLOUDS, account_of, cloud_named, cloud_of
from durahub.classic.connection import AccountKey, Connection, Endpoints
from durahub.classic.credentials import Credential, credential_of
from durahub.classic.identity import CREDENTIALS, Identity, check_credential
from durahub.classic.named_connection import named_connection
from durahub.errors import BadAddress, BadConnectionString, BadSetting

KEY = "c2VjcmV0c2VjcmV0"
PUBLIC = CLOUDS["public"]


def named(tracking: bool = False, **settings: str) -> Connection:
    return named_connection("Shop", AppSettings(settings), PUBLIC, tracking=tracking)


def test_a_connection_string_counts_before_its_parts() -> None:
    found = named(Shop=f"AccountName=one;AccountKey={KEY}", Shop__accountName="two")

    assert found.access == AccountKey("one", KEY)


def test_a_name_of_an_account_is_enough_for_an_identity() -> None:
    found = named(SHOP__ACCOUNTNAME="shop")

    assert found.account == "shop"
    assert found.endpoints.table == "https://shop.table.core.windows.net"
    assert found.access == Identity(authority=PUBLIC.authority)


def test_addresses_of_private_endpoints_are_taken_as_they_are() -> None:
    uris = {f"Shop__{s}ServiceUri": f"https://10.0.0.4/{s}/" for s in ("blob", "queue", "table")}
    found = named(**uris)

    assert found.endpoints == Endpoints(
        *(f"https://10.0.0.4/{s}" for s in ("blob", "queue", "table"))
    )


def test_one_address_tells_the_others_where_it_is_azure_s_and_with_it_the_cloud() -> None:
    found = named(Shop__blobServiceUri="https://shop.blob.core.chinacloudapi.cn")

    assert found.account == "shop"
    assert found.endpoints.queue == "https://shop.queue.core.chinacloudapi.cn"
    assert found.access == Identity(authority="https://login.chinacloudapi.cn")


def test_a_tracking_store_needs_no_queues() -> None:
    uris = {f"Shop__{s}ServiceUri": f"https://x.example/{s}" for s in ("blob", "table")}

    assert named(tracking=True, **uris).endpoints.queue == ""
    with pytest.raises(BadConnectionString, match="queueServiceUri must be set as well"):
        named(**uris)
    text = f"AccountName=a;AccountKey={KEY}"
    assert named(tracking=True, Shop=text).endpoints.queue


@pytest.mark.parametrize(
    ("parts", "identity"),
    [
        ({"credential": "managedidentity"}, Identity(credential="managed-identity")),
        (
            {"credential": "ManagedIdentity", "clientId": "c"},
            Identity(credential="managed-identity", client_id="c"),
        ),
        (
            {"credential": "managedidentity", "managedIdentityResourceId": "r"},
            Identity(credential="managed-identity", resource_id="r"),
        ),
        ({"credential": "workloadidentity"}, Identity(credential="workload-identity")),
        ({"clientId": "c"}, Identity(client_id="c")),
        (
            {"clientId": "c", "tenantId": "t", "clientSecret": "s"},
            Identity(credential="client-secret", client_id="c", tenant_id="t", client_secret="s"),
        ),
    ],
)
def test_parts_tell_whose_tokens_are_taken(parts: dict[str, str], identity: Identity) -> None:
    found = named(Shop__accountName="shop", **{f"Shop__{k}": v for k, v in parts.items()})

    assert found.access == identity.issued_by(PUBLIC.authority)


def test_a_secret_is_in_no_representation() -> None:
    found = named(Shop__accountName="shop", Shop__clientSecret="hush", Shop__tenantId="t")

    assert "hush" not in repr(found)


@pytest.mark.parametrize("name", CREDENTIALS)
def test_a_credential_may_be_spelled_as_azure_identity_names_it(name: str) -> None:
    assert check_credential(name.upper()) == name
    assert check_credential(f"{name.replace('-', '')}Credential") == name


@pytest.mark.parametrize(
    ("identity", "kind"),
    [
        (Identity(), aio.DefaultAzureCredential),
        (Identity(client_id="c", tenant_id="t"), aio.DefaultAzureCredential),
        (Identity(credential="managed-identity"), aio.ManagedIdentityCredential),
        (
            Identity(credential="managed-identity", resource_id="r"),
            aio.ManagedIdentityCredential,
        ),
        (Identity(credential="environment"), aio.EnvironmentCredential),
        (Identity(credential="cli", tenant_id="t"), aio.AzureCliCredential),
        (Identity(credential="developer-cli"), aio.AzureDeveloperCliCredential),
        (Identity(credential="powershell"), aio.AzurePowerShellCredential),
        (
            Identity(credential="client-secret", client_id="c", tenant_id="t", client_secret="s"),
            aio.ClientSecretCredential,
        ),
    ],
)
async def test_every_identity_is_a_credential_of_azure_identity(
    identity: Identity, kind: type
) -> None:
    made = credential_of(identity)

    assert isinstance(made, Credential)
    assert isinstance(made._inner, kind)
    await made.close()


@pytest.mark.parametrize("name", ["client-secret", "workload-identity"])
def test_an_identity_that_lacks_something_is_refused(name: str) -> None:
    with pytest.raises(BadSetting):
        credential_of(Identity(credential=name))


@pytest.mark.parametrize(
    ("cloud", "endpoint", "authority"),
    [
        ("public", "https://shop.queue.core.windows.net", "https://login.microsoftonline.com"),
        ("china", "https://shop.queue.core.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
        ("usgov", "https://shop.queue.core.usgovcloudapi.net", "https://login.microsoftonline.us"),
        ("core.azure.example", "https://shop.queue.core.azure.example", None),
        (
            "core.usgovcloudapi.net",
            "https://shop.queue.core.usgovcloudapi.net",
            "https://login.microsoftonline.us",
        ),
    ],
)
def test_an_account_is_in_its_cloud(cloud: str, endpoint: str, authority: str | None) -> None:
    account = account_at(StoreAddress(StoreKind.STORAGE, "shop"), Access(cloud=cloud))

    assert account.endpoints.queue == endpoint
    assert cloud_named(cloud).authority == authority


def test_what_is_no_name_of_an_account_is_refused() -> None:
    for place in ("shop/x", "shop.blob.core.windows.net", "a", "Shop"):
        with pytest.raises(BadAddress):
            account_at(StoreAddress(StoreKind.STORAGE, place), Access())


def test_a_hub_s_tables_have_dtfx_s_prefix_only_in_a_tracking_store() -> None:
    tracking = StoreAddress(StoreKind.STORAGE, "track")

    assert Access().prefix is None
    assert Access(tracking_prefix="Shop").prefix == "Shop"
    assert Access(tracking=tracking).prefix == "DurableTask"
    account = account_at(StoreAddress(StoreKind.STORAGE, "shop"), Access(tracking=tracking))
    assert account.tracking is not None
    assert account.service_of("https://shop.queue.core.windows.net/q") == "queue"
    assert account.service_of("https://track.table.core.windows.net/T") == "table"
    assert account.service_of("https://shop.table.core.windows.net/T") == ""


@given(
    st.from_regex(r"[a-z0-9]{3,24}", fullmatch=True),
    st.sampled_from(["blob", "queue", "table"]),
    st.sampled_from([cloud.suffix for cloud in CLOUDS.values()]),
)
def test_a_host_name_tells_its_account_and_its_cloud(
    account: str, service: str, suffix: str
) -> None:
    host = f"{account}.{service}.{suffix}"

    assert account_of(host) == (account, suffix)
    found = cloud_of(host)
    assert found is not None
    assert found.suffix == suffix

"""Credentials of azure-identity for an `Identity`."""

from typing import Any

from azure.core.credentials_async import AsyncTokenCredential

from durahub.classic.identity import Identity
from durahub.errors import BadSetting


def credential_of(identity: Identity) -> AsyncTokenCredential:
    """Return what gets tokens for *identity*; who asked for it closes it. Raises `BadSetting`.

    Tokens are cached by it and renewed in time.
    """
    # a heavy import, and only for those who use it
    from azure.identity import aio

    authority: dict[str, Any] = {"authority": identity.authority} if identity.authority else {}
    tenant: dict[str, Any] = {"tenant_id": identity.tenant_id} if identity.tenant_id else {}
    match identity.credential:
        case "managed-identity":
            return aio.ManagedIdentityCredential(**_managed(identity))
        case "workload-identity":
            return _workload(identity, authority, tenant)
        case "environment":
            return aio.EnvironmentCredential(**authority)
        case "client-secret":
            return _client_secret(identity, authority)
        case "cli":
            return aio.AzureCliCredential(**tenant)
        case "developer-cli":
            return aio.AzureDeveloperCliCredential(**tenant)
        case "powershell":
            return aio.AzurePowerShellCredential(**tenant)
        case _:
            return aio.DefaultAzureCredential(**authority, **_default(identity))


def _managed(identity: Identity) -> dict[str, Any]:
    if identity.resource_id:
        return {"identity_config": {"resource_id": identity.resource_id}}
    return {"client_id": identity.client_id} if identity.client_id else {}


def _default(identity: Identity) -> dict[str, Any]:
    given: dict[str, Any] = {}
    if identity.client_id:
        given["managed_identity_client_id"] = identity.client_id
        given["workload_identity_client_id"] = identity.client_id
    if identity.tenant_id:
        given["workload_identity_tenant_id"] = identity.tenant_id
        given["additionally_allowed_tenants"] = [identity.tenant_id]
    return given


def _workload(
    identity: Identity, authority: dict[str, Any], tenant: dict[str, Any]
) -> AsyncTokenCredential:
    from azure.identity import aio

    client = {"client_id": identity.client_id} if identity.client_id else {}
    try:
        return aio.WorkloadIdentityCredential(**tenant, **client, **authority)
    except ValueError:
        raise BadSetting(
            "store.credential",
            identity.credential,
            "AZURE_FEDERATED_TOKEN_FILE set, and a tenant and a client ID: by AZURE_TENANT_ID and "
            "AZURE_CLIENT_ID, or by settings",
        ) from None


def _client_secret(identity: Identity, authority: dict[str, Any]) -> AsyncTokenCredential:
    from azure.identity import aio

    if not (identity.tenant_id and identity.client_id and identity.client_secret):
        expected = "parts tenantId, clientId and clientSecret of the connection"
        raise BadSetting("store.credential", identity.credential, expected)
    return aio.ClientSecretCredential(
        identity.tenant_id, identity.client_id, identity.client_secret, **authority
    )

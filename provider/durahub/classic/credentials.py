"""Credentials of azure-identity for an `Identity`."""

import asyncio
import os
from types import TracebackType
from typing import Any

from azure.core.credentials import AccessToken, AccessTokenInfo, TokenRequestOptions
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import (
    ClientAuthenticationError,
    ServiceRequestError,
    ServiceResponseError,
)

from durahub.classic.identity import Identity
from durahub.errors import BadSetting


class NoIssuer(ClientAuthenticationError):
    """Whoever issues tokens does not answer: ``inner_exception`` is what the HTTP client reported.

    It is no `ServiceRequestError`, for azure-identity has tried again and again by itself.
    """


class Credential:
    """A credential that tells a silent issuer from a silent storage account.

    One asks at a time: the three services begin together, and issuers limit how often they are asked.
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self._lock = asyncio.Lock()

    async def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        """Return a token, from the cache if it is good for a while."""
        found = await self._asked(self._inner.get_token(*scopes, **options))
        assert isinstance(found, AccessToken)  # noqa: S101 (for the types)
        return found

    async def get_token_info(
        self, *scopes: str, options: TokenRequestOptions | None = None
    ) -> AccessTokenInfo:
        """Return a token with what is known of it, from the cache if it is good for a while."""
        found = await self._asked(self._inner.get_token_info(*scopes, options=options))
        assert isinstance(found, AccessTokenInfo)  # noqa: S101 (for the types)
        return found

    async def _asked(self, asking: Any) -> Any:
        try:
            async with self._lock:
                return await asking
        except (ServiceRequestError, ServiceResponseError) as error:
            raise NoIssuer("no token", error=error.inner_exception or error) from error

    async def close(self) -> None:
        """Close its connections."""
        await self._inner.close()

    async def __aenter__(self) -> "Credential":
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        await self.close()


def credential_of(identity: Identity) -> AsyncTokenCredential:
    """Return what gets tokens for *identity*; who asked for it closes it. Raises `BadSetting`.

    Tokens are cached by it and renewed in time. ``AZURE_AUTHORITY_HOST`` comes before the cloud's issuer.
    """
    return Credential(_credential_of(identity))


def _credential_of(identity: Identity) -> Any:
    # a heavy import, and only for those who use it
    from azure.identity import aio

    own = identity.authority if not os.environ.get("AZURE_AUTHORITY_HOST") else None
    authority: dict[str, Any] = {"authority": own} if own else {}
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

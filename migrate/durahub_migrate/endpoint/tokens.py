"""Who we are, to the service itself: a token of Entra ID, which no other server ever gets.

The scheduler in Azure takes tokens only; emulators take none, and servers like ours what
`durahub_migrate.endpoint.presenting` is told. So the host's name decides. Source: scheduler protocol 1.4.
"""

from typing import Protocol
from urllib.parse import urlsplit

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ClientAuthenticationError

from durahub.errors import EndpointDenied

SCOPES = {
    "durabletask.io": "https://durabletask.io/.default",
    "durabletask.azure.us": "https://durabletask.azure.us/.default",
}
"""What a token is asked for, by the end of the host's name."""


def scope_of(url: str) -> str | None:
    """Return the scope of a token for the endpoint at *url*, ``None`` if it takes none."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme.lower() != "https":
        return None
    return next((scope for end, scope in SCOPES.items() if host.endswith(f".{end}")), None)


class Authorization(Protocol):
    """What makes the headers by which an endpoint knows us."""

    async def headers(self) -> tuple[tuple[str, str], ...]:
        """Return them for the next call. Raises `EndpointDenied`."""


class Nobody:
    """An `Authorization` that tells nothing."""

    async def headers(self) -> tuple[tuple[str, str], ...]:
        """Return none."""
        return ()


class Static:
    """An `Authorization` by a token that does not change."""

    def __init__(self, token: str) -> None:
        self._token = token

    async def headers(self) -> tuple[tuple[str, str], ...]:
        """Return the header with it."""
        return (("authorization", f"Bearer {self._token}"),)


class Bearer:
    """An `Authorization` by tokens, which *credential* keeps and renews."""

    def __init__(self, credential: AsyncTokenCredential, scope: str, place: str) -> None:
        self._credential = credential
        self._scope = scope
        self._place = place

    async def headers(self) -> tuple[tuple[str, str], ...]:
        """Return the header with a token that is good for a while."""
        try:
            token = await self._credential.get_token(self._scope)
        except ClientAuthenticationError as error:
            # What the issuer says may be long, and private.
            problem = f"no token for {self._scope}: {type(error).__name__}"
            raise EndpointDenied(self._place, problem) from None
        return (("authorization", f"Bearer {token.token}"),)

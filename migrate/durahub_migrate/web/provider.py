"""The identity provider over HTTP: its configuration, its keys, the exchange of a code for a token."""

import asyncio
from collections.abc import Mapping
from typing import Any

from durahub.authorization.provider_http import fetch_json
from durahub.errors import LoginUnavailable
from durahub_migrate.web.who.oidc import Attempt, Oidc, Provider


class ProviderClient:
    """Asks the provider; what it says of itself and its keys is kept."""

    def __init__(self, oidc: Oidc) -> None:
        self._oidc = oidc
        self._provider: Provider | None = None
        self._keys: dict[str, Any] | None = None

    async def provider(self) -> Provider:
        """Return its addresses. Raises `LoginUnavailable`."""
        if self._provider is None:
            issuer = self._oidc.issuer
            told = await self._ask(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            self._provider = Provider.of(told, issuer)
        return self._provider

    async def keys(self, *, anew: bool = False) -> dict[str, Any]:
        """Return its public keys. Raises `LoginUnavailable`."""
        if self._keys is None or anew:
            self._keys = await self._ask((await self.provider()).keys)
        return self._keys

    async def exchange(self, code: str, attempt: Attempt, redirect: str) -> str:
        """Return the ID token for a code. Raises `LoginUnavailable`."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect,
            "client_id": self._oidc.client_id,
            "code_verifier": attempt.verifier,
        }
        if self._oidc.client_secret is not None:
            form["client_secret"] = self._oidc.client_secret
        answer = await self._ask((await self.provider()).token, form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise LoginUnavailable(
                self._oidc.issuer, "it gave no ID token; is openid among the scopes?"
            )
        return token

    async def _ask(self, url: str, form: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            return dict(await fetch_json(url, form))
        except (ValueError, OSError, asyncio.TimeoutError) as error:
            said = str(error) or type(error).__name__
            raise LoginUnavailable(self._oidc.issuer, f"{url}: {said}") from None

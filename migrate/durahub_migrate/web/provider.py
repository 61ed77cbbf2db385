"""The identity provider over HTTP: its configuration, its keys, the exchange of a code for a token."""

import asyncio
from typing import Any

import aiohttp
import orjson

from durahub.errors import LoginUnavailable
from durahub_migrate.web.who.oidc import Attempt, Oidc, Provider

WITHIN = 10.0  # seconds
MOST = 1024 * 1024  # bytes of an answer


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
            told = await self._ask("GET", f"{issuer.rstrip('/')}/.well-known/openid-configuration")
            self._provider = Provider.of(told, issuer)
        return self._provider

    async def keys(self, *, anew: bool = False) -> dict[str, Any]:
        """Return its public keys. Raises `LoginUnavailable`."""
        if self._keys is None or anew:
            self._keys = await self._ask("GET", (await self.provider()).keys)
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
        answer = await self._ask("POST", (await self.provider()).token, form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise LoginUnavailable(
                self._oidc.issuer, "it gave no ID token; is openid among the scopes?"
            )
        return token

    async def _ask(
        self, method: str, url: str, form: dict[str, str] | None = None
    ) -> dict[str, Any]:
        issuer = self._oidc.issuer
        timeout = aiohttp.ClientTimeout(total=WITHIN)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout, trust_env=True) as session,
                session.request(
                    method, url, data=form, headers={"accept": "application/json"}
                ) as answer,
            ):
                if answer.status != 200:
                    raise LoginUnavailable(issuer, f"{url} answered {answer.status}")
                body = await answer.content.read(MOST)
                told = orjson.loads(body)
        except (aiohttp.ClientError, asyncio.TimeoutError, ValueError, OSError) as error:
            raise LoginUnavailable(issuer, f"{url}: {type(error).__name__}") from None
        if not isinstance(told, dict):
            raise LoginUnavailable(issuer, f"{url} did not answer with a JSON object")
        return told

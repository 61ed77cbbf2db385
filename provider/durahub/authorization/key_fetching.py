"""Fetches the keys of identity providers, and keeps them: one fetch at a time for each provider."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from durahub.authorization.key_sets import Do, KeySet
from durahub.authorization.trust import Issuer
from durahub.errors import LoginUnavailable, NotAuthenticated

log = logging.getLogger(__name__)

CONFIGURATION = "/.well-known/openid-configuration"

Fetch = Callable[[str], Awaitable[Mapping[str, Any]]]
"""Returns the JSON object at an address. Raises `ValueError`, `OSError`, `asyncio.TimeoutError`."""


class ProviderKeys:
    """The keys of all providers that are trusted."""

    def __init__(self, fetch: Fetch, monotonic: Callable[[], float]) -> None:
        self._fetch = fetch
        self._monotonic = monotonic
        self._sets: defaultdict[str, KeySet] = defaultdict(KeySet)
        self._locks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._refreshing: dict[str, asyncio.Task[None]] = {}

    async def key(self, issuer: Issuer, key_id: str) -> Mapping[str, Any]:
        """Return a key as it is published. No I/O where it is known.

        Raises `NotAuthenticated` for one that the provider does not publish, `LoginUnavailable` where it
        cannot be asked.
        """
        do = self._sets[issuer.place].look(key_id, self._monotonic())
        if do is Do.FETCH:
            async with self._locks[issuer.place]:  # who waited here looks again
                do = self._sets[issuer.place].look(key_id, self._monotonic())
                if do is Do.FETCH:
                    await self._renew(issuer)
        elif do is Do.USE_AND_REFRESH and issuer.place not in self._refreshing:
            task = asyncio.create_task(self._refresh(issuer), name=f"keys of {issuer.place}")
            self._refreshing[issuer.place] = task
        held = self._sets[issuer.place]
        if key_id in held.keys:
            return held.keys[key_id]
        if held.fetched is None:
            raise LoginUnavailable(issuer.told, "its keys could not be fetched")
        raise NotAuthenticated(
            "key", "the token is signed by a key that its issuer does not publish"
        )

    async def close(self) -> None:
        """End what is under way."""
        for task in self._refreshing.values():
            task.cancel()
        await asyncio.gather(*self._refreshing.values(), return_exceptions=True)

    async def _refresh(self, issuer: Issuer) -> None:
        try:
            async with self._locks[issuer.place]:
                await self._renew(issuer)
        finally:
            self._refreshing.pop(issuer.place, None)

    async def _renew(self, issuer: Issuer) -> None:
        """Fetch the keys; where that fails, those that are known stay."""
        place = issuer.place
        self._sets[place] = self._sets[place].trying(self._monotonic())
        try:
            told = await self._fetch(place + CONFIGURATION)
            if told.get("issuer") != issuer.told:
                raise ValueError("its configuration names another issuer")
            document = await self._fetch(str(told.get("jwks_uri")))
            self._sets[place] = self._sets[place].with_keys(document, self._monotonic())
        except (ValueError, OSError, asyncio.TimeoutError) as error:
            extra = {
                "issuer": issuer.told,
                "error": type(error).__name__,
                "problem": str(error)[:200],
            }
            log.warning("keys-not-fetched", extra=extra)
            return
        log.info("keys-fetched", extra={"issuer": issuer.told, "keys": len(self._sets[place].keys)})

"""The way in by tokens of an identity provider. A token is checked once, and remembered until it expires."""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from durahub.authorization.presented import Presented
from durahub.authorization.principals import Principal, Rule, grants_of
from durahub.authorization.static_tokens import digest_of
from durahub.authorization.trust import (
    Issuer,
    Trust,
    identities_of,
    key_of,
    looks_like_jwt,
    unverified,
    verified,
)
from durahub.errors import NotAuthenticated
from durahub.model.ticks import MAXIMUM, Ticks, from_unix, later, to_unix

REMEMBERED = 10_000
"""Tokens, at most; those that were not seen for longest are forgotten."""
_LAST = 253_402_300_799 - 86_400  # Unix seconds of what ticks can tell, less a day


class Keys(Protocol):
    """Where keys come from."""

    async def key(self, issuer: Issuer, key_id: str) -> Mapping[str, Any]:
        """Return a key as it is published. Raises `NotAuthenticated`, `LoginUnavailable`."""


class BearerTokens:
    """Callers that present a token of a provider that is trusted."""

    def __init__(
        self, trust: Trust, keys: Keys, rules: tuple[Rule, ...], now: Callable[[], Ticks]
    ) -> None:
        self._trust = trust
        self._keys = keys
        self._rules = rules
        self._now = now
        self._known: OrderedDict[str, Principal] = OrderedDict()  # by the token's digest

    async def principal(self, presented: Presented) -> Principal | None:
        """Return whom the token names. Raises `NotAuthenticated`, `LoginUnavailable`."""
        token = presented.bearer
        if token is None or not looks_like_jwt(token):
            return None
        digest, now = digest_of(token), self._now()
        known = self._known.get(digest)
        if known is not None:
            if known.expires is not None and known.expires <= now:
                del self._known[digest]
                raise NotAuthenticated("expired", "the token has expired")
            self._known.move_to_end(digest)
            return known
        found = await self._checked(token, now)
        self._known[digest] = found
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found

    async def _checked(self, token: str, now: Ticks) -> Principal:
        trust = self._trust
        claimed = unverified(token, trust)
        key = key_of(await self._keys.key(claimed.issuer, claimed.key_id), claimed.algorithm)
        seconds, nanos = to_unix(now)
        claims = verified(token, claimed, key, trust, seconds + nanos / 1e9)
        identities = identities_of(claims, claimed.issuer)
        expires = claims["exp"]
        until = MAXIMUM if expires > _LAST else later(from_unix(int(expires)), trust.skew)
        return Principal(str(identities[0]), grants_of(identities, self._rules), until)

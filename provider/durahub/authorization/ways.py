"""The ways in that need nothing from outside: static tokens and client certificates."""

from collections.abc import Callable
from functools import partial

from durahub.authorization.presented import Presented
from durahub.authorization.principals import (
    Identity,
    Kind,
    Principal,
    Rule,
    grants_of,
)
from durahub.authorization.static_tokens import Token, find_token
from durahub.errors import NotAuthenticated
from durahub.model.ticks import Ticks


class StaticTokens:
    """Callers that present a static token. *tokens* returns those that count now.

    Where they are *removable*, these may become fewer.
    """

    def __init__(
        self,
        tokens: Callable[[], tuple[Token, ...]],
        rules: tuple[Rule, ...],
        now: Callable[[], Ticks],
        *,
        removable: bool = False,
    ) -> None:
        self._tokens = tokens
        self._rules = rules
        self._now = now
        self._removable = removable

    async def principal(self, presented: Presented) -> Principal | None:
        """Return the caller of a token that is known. Raises `NotAuthenticated` where it has expired."""
        if presented.bearer is None:
            return None
        token = find_token(presented.bearer, self._tokens())
        if token is None:
            return None
        if token.expires is not None and token.expires <= self._now():
            raise NotAuthenticated("expired", f"the token {token.name} has expired")
        identity = Identity(Kind.TOKEN, token.name)
        grants = grants_of([identity], self._rules)
        still_counts = partial(self._has, token.digest) if self._removable else None
        return Principal(str(identity), grants, token.expires, still_counts)

    def _has(self, digest: str) -> bool:
        return any(one.digest == digest for one in self._tokens())


class Certificates:
    """Callers that present nothing but a client certificate."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self._rules = rules

    async def principal(self, presented: Presented) -> Principal | None:
        """Return the caller, if anything is granted to one of the certificate's names."""
        if presented.bearer is not None or not presented.certificate:
            return None
        identities = [Identity(Kind.CERTIFICATE, name) for name in presented.certificate]
        grants = grants_of(identities, self._rules)
        return Principal(str(identities[0]), grants) if grants else None

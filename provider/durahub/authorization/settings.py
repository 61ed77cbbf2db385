"""What a server is told of who may call it, and the rule that it is told something."""

from dataclasses import dataclass
from pathlib import Path

from durahub.authorization.loopback import is_loopback
from durahub.authorization.principals import Rule
from durahub.authorization.trust import (
    AUDIENCES,
    PUBLIC,
    Trust,
    issuer_at,
    issuers_of_tenant,
)
from durahub.errors import OpenToAll


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """Ways in, and what is granted. *tokens* are pairs of a name and the variable with the token.

    *tokens_file* has more of them, by their hashes.
    """

    rules: tuple[Rule, ...] = ()
    tokens: tuple[tuple[str, str], ...] = ()
    tokens_file: Path | None = None
    tenants: tuple[str, ...] = ()
    authority: str = PUBLIC
    issuers: tuple[str, ...] = ()
    audiences: tuple[str, ...] = AUDIENCES
    clock_skew: float = 300.0  # seconds
    open_metrics: bool = False

    @property
    def are_configured(self) -> bool:
        """Whether callers have to say who they are."""
        ways = (self.rules, self.tokens, self.tokens_file, self.tenants, self.issuers)
        return any(ways)

    @property
    def trust(self) -> Trust | None:
        """Which tokens of identity providers count; ``None`` without a provider."""
        of_tenants = (one for t in self.tenants for one in issuers_of_tenant(t, self.authority))
        issuers = (*of_tenants, *(issuer_at(url) for url in self.issuers))
        return Trust(issuers, self.audiences, self.clock_skew) if issuers else None


def check_listening(host: str, auth: AuthSettings, *, anonymous: bool) -> None:
    """Raise `OpenToAll` if other machines would get in without saying who they are."""
    if not (is_loopback(host) or auth.are_configured or anonymous):
        raise OpenToAll(host)

"""What a monitor is told, whatever told it."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from durahub.authorization.static_tokens import Token
from durahub_migrate.alerting.settings import AlertSettings
from durahub_migrate.watching.budget import PER_SECOND
from durahub_migrate.web.settings import WebSettings
from durahub_migrate.web.who.granting import Rule, local_grants
from durahub_migrate.web.who.logins import Logins
from durahub_migrate.web.who.oidc import Oidc
from durahub_migrate.web.who.proxy import Proxy


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitorSettings:
    """All settings; `durahub_migrate.web.configuring.keys` describes those that have an option."""

    sources: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: int = 8083
    budget: float = PER_SECOND
    data: str | None = None
    inputs: bool = False
    hosts: tuple[str, ...] = ()
    allow_actions: bool = False
    require_reason: bool = False
    payloads: bool = True
    anonymous: bool = False
    redact: tuple[str, ...] = ()
    stuck_after: float = 300.0
    prices: str | None = None
    public_url: str | None = None
    tokens: tuple[Token, ...] = ()
    proxy: Proxy | None = None
    oidc: Oidc | None = None
    rules: tuple[Rule, ...] = ()
    alerts: AlertSettings | None = None

    def logins(self, local_name: str) -> Logins:
        """Return the ways in."""
        return Logins(
            rules=self.rules,
            tokens=self.tokens,
            proxy=self.proxy,
            oidc=self.oidc is not None,
            anonymous=self.anonymous,
            local=local_grants(actions=self.allow_actions, payloads=self.payloads),
            local_name=local_name,
        )

    def web(self) -> WebSettings:
        """Return what the web application is told."""
        return WebSettings(
            hosts=(*self.hosts, *([urlsplit(self.public_url).netloc] if self.public_url else [])),
            public_url=self.public_url,
            require_reason=self.require_reason,
            stuck_after=self.stuck_after,
        )

    @property
    def allows_actions(self) -> bool:
        """Whether anybody may do anything."""
        acts = self.allow_actions and not self.logins("").are_configured
        return acts or any(rule.allows - {"read", "payloads", "silence"} for rule in self.rules)

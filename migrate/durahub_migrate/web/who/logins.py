"""Who sends a request: by its token, by the proxy before us, by a session, or because it comes from here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from durahub.authorization.loopback import is_loopback
from durahub.authorization.static_tokens import Token, find_token
from durahub.errors import LoginNeeded, NotLoggedIn
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.access import READ, Grant, User
from durahub_migrate.web.who.granting import Rule, grants_of_person, grants_of_token
from durahub_migrate.web.who.proxy import Proxy

ANONYMOUS = "anonymous"
_FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has logged in at the identity provider."""

    name: str
    groups: tuple[str, ...]
    expires: Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """Which ways in there are. Without tokens, proxy and identity provider, whoever is at this machine is in.

    *local* is what he may do, *local_name* how the audit log calls him. With *anonymous*, everybody may read
    without a login, and do what rules grant to the user ``anonymous``.
    """

    rules: tuple[Rule, ...] = ()
    tokens: tuple[Token, ...] = ()
    proxy: Proxy | None = None
    oidc: bool = False
    anonymous: bool = False
    local: tuple[Grant, ...] = field(default_factory=tuple)
    local_name: str = "local"

    @property
    def are_configured(self) -> bool:
        """Whether anybody has to log in."""
        return bool(self.tokens or self.proxy or self.oidc)

    def check_listening(self, host: str) -> None:
        """Raise `LoginNeeded` if other machines would get in without a login."""
        if not (is_loopback(host) or self.are_configured or self.anonymous):
            raise LoginNeeded(host)


@dataclass(frozen=True, slots=True)
class Sender:
    """What is known of who sends a request. *headers* are by their names in lower case.

    *repeated* are those that are there more than once: one may be the proxy's, another what it was sent.
    """

    address: str | None
    headers: Mapping[str, str]
    session: Person | None = None
    repeated: frozenset[str] = frozenset()


def who_sends(sender: Sender, logins: Logins, now: Callable[[], Ticks]) -> User:
    """Return the user. Raises `NotLoggedIn`."""
    for name in ("authorization", *(logins.proxy.headers if logins.proxy is not None else ())):
        if name in sender.repeated:
            raise NotLoggedIn(f"the header {name} is there more than once")
    scheme, _, given = sender.headers.get("authorization", "").partition(" ")
    if scheme.casefold() == "bearer":
        return _by_token(given.strip(), logins, now())
    if logins.proxy is not None and logins.proxy.trusts(sender.address):
        named = logins.proxy.named(sender.headers)
        if named is not None:
            name, groups = named
            return User(name, "proxy", grants_of_person(logins.rules, name, groups))
    if sender.session is not None and sender.session.expires > now():
        person = sender.session
        return User(person.name, "oidc", grants_of_person(logins.rules, person.name, person.groups))
    if not logins.are_configured and _is_here(sender):
        return User(logins.local_name, "loopback", logins.local)
    if logins.anonymous:
        granted = tuple(
            grant for rule in logins.rules if ANONYMOUS in rule.users for grant in rule.grants()
        )
        return User(ANONYMOUS, ANONYMOUS, granted or (Grant("*", frozenset({READ})),))
    if sender.session is not None:
        raise NotLoggedIn("the session has ended")
    if not logins.are_configured:
        raise NotLoggedIn("only requests of this machine itself come in without a login")
    raise NotLoggedIn("the request names nobody")


def _by_token(given: str, logins: Logins, now: Ticks) -> User:
    token = find_token(given, logins.tokens)
    if token is None:
        raise NotLoggedIn("there is no such token")
    if token.expires is not None and token.expires <= now:
        raise NotLoggedIn(f"the token {token.name} has expired")
    return User(token.name, "token", grants_of_token(logins.rules, token.name))


def _is_here(sender: Sender) -> bool:
    """Tell whether a request was made at this machine, and not passed on for another one."""
    if sender.address is None or not is_loopback(sender.address):
        return False
    return not any(header in sender.headers for header in _FORWARDED)

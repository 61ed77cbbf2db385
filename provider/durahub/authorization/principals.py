"""Who a caller is, and what is granted to it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum
from fnmatch import fnmatchcase

from durahub.authorization.requirements import Needs
from durahub.authorization.roles import Role
from durahub.model.ticks import Ticks

EVERY_HUB = "*"


class Kind(Enum):
    """What a grant may be made to, by the word that settings have for it."""

    TOKEN = "token"  # noqa: S105 (a name)
    """A static token, by its name."""
    OBJECT = "object"
    """A user, service principal or managed identity of Entra ID, by its object ID."""
    APP = "app"
    """An application of Entra ID, by its client ID."""
    GROUP = "group"
    """A group of Entra ID, by its object ID."""
    APP_ROLE = "app-role"
    """An app role that the token tells."""
    SUBJECT = "subject"
    """The claim ``sub``, of an identity provider that knows neither of these."""
    CERTIFICATE = "certificate"
    """A client certificate, by its common name or by a name for which it stands (SAN)."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One of the things that a caller is: ``Identity(Kind.TOKEN, "ci")``. Case counts in names only."""

    kind: Kind
    name: str

    def __str__(self) -> str:
        """Return it as settings have it: ``token:ci``."""
        return f"{self.kind.value}:{self.name}"


@dataclass(frozen=True, slots=True)
class Grant:
    """A role on the hubs whose names fit a pattern: a name, or one with ``*`` and ``?``."""

    role: Role
    hub: str

    def covers(self, hub: str) -> bool:
        """Tell whether the hub is one of them; case does not matter."""
        return fnmatchcase(hub.casefold(), self.hub.casefold())


@dataclass(frozen=True, slots=True)
class Rule:
    """Grants made to an identity."""

    to: Identity
    grants: tuple[Grant, ...]


@dataclass(frozen=True, slots=True)
class Principal:
    """A caller that is known. *name* is told in logs.

    *still_counts* tells whether what it has presented does, where that may end while the server runs.
    """

    name: str
    grants: tuple[Grant, ...]
    expires: Ticks | None = None
    still_counts: Callable[[], bool] | None = field(default=None, compare=False, repr=False)

    def may(self, needs: Needs, hub: str) -> bool:
        """Tell whether a role of the caller on *hub* is enough for a call that needs one of *needs*."""
        return any(grant.role.allows(needs) and grant.covers(hub) for grant in self.grants)

    def may_everywhere(self, needs: Needs) -> bool:
        """Tell the same of a call that concerns all hubs."""
        return any(grant.role.allows(needs) and grant.hub == EVERY_HUB for grant in self.grants)


def grants_of(identities: Iterable[Identity], rules: Iterable[Rule]) -> tuple[Grant, ...]:
    """Return what is granted to a caller that is all of *identities*."""
    known = frozenset(identities)
    found = (grant for rule in rules if rule.to in known for grant in rule.grants)
    return tuple(dict.fromkeys(found))

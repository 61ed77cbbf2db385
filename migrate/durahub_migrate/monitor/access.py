"""Who may do what: grants by hub and action, and what is noted of what was done."""

from dataclasses import dataclass
from fnmatch import fnmatchcase

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.actions import Verb

READ = "read"
SILENCE = "silence"  # say that nobody is told of alerts for a time
PAYLOADS = "payloads"  # inputs, outputs, states, custom statuses
ALL = "*"


@dataclass(frozen=True, slots=True)
class Grant:
    """What somebody may do at the hubs whose keys match *hubs* (``*`` and ``?`` as in file names).

    *allows* are ``read``, ``payloads``, ``silence`` and values of `Verb`; ``*`` is everything.
    """

    hubs: str
    allows: frozenset[str]


@dataclass(frozen=True, slots=True)
class User:
    """Who asks. *via* is ``loopback``, ``token``, ``proxy`` or ``oidc``."""

    name: str
    via: str
    grants: tuple[Grant, ...] = ()

    def may(self, what: "str | Verb", hub: str) -> bool:
        """Tell whether the user may do *what* at the hub of that key."""
        wanted = what.value if isinstance(what, Verb) else what
        return any(_covers(one, wanted, hub) for one in self.grants)

    def may_any(self, hub: str) -> frozenset[str]:
        """Return everything that the user may do at a hub."""
        every = {READ, PAYLOADS, SILENCE, *(verb.value for verb in Verb)}
        return frozenset(one for one in every if self.may(one, hub))


def _covers(grant: Grant, wanted: str, hub: str) -> bool:
    return bool(grant.allows & {wanted, ALL}) and fnmatchcase(hub.casefold(), grant.hubs.casefold())


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Something that was tried: written before it is done, and again with its *result*.

    *arguments* are without payloads: their sizes alone. *result* is ``tried``, ``done``, ``refused`` or
    ``failed``.
    """

    at: Ticks
    user: str
    via: str
    verb: str
    hub: str
    target: str
    result: str
    reason: str | None = None
    sentence: str | None = None
    job: str | None = None
    request_id: str | None = None

r"""Grants as settings have them: ``ROLE on HUB[,HUB…] to KIND:NAME``.

::

    worker on orders,billing-* to app:00000000-0000-0000-0000-000000000000
    reader on * to token:grafana
    contributor on orders to certificate:CN=ops

Hubs are names, or patterns with ``*`` and ``?``. IDs of Entra ID are compared without regard to case.
"""

import re

from durahub.authorization.principals import Grant, Identity, Kind, Rule
from durahub.authorization.roles import Role

EXPECTED = (
    "ROLE on HUB[,HUB…] to KIND:NAME, such as 'worker on orders-* to token:ci'; a role is one of "
    f"{', '.join(role.value for role in Role)}, a kind one of {', '.join(kind.value for kind in Kind)}"
)
_TEXT = re.compile(r"(\S+)\s+on\s+(.+?)\s+to\s+([^\s:]+):(.+)", re.IGNORECASE | re.DOTALL)
_HUB = re.compile(r"[A-Za-z0-9*?-]{1,63}", re.ASCII)
_OF_ENTRA = (Kind.OBJECT, Kind.APP, Kind.GROUP)


def rule_of(text: str) -> Rule:
    """Return the rule that *text* is. Raises `ValueError`."""
    found = _TEXT.fullmatch(text.strip())
    if found is None:
        raise ValueError(EXPECTED)
    hubs = [hub.strip() for hub in found[2].split(",")]
    if not all(_HUB.fullmatch(hub) for hub in hubs):
        raise ValueError(EXPECTED)
    try:
        role, kind = Role(found[1].lower()), Kind(found[3].lower())
    except ValueError:
        raise ValueError(EXPECTED) from None
    return Rule(identity_of(kind, found[4].strip()), tuple(Grant(role, hub) for hub in hubs))


def identity_of(kind: Kind, name: str) -> Identity:
    """Return an identity in the one spelling that is compared."""
    if kind in _OF_ENTRA:
        return Identity(kind, name.lower())
    if kind is Kind.CERTIFICATE:
        return Identity(kind, re.sub(r"^CN=", "", name, flags=re.IGNORECASE))
    return Identity(kind, name)

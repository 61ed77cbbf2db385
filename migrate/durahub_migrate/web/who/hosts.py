"""By which names the monitor may be called.

A page of somebody else can give its own name the address of this machine (DNS rebinding): the browser then
takes the monitor for a part of that page. Its requests still carry the foreign name in ``Host``. So every
name but the known ones is refused; an IP address is no name, and cannot be given to anybody.
"""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from durahub.authorization.loopback import is_loopback

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
ANY = "*"


def name_of(host: str) -> str:
    """Return the name in a ``Host`` header, without its port and brackets; empty if it is none."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def is_known(host: str, known: Iterable[str], *, addresses: bool) -> bool:
    """Tell whether a ``Host`` header names this monitor.

    *known* are further names, ``*`` any; with *addresses* an IP address will do.
    """
    name = name_of(host)
    if not name:
        return False
    if name in LOOPBACK_NAMES or is_loopback(name) or name.endswith(".localhost"):
        return True
    if any(one == ANY or name_of(one) == name for one in known):
        return True
    if not addresses:
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def is_same_origin(origin: str, host: str) -> bool:
    """Tell whether an ``Origin`` header names the host and port that the request was sent to."""
    try:
        return urlsplit(origin).netloc.casefold() == host.casefold()
    except ValueError:
        return False

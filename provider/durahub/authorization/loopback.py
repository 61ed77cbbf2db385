"""Which addresses only this machine reaches, and which may be asked for keys."""

import ipaddress
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Tell whether listening on *host* is listening to this machine alone."""
    if host.casefold() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_safe(url: str) -> bool:
    """Tell whether keys may be fetched from there: over TLS, or from this machine itself."""
    if not url.isprintable():
        return False  # what `urlsplit` leaves out unseen, others would send
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return bool(host) and (
        parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))
    )

"""The proxy on the way to storage, if there is to be one."""

from collections.abc import Callable
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

ProxyOf = Callable[[str], str | None]
"""Returns the address of the proxy for a URL, ``None`` for the straight way."""


def no_proxy(url: str) -> None:
    """Return the straight way, whatever the environment says."""


def proxy_of_environment(url: str) -> str | None:
    """Return what ``HTTPS_PROXY`` or ``HTTP_PROXY`` names, or the system's settings; see ``NO_PROXY``."""
    parts = urlsplit(url)
    if proxy_bypass(parts.netloc):
        return None
    return getproxies().get(parts.scheme)

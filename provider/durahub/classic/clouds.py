"""The clouds of Azure: what the names of storage services end with, and who issues tokens.

Storage's tokens are for ``https://storage.azure.com`` in all of them.
"""

from dataclasses import dataclass

from durahub.errors import BadSetting

SERVICES = ("blob", "queue", "table")


@dataclass(frozen=True, slots=True)
class Cloud:
    """A cloud. Without an ``authority`` it is the environment's (``AZURE_AUTHORITY_HOST``)."""

    suffix: str
    authority: str | None = None


CLOUDS = {
    "public": Cloud("core.windows.net", "https://login.microsoftonline.com"),
    "china": Cloud("core.chinacloudapi.cn", "https://login.chinacloudapi.cn"),
    "usgov": Cloud("core.usgovcloudapi.net", "https://login.microsoftonline.us"),
}


def cloud_named(text: str) -> Cloud:
    """Return the cloud of that name, or with that suffix (``core.example.net``). Raises `BadSetting`."""
    name = text.strip().lower().rstrip("/.")
    if name in CLOUDS:
        return CLOUDS[name]
    if "." not in name or "/" in name or " " in name:
        expected = f"{', '.join(CLOUDS)}, or a suffix such as core.example.net"
        raise BadSetting("store.cloud", text, expected)
    return cloud_of(name) or Cloud(name)


def cloud_of(host: str) -> Cloud | None:
    """Return the cloud that a service's host name is of; ``None``: none that is known."""
    return next((c for c in CLOUDS.values() if f".{host.lower()}".endswith(f".{c.suffix}")), None)


def account_of(host: str) -> tuple[str, str] | None:
    """Return account and suffix of ``shop.queue.core.windows.net``; ``None`` for another host name.

    A name in a DNS zone of its own (``shop.z01.queue.storage.azure.net``) has the zone in the account.
    """
    for service in SERVICES:
        account, separator, suffix = host.lower().partition(f".{service}.")
        if separator and account and "." in suffix:
            return account, suffix
    return None

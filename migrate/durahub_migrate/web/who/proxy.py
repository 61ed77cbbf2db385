"""A trusted proxy in front of the monitor, which has logged people in and says who they are."""

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Which headers name the user and his groups (separated by commas), and from which addresses."""

    header: str
    groups_header: str | None
    networks: tuple[Network, ...]

    @property
    def headers(self) -> tuple[str, ...]:
        """The headers that are believed, in lower case."""
        return tuple(one for one in (self.header, self.groups_header) if one is not None)

    def trusts(self, address: str | None) -> bool:
        """Tell whether a request from that address may name its user."""
        if address is None:
            return False
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        return any((mapped or found) in network for network in self.networks)

    def named(self, headers: Mapping[str, str]) -> tuple[str, tuple[str, ...]] | None:
        """Return the user and the groups that the headers name; ``None`` without a user."""
        name = headers.get(self.header, "").strip()
        if not name:
            return None
        listed = headers.get(self.groups_header, "") if self.groups_header else ""
        return name, tuple(group for group in re.split(r"\s*,\s*", listed.strip()) if group)


def networks(texts: Iterable[str]) -> tuple[Network, ...]:
    """Return addresses and networks such as ``10.0.0.0/8``. Raises `ValueError`."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in texts)

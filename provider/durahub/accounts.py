"""Storage accounts by their addresses, with what settings say of the way to them."""

import os
import re
from dataclasses import dataclass, field
from typing import Any

from durahub.address import StoreAddress, StoreKind
from durahub.classic.account import Account, MakeTransport
from durahub.classic.app_settings import AppSettings
from durahub.classic.clouds import Cloud, cloud_named
from durahub.classic.connection import Connection, account_endpoints, check_key, parse
from durahub.classic.identity import Identity
from durahub.classic.named_connection import named_connection
from durahub.classic.proxies import ProxyOf, no_proxy, proxy_of_environment
from durahub.classic.transport import CountedTransport
from durahub.errors import BadAddress

_COMMAND = "the command"  # where a connection string was found that no setting has
# With a name in a DNS zone of its own the zone belongs to it: shop.z01
_ACCOUNT = re.compile(r"[a-z0-9]{3,24}(\.z[0-9]{1,2})?", re.ASCII)
DEFAULT_PREFIX = "DurableTask"
"""What the names of a tracking store's tables begin with where nothing is said; DTFx's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The way to accounts: settings in which connections are, the identity and the cloud of ``storage:``.

    With ``use_proxy`` the environment names a proxy. ``tracking`` is where tables and blobs are, if that is
    another account.
    """

    app_settings: AppSettings = field(default_factory=lambda: AppSettings(os.environ))
    identity: Identity = field(default_factory=Identity)
    cloud: str = "public"
    use_proxy: bool = False
    tracking: StoreAddress | None = None
    tracking_prefix: str | None = None

    @property
    def proxy_of(self) -> ProxyOf:
        """What tells of the proxy for an address."""
        return proxy_of_environment if self.use_proxy else no_proxy

    @property
    def prefix(self) -> str | None:
        """What the names of History and Instances begin with; ``None``: the hub's name."""
        return self.tracking_prefix or (DEFAULT_PREFIX if self.tracking is not None else None)


def account_at(
    address: StoreAddress | str,
    access: Access,
    *,
    make_transport: MakeTransport = CountedTransport,
) -> Account:
    """Return the account at *address*, or of a connection string; nothing is asked over the network.

    Raises `BadAddress`, `BadConnectionString` and `BadSetting`.
    """
    tracking = None
    way: dict[str, Any] = {"proxy_of": access.proxy_of, "make_transport": make_transport}
    if access.tracking is not None:
        tracking = Account.at(_connection(access.tracking, access, tracking=True), **way)
    if isinstance(address, str):
        found = Account.from_connection_string(address, _COMMAND, **way)
        found.tracking = tracking
        return found
    return Account.at(_connection(address, access), tracking=tracking, **way)


def check_connection(
    address: StoreAddress | str, access: Access, *, tracking: bool = False
) -> None:
    """Raise what `account_at` raises, and `BadConnectionString` for a key that no account in Azure has."""
    if isinstance(address, str):
        check_key(parse(address, _COMMAND), _COMMAND)
    else:
        found = _connection(address, access, tracking=tracking)
        check_key(found, f"the environment variable {address.place}")


def _connection(address: StoreAddress, access: Access, *, tracking: bool = False) -> Connection:
    cloud = cloud_named(access.cloud)
    match address.kind:
        case StoreKind.ENVIRONMENT:
            return named_connection(
                address.place, access.app_settings, cloud, access.identity, tracking=tracking
            )
        case StoreKind.STORAGE:
            return _in_azure(address.place, access.identity, cloud)
    raise BadAddress(str(address), "an account is env:VARIABLE or storage:ACCOUNT")


def _in_azure(account: str, identity: Identity, cloud: Cloud) -> Connection:
    if _ACCOUNT.fullmatch(account) is None:
        raise BadAddress(f"storage:{account}", "what follows storage: is the name of an account")
    endpoints = account_endpoints(account, cloud.suffix)
    return Connection(account, endpoints, identity.issued_by(cloud.authority))

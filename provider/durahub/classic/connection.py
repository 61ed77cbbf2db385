"""Connection strings of a storage account: where its services are, and who may ask them.

Forms: ``UseDevelopmentStorage=true``; ``AccountName=…;AccountKey=…`` with an optional
``EndpointSuffix`` (of another cloud) or explicit endpoints (custom domains, private endpoints); explicit
endpoints, or an ``AccountName``, with a ``SharedAccessSignature``. Secondary endpoints are not used.
"""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from durahub.classic.clouds import CLOUDS, SERVICES, account_of, cloud_of
from durahub.classic.identity import Identity
from durahub.errors import BadConnectionString

SUFFIX = CLOUDS["public"].suffix
EMULATOR_ACCOUNT = "devstoreaccount1"
# The emulator's published key: the same everywhere, protects nothing.
EMULATOR_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)
AZURE_KEY_BYTES = 64
_EMULATOR_PORTS = {"blob": 10000, "queue": 10001, "table": 10002}


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of an account's services, without a slash at the end and without a query."""

    blob: str
    queue: str
    table: str


@dataclass(frozen=True, slots=True)
class AccountKey:
    """The account's name and its key in Base64."""

    account: str
    key: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SharedAccess:
    """A shared access signature, as the query text without its question mark."""

    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Connection:
    """An account and the way to it. ``account`` names it in messages."""

    account: str
    endpoints: Endpoints
    access: AccountKey | SharedAccess | Identity


def account_endpoints(account: str, suffix: str = SUFFIX, scheme: str = "https") -> Endpoints:
    """Return the addresses of an account in Azure."""
    return Endpoints(*(f"{scheme}://{account}.{service}.{suffix}" for service in SERVICES))


def parse(text: str, where: str, services: Sequence[str] = SERVICES) -> Connection:
    """Return what the connection string *text* says; *where* it came from is named in errors.

    Addresses of other than *services* may be missing. Raises `BadConnectionString`, which never shows
    the text.
    """
    settings = _settings(text, where)
    if settings.get("usedevelopmentstorage", "").lower() == "true":
        return _emulator(settings, where)
    account = settings.get("accountname", "")
    endpoints = _endpoints(settings, account, where, services)
    access = _access(settings, account, where)
    return Connection(account or _host(endpoints.queue or endpoints.table), endpoints, access)


def _settings(text: str, where: str) -> dict[str, str]:
    settings: dict[str, str] = {}
    for part in text.strip().strip(";").split(";"):
        name, separator, value = part.partition("=")
        if not separator or not name.strip():
            problem = "it is empty" if not text.strip() else "it is not Name=Value;Name=Value;…"
            raise BadConnectionString(where, problem)
        settings[name.strip().lower()] = value.strip()
    return settings


def _emulator(settings: dict[str, str], where: str) -> Connection:
    base = settings.get("developmentstorageproxyuri", "http://127.0.0.1").rstrip("/")
    _check_url(base, "DevelopmentStorageProxyUri", where)
    urls = (f"{base}:{_EMULATOR_PORTS[service]}/{EMULATOR_ACCOUNT}" for service in SERVICES)
    access = AccountKey(EMULATOR_ACCOUNT, EMULATOR_KEY)
    return Connection(EMULATOR_ACCOUNT, Endpoints(*urls), access)


def _endpoints(
    settings: dict[str, str], account: str, where: str, services: Sequence[str]
) -> Endpoints:
    default = None
    if account:
        scheme = settings.get("defaultendpointsprotocol", "https")
        default = account_endpoints(account, settings.get("endpointsuffix", SUFFIX), scheme)
    urls = []
    for service in SERVICES:
        name = f"{service.capitalize()}Endpoint"
        url = settings.get(name.lower())
        if url is None and default is None and service not in services:
            urls.append("")
            continue
        if url is None:
            if default is None:
                raise BadConnectionString(where, f"it has neither AccountName nor {name}")
            url = getattr(default, service)
        _check_url(url, name, where)
        urls.append(url.rstrip("/"))
    return Endpoints(*urls)


def _access(settings: dict[str, str], account: str, where: str) -> AccountKey | SharedAccess:
    key = settings.get("accountkey")
    if key:
        if not account:
            raise BadConnectionString(where, "it has an AccountKey but no AccountName")
        try:
            base64.b64decode(key, validate=True)
        except (binascii.Error, ValueError):
            raise BadConnectionString(where, "its AccountKey is not Base64") from None
        return AccountKey(account, key)
    token = settings.get("sharedaccesssignature", "").lstrip("?")
    if not token:
        raise BadConnectionString(where, "it has neither AccountKey nor SharedAccessSignature")
    return SharedAccess(token)


def check_key(found: Connection, where: str) -> None:
    """Raise `BadConnectionString` for a key of another length than Azure's: no account there has such a one.

    Emulators take keys of any length.
    """
    if not isinstance(found.access, AccountKey):
        return
    host = urlsplit(found.endpoints.queue or found.endpoints.table).hostname or ""
    size = len(base64.b64decode(found.access.key))
    if cloud_of(host) is not None and size != AZURE_KEY_BYTES:
        problem = f"its AccountKey has {size} bytes, and those of Azure have {AZURE_KEY_BYTES}"
        raise BadConnectionString(where, problem)


def _check_url(url: str, name: str, where: str) -> None:
    if not is_web_address(url) or urlsplit(url).query:
        raise BadConnectionString(where, f"its {name} is not an http or https address")


def is_web_address(url: str) -> bool:
    """Tell whether *url* is an http or https address with a host that can be told."""
    if not url.isprintable():
        return False  # what `urlsplit` leaves out unseen, others would send
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False  # brackets that are no IPv6 address, a port that is no number


def _host(url: str) -> str:
    """Return what names the account: its own name, if the address is Azure's."""
    host = urlsplit(url).hostname or url
    found = account_of(host)
    return found[0] if found is not None else host

"""A storage connection by the name of a setting: a connection string, or parts of one with an identity.

``NAME__accountName``, or ``NAME__blobServiceUri``, ``NAME__queueServiceUri`` and ``NAME__tableServiceUri``;
then ``NAME__credential``, ``NAME__clientId``, ``NAME__tenantId``, ``NAME__managedIdentityResourceId`` and
``NAME__clientSecret``, as Functions apps have them. Source: the extension's
``StorageServiceClientProvider.cs``; the ``AzureComponentFactory`` of Microsoft.Extensions.Azure.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from durahub.classic.app_settings import AppSettings
from durahub.classic.clouds import SERVICES, Cloud, account_of, cloud_of
from durahub.classic.connection import (
    Connection,
    Endpoints,
    account_endpoints,
    is_web_address,
    parse,
)
from durahub.classic.identity import Identity, check_credential
from durahub.errors import BadConnectionString

_CREDENTIAL = "credential"


def named_connection(
    name: str,
    settings: AppSettings,
    cloud: Cloud,
    identity: Identity | None = None,
    *,
    tracking: bool = False,
) -> Connection:
    """Return the connection that *settings* describe under *name*.

    *identity* is whose it is where they do not say.

    A *tracking* store needs no queue service. Raises `BadConnectionString`.
    """
    where = f"the environment variable {name}"
    needed = [service for service in SERVICES if service != "queue" or not tracking]
    text = settings.get(name)
    parts = {key: value for key, (_, value) in settings.below(name).items() if value}
    text = text or parts.get("connectionstring")
    if text:
        return parse(text, where, needed)
    if not parts:
        problem = "it is not set" if text is None else "it is empty"
        raise BadConnectionString(where, problem, is_missing=True)
    where = f"the settings {name}__…"
    endpoints = _endpoints(parts, cloud, needed, where)
    if not is_web_address(endpoints.table):
        raise BadConnectionString(where, "accountName is no name of an account")
    host = urlsplit(endpoints.table).hostname or ""
    found = account_of(host)
    account = parts.get("accountname") or (found[0] if found else host)
    authority = (cloud_of(host) or cloud).authority
    told = _identity(parts, where)
    if told == Identity() and identity is not None:
        told = identity
    return Connection(account, endpoints, told.issued_by(authority))


def _endpoints(parts: Mapping[str, str], cloud: Cloud, needed: list[str], where: str) -> Endpoints:
    given = {service: parts.get(f"{service}serviceuri", "").rstrip("/") for service in SERVICES}
    for service, url in given.items():
        if url and not is_web_address(url):
            raise BadConnectionString(where, f"{service}ServiceUri is not an https address")
    derived = _derived(parts, given, cloud)
    missing = [s for s in needed if not given[s] and derived is None]
    if missing:
        names = " and ".join(f"{service}ServiceUri" for service in missing)
        raise BadConnectionString(where, f"{names} must be set as well, or accountName")
    return Endpoints(*(given[s] or (getattr(derived, s) if derived else "") for s in SERVICES))


def _derived(parts: Mapping[str, str], given: Mapping[str, str], cloud: Cloud) -> Endpoints | None:
    """Return what the account's name tells of all services, be it by the address of one of them."""
    if parts.get("accountname"):
        return account_endpoints(parts["accountname"], cloud.suffix)
    for url in given.values():
        found = account_of(urlsplit(url).hostname or "")
        if found is not None:
            return account_endpoints(*found)
    return None


def _identity(parts: Mapping[str, str], where: str) -> Identity:
    """Return the identity; as with Functions, a complete application with a secret is taken as one."""
    is_application = all(parts.get(name) for name in ("clientid", "tenantid", "clientsecret"))
    credential = "client-secret" if is_application else "default"
    if parts.get("clientcertificate") and not is_application:
        problem = "clientCertificate is not supported; credential = environment takes a certificate"
        raise BadConnectionString(where, problem)
    if parts.get(_CREDENTIAL):
        credential = check_credential(parts[_CREDENTIAL])
    return Identity(
        credential=credential,
        client_id=parts.get("clientid"),
        tenant_id=parts.get("tenantid"),
        resource_id=parts.get("managedidentityresourceid"),
        client_secret=parts.get("clientsecret"),
    )

"""What commands present to a server that asks who calls: told by the environment, for it is secret.

``DURAHUB_TOKEN`` is a static token; ``DURAHUB_TOKEN_SCOPE`` what a token of Entra ID is asked for instead,
for a server that is not the service in Azure. ``DURAHUB_CA_FILE`` has the authorities that the server's
certificate may be signed by, ``DURAHUB_CLIENT_CERT`` and ``DURAHUB_CLIENT_KEY`` our own: PEM files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import grpc

from durahub.authorization.loopback import is_safe
from durahub.errors import BadSetting
from durahub_migrate.endpoint.tokens import scope_of

TOKEN = "DURAHUB_TOKEN"  # noqa: S105 (a name)
SCOPE = "DURAHUB_TOKEN_SCOPE"
CA_FILE = "DURAHUB_CA_FILE"
CLIENT_CERT = "DURAHUB_CLIENT_CERT"
CLIENT_KEY = "DURAHUB_CLIENT_KEY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presenting:
    """What is presented, ``None`` where nothing is. *scope* is that of a token of Entra ID."""

    token: str | None = field(default=None, repr=False)
    scope: str | None = None
    ca_file: Path | None = None
    certificate: Path | None = None
    key: Path | None = None

    def scope_for(self, url: str) -> str | None:
        """Return what a token is asked for at *url*; the service in Azure has scopes of its own."""
        return scope_of(url) or (self.scope if self.token is None else None)

    def static_token_for(self, url: str) -> str | None:
        """Return the static token for *url*: the service in Azure never gets it.

        Raises `BadSetting` where it would travel in the clear.
        """
        if self.token is None or scope_of(url) is not None:
            return None
        if not is_safe(url):
            raise BadSetting(
                TOKEN, "a token", f"an endpoint with https, which {_host(url)} has not"
            )
        return self.token

    def channel_credentials(self) -> grpc.ChannelCredentials:
        """Return what TLS is spoken with. Raises `BadSetting`."""
        return grpc.ssl_channel_credentials(  # type: ignore[no-untyped-call, no-any-return]
            _bytes(CA_FILE, self.ca_file),
            _bytes(CLIENT_KEY, self.key),
            _bytes(CLIENT_CERT, self.certificate),
        )


def presenting_of(environ: Mapping[str, str]) -> Presenting:
    """Read the environment. Raises `BadSetting`."""

    def path(name: str) -> Path | None:
        return Path(environ[name]) if environ.get(name) else None

    if bool(environ.get(CLIENT_CERT)) != bool(environ.get(CLIENT_KEY)):
        raise BadSetting(CLIENT_CERT, "one file", f"both {CLIENT_CERT} and {CLIENT_KEY}")
    return Presenting(
        token=environ.get(TOKEN, "").strip() or None,
        scope=environ.get(SCOPE, "").strip() or None,
        ca_file=path(CA_FILE),
        certificate=path(CLIENT_CERT),
        key=path(CLIENT_KEY),
    )


def _bytes(name: str, file: Path | None) -> bytes | None:
    try:
        return file.read_bytes() if file is not None else None
    except OSError as error:
        raise BadSetting(name, str(file), f"a readable PEM file ({error.strerror})") from None


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or "this one"
    except ValueError:
        return "this one"  # brackets that are no IPv6 address

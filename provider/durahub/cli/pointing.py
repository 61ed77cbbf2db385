"""How an app is pointed at a server: its endpoint, a connection string where one will do, what else it needs.

A connection string says how an app gets a token of Entra ID, or that it has none; no SDK takes a static
token or a client certificate from one. Where an app has an identity, .NET sends its token, and JavaScript
and Java connect at all, over TLS alone; with ``Authentication=None`` JavaScript and Java never speak TLS.
Sources: ``DurableTaskSchedulerClientOptions`` of durabletask-dotnet and durabletask-java, ``options.ts`` of
durabletask-js, ``client.py`` of durabletask-azuremanaged. How each passes what: ``docs/security.md``.
"""

from dataclasses import dataclass

from durahub.configuration.settings import Settings
from durahub.edge.connection import ConnectionString

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 (compared with)
HERE = ("127.0.0.1", "::1", *EVERYWHERE)
MORE = "docs/security.md"


@dataclass(frozen=True, slots=True)
class Pointers:
    """Where a server is, the connection strings of its hubs, none where none lets an app in, and hints."""

    endpoint: str
    strings: tuple[str, ...]
    hints: tuple[str, ...]


def pointers(settings: Settings, port: int) -> Pointers:
    """Return how apps are pointed at the gRPC port of a server with *settings*."""
    endpoint = url(settings, port)
    authentication = _authentication(settings)
    strings: tuple[str, ...] = ()
    if authentication is not None:
        strings = tuple(
            str(ConnectionString(endpoint, hub, authentication)) for hub in settings.hubs
        )
    return Pointers(endpoint, strings, tuple(_hints(settings, authentication)))


def url(settings: Settings, port: int) -> str:
    """Return the address of a *port*, as somebody on this machine reaches it; without a slash."""
    host = "localhost" if settings.host in HERE else settings.host
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if settings.tls else 'http'}://{shown}:{port}"


def _authentication(settings: Settings) -> str | None:
    """Return what a connection string says of it; ``None`` where what it can say lets nobody in."""
    if settings.client_ca is not None:
        return None  # and the gRPC port takes no connection without a certificate
    if settings.auth.tenants:
        return "DefaultAzure"
    return None if settings.auth.are_configured else "None"


def _hints(settings: Settings, authentication: str | None) -> list[str]:
    auth, found = settings.auth, []
    if settings.client_ca is not None:
        found.append(
            "Each app shows a client certificate, which no connection string has: give its SDK a channel "
            f"of its own ({MORE})."
        )
    if auth.tokens or auth.tokens_file is not None:
        found.append(
            "A static token is in no connection string: an app passes it as its credential, or in the "
            f"header 'authorization' ({MORE})."
        )
    if auth.issuers:
        found.append(f"An app gets its token from its identity provider itself ({MORE}).")
    if settings.tls is None and authentication == "DefaultAzure":
        found.append(
            "This port speaks no TLS, without which .NET, JavaScript and Java pass no token of Entra ID: "
            "give their apps the https:// address of what stands in front of it."
        )
    if settings.tls is not None and authentication == "None":
        found.append(
            "JavaScript and Java speak no TLS with Authentication=None: give their apps a channel of "
            f"their own ({MORE})."
        )
    if settings.host in EVERYWHERE:
        found.append("On another machine write this one's name for localhost.")
    return found

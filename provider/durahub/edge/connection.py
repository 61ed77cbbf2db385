"""Connection strings of the scheduler protocol, as the SDKs read them, and ``dts:`` addresses.

::

    Endpoint=http://localhost:8080;TaskHub=default;Authentication=None

Pairs are separated by ``;``, a key ends at the first ``=``, case does not matter in keys. Java is strict
about the case, so what is written here has the spelling above. Python takes no such string but its
parts. There is no secret in one: it names a kind of identity, and a static token has no place in it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from durahub.errors import BadAddress, BadConnectionString

DEFAULT_HUB = "default"

AUTHENTICATIONS = (
    "None",
    "DefaultAzure",
    "ManagedIdentity",
    "WorkloadIdentity",
    "Environment",
    "AzureCli",
    "AzurePowerShell",
    "VisualStudio",
    "VisualStudioCode",
    "InteractiveBrowser",
    "IntelliJ",
)
OPTIONS = (
    "ClientID",
    "TenantId",
    "TokenFilePath",
    "AdditionallyAllowedTenants",
    "ResourceId",
    "AuthorityHost",
)

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class ConnectionString:
    """Where a hub is served. ``endpoint`` has a scheme, ``http`` or ``https``, and no path."""

    endpoint: str
    task_hub: str = DEFAULT_HUB
    authentication: str = "None"
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        """Return the string that every SDK accepts."""
        pairs = {
            "Endpoint": self.endpoint,
            "TaskHub": self.task_hub,
            "Authentication": self.authentication,
            **self.options,
        }
        return ";".join(f"{key}={value}" for key, value in pairs.items())

    @property
    def secure(self) -> bool:
        """Whether TLS is spoken."""
        return self.endpoint.startswith("https:")

    @property
    def target(self) -> str:
        """The host and port for a gRPC channel, e.g. ``localhost:8080``."""
        parts = urlsplit(self.endpoint)
        return parts.netloc if parts.port is not None else f"{parts.netloc}:{_PORTS[parts.scheme]}"


def parse(text: str, where: str) -> ConnectionString:
    """Read a connection string that was found in *where*. Raises `BadConnectionString`.

    A missing ``TaskHub`` is the hub ``default``, as in the DTFx provider; unknown keys are refused.
    """
    values = _pairs(text, where)
    try:
        endpoint = _endpoint(values.pop("Endpoint"))
        authentication = _spelled(values.pop("Authentication"), AUTHENTICATIONS)
    except KeyError as missing:
        raise BadConnectionString(where, f"{missing.args[0]} is missing") from None
    except ValueError as error:
        raise BadConnectionString(where, str(error)) from None
    if authentication is None:
        raise BadConnectionString(where, f"Authentication is none of {', '.join(AUTHENTICATIONS)}")
    return ConnectionString(
        endpoint=endpoint,
        task_hub=values.pop("TaskHub", DEFAULT_HUB),
        authentication=authentication,
        options=values,
    )


def from_address(address: str) -> ConnectionString:
    """Read ``dts:ENDPOINT/NAME``, the hub after the last slash. Raises `BadAddress`.

    Without a scheme the endpoint is ``https``, but ``http`` on this machine: ``dts:localhost:8080/default``.
    """
    endpoint, slash, hub = address.removeprefix("dts:").rpartition("/")
    if not address.startswith("dts:") or not slash or not hub or not endpoint.rstrip("/:"):
        raise BadAddress(address, "expected dts:ENDPOINT/NAME")
    local = endpoint.split(":")[0] in ("localhost", "127.0.0.1")
    try:
        return ConnectionString(
            endpoint=_endpoint(f"http://{endpoint}" if local else endpoint), task_hub=hub
        )
    except ValueError as error:
        raise BadAddress(address, str(error)) from None


def _pairs(text: str, where: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in text.split(";"))):
        key, equals, value = (part.strip() for part in pair.partition("="))
        if not equals or not value:
            # Never the text itself: this may be another kind of connection string, with a key in it.
            raise BadConnectionString(where, "each part must be a key, an equals sign and a value")
        name = _spelled(key, ("Endpoint", "TaskHub", "Authentication", *OPTIONS))
        if name is None:
            raise BadConnectionString(where, "it has a key that is none of the scheduler's")
        if name in values:
            raise BadConnectionString(where, f"{name} is there twice")
        values[name] = value
    return values


def _spelled(text: str, names: tuple[str, ...]) -> str | None:
    """Return *text* in the spelling of *names*, ``None`` if it is none of them."""
    return next((name for name in names if name.lower() == text.lower()), None)


def _endpoint(text: str) -> str:
    """Return an endpoint with its scheme and without a slash at the end. Raises `ValueError`."""
    parts = urlsplit(text if "://" in text else f"https://{text}")
    if parts.scheme not in _PORTS:
        raise ValueError("the endpoint must begin with http:// or https://")
    try:
        port = parts.port
    except ValueError:
        raise ValueError("the endpoint's port is not a number below 65536") from None
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.username or port == 0:
        raise ValueError("the endpoint must be a host, with a port if need be, and nothing else")
    return f"{parts.scheme}://{parts.netloc}"

"""Connection strings of the Durable Task Scheduler: ``Endpoint=https://…;Authentication=ManagedIdentity``.

Source: durabletask-dotnet, ``DurableTaskSchedulerConnectionString.cs`` and
``DurableTaskSchedulerClientOptions.cs``. Names are found in any case; what else stands there (``TaskHub``,
``ClientID``) is not looked at.
"""

from dataclasses import dataclass
from urllib.parse import urlsplit

METHODS = frozenset(
    {"defaultazure", "managedidentity", "workloadidentity", "environment", "azurecli"}
    | {"azurepowershell", "visualstudio", "visualstudiocode", "interactivebrowser", "none"}
)
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0", "host.docker.internal"})  # noqa: S104 (compared with)


@dataclass(frozen=True, slots=True)
class SchedulerConnection:
    """What a connection string says. *endpoint* may lack its scheme."""

    endpoint: str
    authentication: str

    @property
    def host(self) -> str:
        """The name of the machine in lower case, empty if there is none."""
        try:
            return urlsplit(self._address).hostname or ""
        except ValueError:
            return ""

    @property
    def is_plain(self) -> bool:
        """Whether it is not encrypted on its way."""
        return self._address.lower().startswith("http:")

    @property
    def is_local(self) -> bool:
        """Whether it leads to the machine itself, as an emulator's does."""
        return self.host in _LOCAL

    @property
    def is_without_identity(self) -> bool:
        """Whether nobody is asked who they are, as with an emulator."""
        return self.authentication.lower() == "none"

    @property
    def _address(self) -> str:
        return self.endpoint if "://" in self.endpoint else f"https://{self.endpoint}"


def scheduler_connection(text: str) -> SchedulerConnection | str:
    """Return what *text* says, or what is wrong with it, without any of its values but the method's name."""
    parts = {}
    for part in text.split(";"):
        name, separator, value = part.partition("=")
        if part.strip() and not separator:
            return "it is not of the form Endpoint=…;Authentication=…"
        parts[name.strip().lower()] = value.strip().strip('"')
    missing = [name for name in ("Endpoint", "Authentication") if not parts.get(name.lower())]
    if missing:
        return f"it has no {' and no '.join(missing)}"
    connection = SchedulerConnection(parts["endpoint"], parts["authentication"])
    if not connection.host:
        return "its Endpoint is no address"
    if connection.authentication.lower() not in METHODS:
        return "its Authentication is none of the known methods"
    return connection


def is_reference(text: str) -> bool:
    """Tell whether an app setting is filled in from elsewhere: a key vault, App Configuration, a template."""
    return text.startswith("@Microsoft.") or "${" in text or "#{" in text

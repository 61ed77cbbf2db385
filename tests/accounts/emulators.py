"""Azurites of other kinds than the one that all tests share."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from durahub.local.azurite import ACCOUNT, KEY
from durahub.local.child import Child
from durahub.local.program import azurite_program
from tests.accounts.certificates import Certificate

READY_WITHIN = 60.0  # seconds
_LISTENS = re.compile(r"Azurite (\w+) service is successfully listening at (\S+)")


@dataclass(frozen=True)
class SecureAzurite:
    """An Azurite that speaks HTTPS alone and takes tokens; *ca* is whom to trust."""

    endpoints: dict[str, str]
    ca: Path

    def parts(self, name: str, **more: str) -> dict[str, str]:
        """Return the settings of a connection with an identity."""
        uris = {f"{name}__{service}ServiceUri": url for service, url in self.endpoints.items()}
        return {**uris, **{f"{name}__{key}": value for key, value in more.items()}}

    @property
    def connection_string(self) -> str:
        urls = "".join(
            f"{name.capitalize()}Endpoint={url};" for name, url in self.endpoints.items()
        )
        return f"AccountName={ACCOUNT};AccountKey={KEY};{urls}"


@contextmanager
def secure_azurite(certificate: Certificate) -> Iterator[SecureAzurite]:
    program = azurite_program()
    ports = ("--blobPort", "0", "--queuePort", "0", "--tablePort", "0")
    child = Child(
        [
            *(program.node.executable, program.script, "--silent", "--skipApiVersionCheck"),
            *("--disableTelemetry", "--inMemoryPersistence", *ports),
            *("--oauth", "basic", "--cert", certificate.cert, "--key", certificate.key),
        ]
    )
    endpoints: dict[str, str] = {}

    def all_listen(line: str) -> bool | None:
        if match := _LISTENS.search(line):
            endpoints[match[1].lower()] = f"{match[2]}/{ACCOUNT}"
        return len(endpoints) == 3 or None

    try:
        assert child.wait_for(all_listen, READY_WITHIN), child.tail()
        yield SecureAzurite(endpoints, certificate.cert)
    finally:
        child.kill()

"""Azurite, Microsoft's emulator of Azure Storage, as a process that we start and stop.

Its three services share one process. It is not durable storage: what was written in the last five
seconds before a ``kill -9`` of Azurite itself is lost, and it slows down as it fills.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from anyio import to_thread

from durahub.errors import AzuriteFailed, PortInUse
from durahub.local.child import Child
from durahub.local.folder import claim
from durahub.local.install import Say, say_on_stderr
from durahub.local.program import Program, azurite_program

ACCOUNT = "devstoreaccount1"
# The emulator's published key: the same everywhere, protects nothing.
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

FREE_PORTS = (0, 0, 0)  # the system chooses
WELL_KNOWN_PORTS = (10000, 10001, 10002)  # where other tools look for an emulator
PORTS_OPTION = "--azurite-ports"  # of the command line, named in errors

START_WITHIN = 60.0  # seconds; an idle machine needs one
STOP_WITHIN = 15.0  # seconds to write its files, then it is killed

# The Azure SDKs send API versions that Azurite does not know yet.
FLAGS = ("--silent", "--skipApiVersionCheck", "--disableTelemetry")
GUARD = Path(__file__).with_name("guard.cjs")

_SERVICES = ("blob", "queue", "table")
_LISTENS = re.compile(r"Azurite (\w+) service is successfully listening at (\S+)")
_TAKEN = re.compile(r"EADDRINUSE.*:(\d+)")

Ports = tuple[int, int, int]  # blob, queue, table


class Azurite:
    """A running Azurite. It ends with `stop`, or when this process ends, however that ends."""

    def __init__(
        self, program: Program, location: Path | None, child: Child, endpoints: dict[str, str]
    ) -> None:
        """Not called directly: `start`, `launch` and `running_azurite` make one.

        *endpoints* has the address of each service: ``{"blob": "http://127.0.0.1:10000", ...}``.
        """
        self.program = program
        self.location = location  # None: its data is in memory
        self._child = child
        self._endpoints = endpoints

    @classmethod
    async def start(
        cls,
        location: Path | None = None,
        ports: Ports = FREE_PORTS,
        say: Say = say_on_stderr,
    ) -> "Azurite":
        """Start an Azurite and wait until its services listen on *ports*; 0 takes any free one.

        Its data is in the folder *location*, made if missing, or else in memory. Installing it, the
        first time, is told to *say*. Raises `AzuriteFailed` and `PortInUse`.
        """
        return await to_thread.run_sync(lambda: cls.launch(location, ports, say))

    @classmethod
    def launch(
        cls,
        location: Path | None = None,
        ports: Ports = FREE_PORTS,
        say: Say = say_on_stderr,
    ) -> "Azurite":
        """Do what `start` does, without an event loop."""
        program = azurite_program(say)
        lock = None if location is None else claim(location, STOP_WITHIN)
        try:
            command = _command(program, location, ports)
            child = Child(command, keep=[] if lock is None else [lock])
        except OSError as error:
            raise AzuriteFailed(f"{program.node.executable}: {error.strerror}") from error
        finally:
            if lock is not None:
                os.close(lock)  # Azurite has inherited it, and holds it until it has ended
        return cls(program, location, child, _await_endpoints(child))

    async def stop(self) -> None:
        """Let Azurite write its files and end; kill it if it does not. Twice is fine."""
        await to_thread.run_sync(self.close)

    def close(self) -> None:
        """Do what `stop` does, without an event loop."""
        self._child.close_input()
        self._child.wait(STOP_WITHIN)

    @property
    def pid(self) -> int:
        """The process id of Node."""
        return self._child.pid

    @property
    def blob_url(self) -> str:
        """Where the blob service is, with the account."""
        return self._url("blob")

    @property
    def queue_url(self) -> str:
        """Where the queue service is, with the account."""
        return self._url("queue")

    @property
    def table_url(self) -> str:
        """Where the table service is, with the account."""
        return self._url("table")

    @property
    def connection_string(self) -> str:
        """A connection string with the three endpoints and the emulator's published key."""
        return connection_string(self.blob_url, self.queue_url, self.table_url)

    def describe(self) -> str:
        """Return one line: which Azurite, on which Node, where it listens, where its data is."""
        where = ", ".join(f"{service} {self._endpoints[service]}" for service in _SERVICES)
        data = "in memory" if self.location is None else f"in {self.location}"
        program = self.program
        return f"Azurite {program.version} on Node {program.node.version}: {where}; data {data}"

    def _url(self, service: str) -> str:
        return f"{self._endpoints[service]}/{ACCOUNT}"


@contextmanager
def running_azurite(
    location: Path | None = None, ports: Ports = FREE_PORTS, say: Say = say_on_stderr
) -> Iterator[Azurite]:
    """Run an Azurite for the body; for tests and scripts without an event loop."""
    azurite = Azurite.launch(location, ports, say)
    try:
        yield azurite
    finally:
        azurite.close()


def connection_string(blob_url: str, queue_url: str, table_url: str) -> str:
    """Return the connection string of an emulator whose services are at these addresses."""
    return (
        f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};"
        f"BlobEndpoint={blob_url};QueueEndpoint={queue_url};TableEndpoint={table_url};"
    )


def _command(program: Program, location: Path | None, ports: Ports) -> list[str | Path]:
    data = ("--inMemoryPersistence",) if location is None else ("--location", location)
    listen = (
        part
        for service, port in zip(_SERVICES, ports, strict=True)
        for part in (f"--{service}Port", str(port))
    )
    return [program.node.executable, "--require", GUARD, program.script, *FLAGS, *data, *listen]


def _await_endpoints(child: Child) -> dict[str, str]:
    """Return the address of each service, once all listen; end *child* if that fails."""
    endpoints: dict[str, str] = {}

    def all_listen(line: str) -> bool | None:
        if match := _LISTENS.search(line):
            endpoints[match[1].lower()] = match[2]
        return len(endpoints) == len(_SERVICES) or None

    if child.wait_for(all_listen, START_WITHIN):
        return endpoints
    problem = "it ended" if child.ended else f"it was not ready after {START_WITHIN:.0f} s"
    child.kill()
    if taken := _TAKEN.search(child.output()):
        raise PortInUse(int(taken[1]), "Azurite", PORTS_OPTION)
    raise AzuriteFailed(f"{problem}:\n{child.tail()}")

"""``durahub up`` in a process of its own: for tests of apps, benchmarks and demonstrations."""

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from durahub.errors import ServerUnavailable
from durahub.local.child import Child

READY_WITHIN = 120.0  # seconds; the first start of all may have to install Azurite
ENDED_WITHIN = 120.0  # seconds; what drains takes its time
COMMAND = (sys.executable, "-m", "durahub.cli.main", "up", "--format", "json")


@dataclass(frozen=True, slots=True)
class Ready:
    """What a server says when it takes connections."""

    grpc_port: int
    http_port: int
    connection_string: str | None  # none where callers need what no such string has

    @property
    def endpoint(self) -> str:
        """The address that workers and clients of the SDKs are given."""
        return f"http://127.0.0.1:{self.grpc_port}"

    @property
    def http_url(self) -> str:
        """The address of the HTTP surface: health, metrics, REST."""
        return f"http://127.0.0.1:{self.http_port}"


class ServerProcess:
    """A ``durahub up`` on free ports, which it keeps when it is started again."""

    def __init__(self, arguments: Sequence[str] = (), env: Mapping[str, str] | None = None) -> None:
        """Prepare one; *arguments* follow ``durahub up``, *env* is added to our environment.

        The arguments may not name ports.
        """
        self._arguments = arguments
        self._env = env
        self._ports = (0, 0)  # gRPC, HTTP
        self._ended_output: list[str] = []
        self._child: Child | None = None
        self._ready: Ready | None = None

    def start(self) -> Ready:
        """Start it and wait until it is ready. Raises `ServerUnavailable`, with its last output."""
        grpc_port, http_port = self._ports
        ports = ("--grpc-port", str(grpc_port), "--http-port", str(http_port), "--api-port", "none")
        child = self._child = Child([*COMMAND, *self._arguments, *ports], env=self._env)
        ready = self._ready = child.wait_for(ready_in, READY_WITHIN)
        if ready is None:
            self.kill()
            raise ServerUnavailable("durahub up", f"it did not become ready:\n{child.tail()}")
        self._ports = (ready.grpc_port, ready.http_port)
        return ready

    @property
    def ready(self) -> Ready:
        """Where it listens, since its last start."""
        if self._ready is None:
            raise ServerUnavailable("durahub up", "it is not running")
        return self._ready

    @property
    def pid(self) -> int | None:
        """The process id, None when it is not running."""
        return self._child.pid if self._child else None

    def stop(self) -> int | None:
        """Ask it to stop, as Ctrl-C does; return its exit status, None if it was not running."""
        status = self._child.interrupt(ENDED_WITHIN) if self._child else None
        self._forget()
        return status

    def kill(self) -> None:
        """End it at once with SIGKILL, as a crash would."""
        if self._child:
            self._child.kill()
        self._forget()

    def restart(self) -> Ready:
        """Stop it if it runs, and start it again where workers and clients look for it."""
        self.stop()
        return self.start()

    def output(self) -> str:
        """Return all it has written, over all its starts."""
        now = [self._child.output()] if self._child else []
        return "\n".join((*self._ended_output, *now))

    def _forget(self) -> None:
        if self._child:
            self._ended_output.append(self._child.output())
        self._child = self._ready = None


@contextmanager
def running_server(
    arguments: Sequence[str] = (), env: Mapping[str, str] | None = None
) -> Iterator[ServerProcess]:
    """Run a server for the body."""
    server = ServerProcess(arguments, env)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def ready_in(line: str) -> Ready | None:
    """Return what the line ``{"event": "ready", ...}`` says; None for any other line."""
    if not line.startswith("{"):
        return None
    try:
        said: dict[str, Any] = json.loads(line)
        if said.get("event") != "ready":
            return None
        ports = int(said["grpc_port"]), int(said["http_port"])
        return Ready(*ports, said["connection_string"])
    except (ValueError, KeyError):
        return None

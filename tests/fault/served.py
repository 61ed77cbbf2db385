"""A ``durahub serve`` or ``durahub up`` in a process of its own, or under another command."""

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from durahub.local.child import Child
from durahub.local.server import Ready, ready_in

READY_WITHIN = 120.0  # seconds
ENDED_WITHIN = 120.0
DURAHUB = (sys.executable, "-m", "durahub.cli.main")


class Served:
    """A server that keeps its ports over its starts, and its output in a file."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        env: Mapping[str, str],
        under: Sequence[str] = (),
        program: Sequence[str] = DURAHUB,
        log: Path | None = None,
    ) -> None:
        """*arguments* follow ``durahub``: ``("serve", …)``; *under* is a command that runs another,
        *program* what is run instead of ``durahub``.
        """
        self._arguments = arguments
        self._env = env
        self._under = under
        self._program = program
        self._log = log
        self._ports = (0, 0)
        self._child: Child | None = None
        self.starts = 0

    def start(self, within: float = READY_WITHIN) -> Ready:
        """Start it and wait until it is ready."""
        grpc_port, http_port = self._ports
        ports = ("--grpc-port", str(grpc_port), "--http-port", str(http_port), "--api-port", "none")
        command = (*self._under, *self._program, *self._arguments, "--format", "json", *ports)
        self._child = Child(command, env=self._env)
        self.starts += 1
        ready = self._child.wait_for(ready_in, within)
        if ready is None:
            output = self._child.tail()
            self.kill()
            raise RuntimeError(f"the server did not become ready:\n{output}")
        self._ports = (ready.grpc_port, ready.http_port)
        return ready

    @property
    def child(self) -> Child:
        """The running process."""
        assert self._child is not None, "it is not running"
        return self._child

    @property
    def endpoint(self) -> str:
        """The address of its gRPC port."""
        return f"http://127.0.0.1:{self._ports[0]}"

    @property
    def grpc_port(self) -> int:
        return self._ports[0]

    @property
    def http_url(self) -> str:
        return f"http://127.0.0.1:{self._ports[1]}"

    def kill(self) -> None:
        """``kill -9``."""
        if self._child is not None:
            self._child.kill()
        self._keep_output()

    def stop(self) -> int | None:
        """Ask it to stop, as Ctrl-C does; return its exit status."""
        status = self._child.interrupt(ENDED_WITHIN) if self._child is not None else None
        self._keep_output()
        return status

    def hold(self) -> None:
        """Let it stand still (SIGSTOP)."""
        os.kill(self.child.pid, signal.SIGSTOP)

    def let_go(self) -> None:
        """Let it go on (SIGCONT)."""
        os.kill(self.child.pid, signal.SIGCONT)

    def _keep_output(self) -> None:
        if self._child is not None and self._log is not None:
            with self._log.open("a", encoding="utf-8") as log:
                log.write(f"{self._child.output()}\n---- ended: {self._child.exit_status}\n")
        self._child = None

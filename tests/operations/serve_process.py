"""``durahub serve`` in a process of its own, whose log is JSON."""

import json
import os
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from durahub.local.child import Child

READY_WITHIN = 120.0  # seconds


class Serve:
    """One that is started, asked whether it is ready, and told to stop."""

    def __init__(self, folder: Path, *arguments: str, env: Mapping[str, str] | None = None) -> None:
        folder.mkdir(exist_ok=True)
        command = (sys.executable, "-m", "durahub.cli.main", "serve", "--format", "json")
        ports = () if "--grpc-port" in arguments else ("--grpc-port", "0", "--http-port", "0")
        self.child = Child(
            [*command, "--log-format", "json", "--api-port", "none", *ports, *arguments],
            env={**os.environ, **(env or {}), "DURAHUB_STATE_DIR": str(folder)},
        )
        said = self.child.wait_for(_ready, READY_WITHIN)
        assert said is not None, self.child.tail()
        self.grpc_port, self.http_port = int(said["grpc_port"]), int(said["http_port"])

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.grpc_port}"

    def readiness(self) -> int:
        """Return the status that /readyz has; 0 if nobody answers."""
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{self.http_port}/readyz", timeout=60
            ) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def terminate(self) -> None:
        self.child.send(signal.SIGTERM)

    def events(self) -> list[dict[str, Any]]:
        """Return what it has logged."""
        lines = [line for line in self.child.output().splitlines() if line.startswith("{")]
        return [one for one in map(json.loads, lines) if "level" in one]

    def kill(self) -> None:
        print(f"---- serve ----\n{self.child.output()}")
        self.child.kill()


def _ready(line: str) -> dict[str, Any] | None:
    if not line.startswith('{"event": "ready"'):
        return None
    said: dict[str, Any] = json.loads(line)
    return said

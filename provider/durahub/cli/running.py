"""What a running ``durahub up`` leaves for the other commands: where its storage and its ports are.

A small file in the user's state folder, written when it is ready and removed when it stops. It is
believed only while the process that wrote it lives.
"""

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from platformdirs import user_state_path

STATE_VARIABLE = "DURAHUB_STATE_DIR"


@dataclass(frozen=True, slots=True)
class Running:
    """A running server on this machine.

    ``storage`` is the connection string of its own Azurite, ``store`` the address of the store that
    its user named, a file's with its whole path; a connection string that he named is not kept.
    ``endpoint`` is the URL of its gRPC port. ``certificate_needed``: its HTTP port takes no connection
    without a client certificate.
    """

    pid: int
    hubs: tuple[str, ...]
    grpc_port: int
    http_port: int
    storage: str | None = None
    store: str | None = None
    host: str = "127.0.0.1"
    tls: bool = False
    certificate_needed: bool = False
    endpoint: str | None = None

    def save(self) -> None:
        """Tell the other commands."""
        file = _file()
        file.parent.mkdir(parents=True, exist_ok=True)
        fresh = file.with_suffix(f".{self.pid}")
        fresh.write_text(json.dumps(asdict(self)), encoding="utf-8")
        fresh.chmod(0o600)
        fresh.replace(file)

    def remove(self) -> None:
        """Take it back, unless another server has written since."""
        found = find_running()
        if found is not None and found.pid == self.pid:
            _file().unlink(missing_ok=True)


def find_running() -> Running | None:
    """Return the server that runs on this machine, if one does."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        found = json.loads(_file().read_text(encoding="utf-8"))
        running = Running(**{**found, "hubs": tuple(found["hubs"])})
        os.kill(running.pid, 0)
        return running
    return None


def _file() -> Path:
    folder = os.environ.get(STATE_VARIABLE)
    return (Path(folder) if folder else user_state_path("durahub")) / "up.json"

"""What a running server leaves for the other commands: where its storage and its ports are.

A small file for each in the user's state folder, written when it is ready and removed when it stops. It is
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
    without a client certificate. ``dynamic``: any hub may be one of its hubs. ``since`` orders servers by
    their starts, in nanoseconds since 1970.
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
    dynamic: bool = False
    since: int = 0

    def save(self) -> None:
        """Tell the other commands."""
        file = _file_of(self.pid)
        file.parent.mkdir(parents=True, exist_ok=True)
        for left in _files():
            if _read(left) is None:  # of one that was killed
                left.unlink(missing_ok=True)
        fresh = file.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(self)), encoding="utf-8")
        fresh.chmod(0o600)
        fresh.replace(file)

    def remove(self) -> None:
        """Take it back."""
        _file_of(self.pid).unlink(missing_ok=True)


def running_servers() -> tuple[Running, ...]:
    """Return the servers that run on this machine, the one that was started last at the end."""
    found = (_read(file) for file in _files())
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.since))


def find_running() -> Running | None:
    """Return the server that runs on this machine, of several the one that was started last."""
    found = running_servers()
    return found[-1] if found else None


def _read(file: Path) -> Running | None:
    """Return what a server has left; ``None`` if it is gone."""
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        found = json.loads(file.read_text(encoding="utf-8"))
        running = Running(**{**found, "hubs": tuple(found["hubs"])})
        os.kill(running.pid, 0)
        return running
    return None


def _folder() -> Path:
    folder = os.environ.get(STATE_VARIABLE)
    return Path(folder) if folder else user_state_path("durahub")


def _files() -> list[Path]:
    return sorted(_folder().glob("up-*.json"))


def _file_of(pid: int) -> Path:
    return _folder() / f"up-{pid}.json"

"""What is said of a file that the server of this machine has open: where that is, and how it is asked."""

from pathlib import Path

from durahub.address import StoreAddress, StoreKind, parse_store
from durahub.cli.running import Running
from durahub.errors import DurahubError, FileUnavailable


def is_held_by(running: Running, store: StoreAddress | str) -> bool:
    """Tell whether *store* is the SQLite file of the *running* server, however its path is typed."""
    if running.store is None or not isinstance(store, StoreAddress):
        return False
    theirs = parse_store(running.store)
    if not store.kind is theirs.kind is StoreKind.SQLITE:
        return False
    return Path(store.place).resolve() == Path(theirs.place).resolve()


def endpoint_of(running: Running) -> str:
    """Return the URL of its gRPC port."""
    return running.endpoint or f"http://localhost:{running.grpc_port}"


def advice(error: DurahubError, running: Running | None) -> str | None:
    """Return what to do where the *error* is that the *running* server has the file; else ``None``."""
    if not isinstance(error, FileUnavailable) or error.holder is None or running is None:
        return None
    if not is_held_by(running, StoreAddress(StoreKind.SQLITE, error.file)):
        return None
    endpoint = endpoint_of(running)
    return (
        f"that is the server at {endpoint}, process {running.pid}: act through it, with an address as in "
        f"dts:{endpoint}/{running.hubs[0]} where the command takes one, or stop it first"
    )

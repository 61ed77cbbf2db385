"""What is said of a file that the server of this machine has open: where that is, and how it is asked."""

from collections.abc import Sequence
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


def holder_of(store: StoreAddress | str, servers: Sequence[Running]) -> Running | None:
    """Return the one of *servers* that has the SQLite file *store*."""
    return next((one for one in servers if is_held_by(one, store)), None)


def advice(error: DurahubError, servers: Sequence[Running]) -> str | None:
    """Return what to do where the *error* is that one of *servers* has the file; else ``None``."""
    if not isinstance(error, FileUnavailable) or error.holder is None:
        return None
    running = holder_of(StoreAddress(StoreKind.SQLITE, error.file), servers)
    if running is None:
        return None
    endpoint = endpoint_of(running)
    return (
        f"that is the server at {endpoint}, process {running.pid}: act through it, with an address as in "
        f"dts:{endpoint}/{running.hubs[0]} where the command takes one, or stop it first"
    )

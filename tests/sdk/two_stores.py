"""A server on either store, for tests that run on both."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from durahub.local.server import ServerProcess, running_server
from tests.conftest import STORE, Storage

BOTH_STORES = [pytest.param("classic", marks=pytest.mark.azurite), "sqlite"]


@contextmanager
def server_on(
    store: str, request: pytest.FixtureRequest, state: Path, *hubs: str
) -> Iterator[ServerProcess]:
    """Run a server for the body, with *hubs* on a new store of the kind ``classic`` or ``sqlite``.

    Its clients may make and delete hubs.
    """
    env = {"DURAHUB_STATE_DIR": str(state)}
    address = f"sqlite:{state / 'hubs.db'}"
    if store == "classic":
        storage: Storage = request.getfixturevalue("azurite")
        env[STORE] = storage.connection_string
        address = f"env:{STORE}"
    arguments = ["--store", address, "--allow-hub-management"]
    arguments += [part for hub in hubs for part in ("--hub", hub)]
    with running_server(arguments, env) as server:
        try:
            yield server
        finally:
            print(server.output())


def new_hub(prefix: str) -> str:
    """Return a hub name that no other test has."""
    return f"{prefix}{secrets.token_hex(6)}"

"""The stores that are measured, each for a run of its own in a folder of its own."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from durahub.local.azurite import Azurite, connection_string, running_azurite
from durahub.local.install import say_on_stderr

VARIABLE = "DURAHUB_BENCHMARK_STORAGE"
STORES = {
    "azurite": "Azurite 3, its data in files in a temporary folder",
    "azurite-memory": "Azurite 3 in memory; it freezes for minutes after some 20,000 deleted messages",
    "sqlite": "a SQLite file in a temporary folder, commits durable",
    "sqlite-memory": "SQLite in memory",
}
NO_DUMPS = Path(__file__).with_name("no_dumps.cjs")


@dataclass(frozen=True)
class Storage:
    """A store that servers can be started on."""

    name: str
    arguments: tuple[str, ...]  # of ``durahub up``
    env: Mapping[str, str] = field(default_factory=dict)
    pid: int | None = None  # of its own process
    urls: Mapping[str, str] = field(default_factory=dict)  # of its services: "queue" → "http://…"

    def behind(self, urls: Mapping[str, str]) -> "Storage":
        """Return the same one, reached at other addresses: those of a proxy."""
        return on_azurite(self.name, urls, self.pid)


def on_azurite(name: str, urls: Mapping[str, str], pid: int | None) -> Storage:
    """Return the store of an Azurite whose services are at *urls*."""
    text = connection_string(urls["blob"], urls["queue"], urls["table"])
    # our own Azurite costs nothing to ask: as `durahub up` polls the one that it starts
    arguments = ("--store", f"env:{VARIABLE}", "--max-poll", "1")
    return Storage(name, arguments, {VARIABLE: text}, pid, urls)


@contextmanager
def running_store(name: str, folder: Path, *, dumps: bool = True) -> Iterator[Storage]:
    """Run the store called *name* for the body; files, where it has any, are in *folder*.

    What an earlier run left in *folder* is there again. Without *dumps* Azurite reads its files, but
    writes its rows to them only at its end.
    """
    match name:
        case "azurite" | "azurite-memory":
            location = folder if name == "azurite" else None
            with (
                node_options("" if dumps else f"--require {NO_DUMPS}"),
                running_azurite(location, say=say_on_stderr) as azurite,
            ):
                yield on_azurite(name, urls_of(azurite), azurite.pid)
        case "sqlite":
            folder.mkdir(parents=True, exist_ok=True)
            yield Storage(name, ("--store", f"sqlite:{folder / 'hub.db'}"))
        case "sqlite-memory":
            yield Storage(name, ("--store", "sqlite::memory:"))
        case _:
            raise ValueError(name)


def urls_of(azurite: Azurite) -> dict[str, str]:
    """Return the addresses of the services, each with the account."""
    return {"blob": azurite.blob_url, "queue": azurite.queue_url, "table": azurite.table_url}


@contextmanager
def node_options(options: str) -> Iterator[None]:
    """Let a Node that is started in the body have further options."""
    before = os.environ.get("NODE_OPTIONS", "")
    os.environ["NODE_OPTIONS"] = f"{before} {options}".strip()
    try:
        yield
    finally:
        os.environ["NODE_OPTIONS"] = before

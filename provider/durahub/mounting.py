"""What other packages mount at the HTTP port, behind the server's own paths: the monitor, for one.

They are found by the entry points of the group `GROUP`, each a `Mount`. A mount gets the root of the port;
``/healthz``, ``/metrics`` and the HTTP APIs stay the server's. It is asked for when the server starts, so it
should do no work before the first request: most servers are never looked at.
"""

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from prometheus_client.registry import Collector
from starlette.types import ASGIApp

from durahub.accounts import Access
from durahub.address import StoreAddress
from durahub.configuration.settings import Settings
from durahub.storage import Storage

GROUP = "durahub.mounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """The server that something is mounted in.

    *store* is the address of its storage, or its connection string; *config* is its settings file.
    *is_local* tells that it is ``durahub up``, a developer's own server. *delete_hub* stops serving a hub,
    by its name, and deletes it: whoever deletes it in storage alone leaves the server a hub that is none.
    *workers* returns how many workers are connected for a hub: a file does not tell that.
    """

    storage: Storage
    store: StoreAddress | str = field(repr=False)
    access: Access = field(repr=False)
    settings: Settings
    config: Path | None = None
    is_local: bool = False
    delete_hub: Callable[[str], Awaitable[None]] | None = None
    workers: Callable[[str], int] | None = None


class Mounted(Protocol):
    """Something that is mounted. Without *app* it is not, and *told* says why."""

    @property
    def app(self) -> ASGIApp | None:
        """The application that gets what the server has no path for."""

    @property
    def told(self) -> str:
        """What the server says of it when it is ready: ``Monitor: {url}``, where its address stands."""

    @property
    def metrics(self) -> Collector | None:
        """What joins the server's metrics; it is asked on the server's event loop."""

    def end(self) -> None:
        """End what streams: the ports are closed next, and wait for nobody."""


Mount = Callable[[Host], AbstractAsyncContextManager[Mounted]]
"""Mounts something for the body. What it raises keeps the server from starting."""


def found_mounts() -> Iterator[Mount]:
    """Yield what is installed."""
    for entry in entry_points(group=GROUP):
        yield entry.load()

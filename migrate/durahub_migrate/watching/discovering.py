"""Looks for the hubs of a store, again and again: new ones come, and some are deleted."""

import asyncio
import logging
from collections.abc import Callable

from durahub.errors import DurahubError
from durahub_migrate.watching.stores import WatchedStore

log = logging.getLogger(__name__)


class Discovery:
    """Looks into one store. *found* is called with all names each time, *lost* with why it could not look."""

    def __init__(
        self,
        store: WatchedStore,
        every: float,
        found: Callable[[WatchedStore, tuple[str, ...]], None],
        lost: Callable[[WatchedStore, DurahubError], None],
    ) -> None:
        self.store = store
        self._every = every
        self._found = found
        self._lost = lost
        self._asked = asyncio.Event()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            self._asked.clear()
            try:
                await asyncio.wait_for(self._asked.wait(), self._every)
            except asyncio.TimeoutError:
                continue

    def again(self) -> None:
        """Look now."""
        self._asked.set()

    async def look(self) -> None:
        """Look once."""
        try:
            names = await self.store.find_hubs()
            self._found(self.store, names)
        except DurahubError as error:
            self._lost(self.store, error)
        except Exception:
            log.exception("looking for hubs failed")

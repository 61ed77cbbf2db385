"""The way to a hub bundle: its folder, or its tar, which is unpacked for as long as it is watched."""

import asyncio
import contextlib
from pathlib import Path

from durahub_migrate.bundle.archive import opened_bundle
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.monitor.seam import Ability
from durahub_migrate.moving.place import BundleAddress
from durahub_migrate.watching.connecting import Found, Told
from durahub_migrate.watching.opened import OpenedHub
from durahub_migrate.watching.reading.bundle_live import BundleLive
from durahub_migrate.watching.sources.bundle import BundleRows

CAN = frozenset({Ability.HISTORY, Ability.ENTITIES})


class BundleConnection:
    """A `Connection`."""

    def __init__(self, place: BundleAddress, told: Told) -> None:
        self._place = place
        self._told = told
        self._scratch = contextlib.ExitStack()

    async def open(self) -> Found:
        """Open the bundle. Raises `BadBundle`, `UnfinishedBundle`, `NewerBundle`, `FileUnavailable`."""
        told = self._told
        await self.close()
        reader = await asyncio.to_thread(self._reader)
        rows = BundleRows(reader, told.ref.key, told.clock, inputs=told.inputs)
        hub = OpenedHub(
            ref=told.ref,
            place=self._place,
            budget=told.budget,
            clock=told.clock,
            index=told.index,
            live=BundleLive(rows, told.ref.key, told.clock, told.limits),
            can=CAN,
            bundle=reader,
        )
        return Found(rows, hub)

    async def close(self) -> None:
        """Remove what was unpacked."""
        await asyncio.to_thread(self._scratch.close)

    def _reader(self) -> BundleReader:
        return BundleReader(self._scratch.enter_context(opened_bundle(Path(self._place.path))))

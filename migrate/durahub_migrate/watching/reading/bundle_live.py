"""Single instances of a hub bundle."""

from collections.abc import Callable

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.seam import Detail, LiveHistory
from durahub_migrate.watching.reading.details import detail_of
from durahub_migrate.watching.reading.kept import KeptHistories, KeptHistory
from durahub_migrate.watching.reading.limits import Limits
from durahub_migrate.watching.reading.members import member_of
from durahub_migrate.watching.sources.bundle import BundleRows, row_of_stored


class BundleLive:
    """A `durahub_migrate.watching.reading.live.LiveSource` of the hub with the key *hub*."""

    def __init__(
        self, rows: BundleRows, hub: str, clock: Callable[[], Ticks], limits: Limits
    ) -> None:
        self._rows = rows
        self._hub = hub
        self._clock = clock
        self._kept = KeptHistories(limits.kept)

    async def detail(self, instance_id: str) -> Detail | None:
        """Return an instance with everything in its row."""
        found = await self._rows.find(instance_id)
        if found is None:
            return None
        return detail_of(
            row_of_stored(found, self._hub, self._clock()),
            input_text=found.input,
            output_text=found.output,
            custom_status=None if found.custom_status == "null" else found.custom_status,
        )

    async def history(self, instance_id: str) -> LiveHistory:
        """Return its history."""
        return (await self._history(instance_id)).told()

    async def payload(self, instance_id: str, number: int, member: str) -> str | None:
        """Return a text of an event whole."""
        found = await self._history(instance_id)
        return member_of(found.numbered(number, instance_id), member)

    async def parent(self, instance_id: str) -> str | None:
        """Return the orchestration that started it."""
        started = (await self._history(instance_id)).started
        if started is None or started.parent is None:
            return None
        return started.parent.execution.instance_id

    async def _history(self, instance_id: str) -> KeptHistory:
        kept = self._kept.get(instance_id)
        if kept is not None:
            return kept
        found = await self._rows.find(instance_id)
        if found is None:
            return KeptHistory()
        read = KeptHistory(
            execution_id=found.execution_id,
            events=tuple(stored.event for stored in found.history),
            etag="bundle",
            beside={n: one.beside for n, one in enumerate(found.history) if one.beside},
        )
        self._kept.put(instance_id, read)
        return read

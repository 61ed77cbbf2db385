"""The stuck list: judged by rows, queues and leases; those on top explained in whole, a few at a time."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable

from durahub.errors import DurahubError
from durahub.model.ticks import Ticks, seconds_between
from durahub_migrate.monitor.explaining import HubSeen
from durahub_migrate.monitor.health.stuck import MAY_WAIT_RIGHTLY, stuck, told_in_whole
from durahub_migrate.monitor.row import Row
from durahub_migrate.monitor.waiting import Explanation, Stuck
from durahub_migrate.watching.looks.settings import LookSettings

_MOST_REMEMBERED = 10_000


class StuckList:
    """Explanations are remembered, so that each look at the list explains others."""

    def __init__(self, settings: LookSettings, clock: Callable[[], Ticks]) -> None:
        self._settings = settings
        self._clock = clock
        self._explained: dict[tuple[str, Ticks | None], Explanation] = {}

    async def of(
        self,
        rows: Iterable[Row],
        hub: HubSeen,
        queue_of: Callable[[str], str | None],
        older_than: float,
        why: Callable[[str], Awaitable[Explanation]],
    ) -> tuple[Stuck, ...]:
        """Return the list. Suspects that were not explained are left out: they may wait rightly."""
        lines = stuck(rows, hub, queue_of, older_than)
        unknown = [line for line in lines if self._known(line) is None]
        await asyncio.gather(
            *(self._ask(line, why) for line in unknown[: self._settings.explained])
        )
        found = []
        for line in lines:
            known = self._known(line)
            if known is not None:
                told = told_in_whole(line, known)
                if told is not None:
                    found.append(told)
            elif line.reason not in MAY_WAIT_RIGHTLY:
                found.append(line)
        return tuple(sorted(found, key=lambda line: (-line.seconds, line.instance_id)))

    async def _ask(self, line: Stuck, why: Callable[[str], Awaitable[Explanation]]) -> None:
        """Explain an instance; one that cannot be read stays in the list as it was judged."""
        try:
            explained = await why(line.instance_id)
        except DurahubError:
            return
        if len(self._explained) >= _MOST_REMEMBERED:
            self._explained.clear()
        self._explained[line.instance_id, line.since] = explained

    def _known(self, line: Stuck) -> Explanation | None:
        known = self._explained.get((line.instance_id, line.since))
        if (
            known is None
            or seconds_between(known.at, self._clock()) >= self._settings.explained_for
        ):
            return None
        return known

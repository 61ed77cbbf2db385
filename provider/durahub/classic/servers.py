"""Which of the workers that hold partitions are durahub servers, and which are others'.

A worker ID that durahub makes up says so by its form, which no machine name has: ``HOST:`` and twelve
hexadecimal digits. A server that was given another one leaves a blob of its name in our own container.
"""

import re
from collections.abc import Callable
from urllib.parse import quote

from durahub.classic.blobs import Blobs
from durahub.classic.partitioning.evidence import Sighting, all_sightings
from durahub.classic.partitioning.lease_store import LeaseStore
from durahub.errors import HubInUse
from durahub.model.ticks import Ticks, to_text

FOLDER = "servers/"
_OWN_FORM = re.compile(r".*:[0-9a-f]{12}", re.ASCII | re.DOTALL)


class Servers:
    """The durahub servers of one hub, of which this is *worker_id*."""

    def __init__(
        self,
        hub: str,
        blobs: Blobs,
        container: str,
        leases: LeaseStore,
        worker_id: str,
        clock: Callable[[], Ticks],
    ) -> None:
        self._hub = hub
        self._blobs = blobs
        self._container = container
        self._leases = leases
        self._worker_id = worker_id
        self._clock = clock

    async def introduce(self) -> None:
        """Let others know that this worker is a durahub server, where its ID does not say so."""
        if names_itself(self._worker_id):
            return
        content = {"workerId": self._worker_id, "since": to_text(self._clock())}
        await self._blobs.write_new_json(self._container, _place(self._worker_id), content)

    async def refuse_others(self) -> None:
        """Raise `HubInUse` if a worker that is not durahub holds partitions."""
        others = await self.others()
        if others:
            who = "; ".join(f"{one.worker} holds partitions ({one.what})" for one in others)
            raise HubInUse(
                self._hub,
                f"{who} and is no durahub server, while this one was told that it has the hub to "
                "itself (level exclusive); stop that worker and wait a minute, or use --level default",
            )

    async def others(self) -> list[Sighting]:
        """Return the workers that are not durahub and hold partitions, one sighting each."""
        seen = all_sightings(await self._leases.evidence(), self._worker_id, self._clock())
        return [one for one in seen if not await self._is_ours(one)]

    async def _is_ours(self, sighting: Sighting) -> bool:
        if names_itself(sighting.worker):
            return True
        return await self._blobs.read(self._container, _place(sighting.worker)) is not None


def names_itself(worker_id: str) -> bool:
    """Tell whether a worker ID is one that durahub made up."""
    return _OWN_FORM.fullmatch(worker_id) is not None


def _place(worker_id: str) -> str:
    return f"{FOLDER}{quote(worker_id, safe='')}.json"

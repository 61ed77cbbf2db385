"""The mark of a job that moves instances into a hub, among our own blobs of the hub.

What such a job has put there has no messages before the hub is handed over. Another job would take it for
whole, so there is one at a time: from the first that it writes until it hands over, or has taken all back.
"""

from durahub.classic.blobs import Blobs
from durahub.errors import HubBeingMoved
from durahub.model.json_text import loads

MARK = "move.json"
_UNKNOWN = "(its mark cannot be read)"


class MoveMark:
    """The mark of the hub called *hub*, in *container*."""

    def __init__(self, hub: str, blobs: Blobs, container: str) -> None:
        self._hub = hub
        self._blobs = blobs
        self._container = container

    async def job(self) -> str | None:
        """Return the job that has the hub, ``None`` if nobody moves anything into it."""
        content = await self._blobs.read(self._container, MARK)
        if content is None:
            return None
        try:
            return str(loads(content)["job"])
        except (ValueError, KeyError, TypeError):
            return _UNKNOWN  # whoever wrote it, the hub is not known to be whole

    async def check(self, job: str | None = None) -> None:
        """Raise `HubBeingMoved` while any job but *job* has the hub."""
        found = await self.job()
        if found not in (None, job):
            raise HubBeingMoved(self._hub, str(found))

    async def set(self, job: str) -> None:
        """Mark the hub as the job's; doing it twice is fine. Raises `HubBeingMoved`."""
        if not await self._blobs.write_new_json(self._container, MARK, {"job": job}):
            await self.check(job)

    async def remove(self, job: str) -> None:
        """Remove the mark, if it is the job's."""
        if await self.job() == job:
            await self._blobs.delete(self._container, MARK)

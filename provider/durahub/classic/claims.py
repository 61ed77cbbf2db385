"""Tasks of a hub that one server at a time does: who does it, and until when, in a blob of our own.

The blob is written only over the version that was read, so of two servers one gets the task. A server
that dies is succeeded when its time is over; clocks that differ by less than that do no harm.
"""

from collections.abc import Callable
from dataclasses import dataclass

from durahub.classic.blobs import Blobs
from durahub.model.json_text import loads
from durahub.model.ticks import Ticks, later, parse, to_text

FOLDER = "claims/"


@dataclass(frozen=True, slots=True)
class Claim:
    """Who has a task, and until when."""

    owner: str
    until: Ticks

    def is_free_for(self, claimant: str, now: Ticks) -> bool:
        """Tell whether *claimant* may have the task at *now*."""
        return self.owner == claimant or self.until <= now


def to_json(claim: Claim) -> dict[str, str]:
    """Return what the blob holds."""
    return {"owner": claim.owner, "until": to_text(claim.until)}


def from_json(content: bytes) -> Claim | None:
    """Return what a blob holds; ``None`` for what is no claim, which is then written over."""
    try:
        found = loads(content)
        return Claim(str(found["owner"]), parse(found["until"]))
    except (ValueError, KeyError, TypeError):
        return None


class Claims:
    """The claims on one hub's tasks; *container* is made with the first."""

    def __init__(
        self, blobs: Blobs, container: str, owner: str, clock: Callable[[], Ticks]
    ) -> None:
        self._blobs = blobs
        self._container = container
        self._owner = owner
        self._clock = clock

    async def claim(self, task: str, seconds: float) -> bool:
        """Take or keep *task* for so long; ``False`` if another server has it."""
        name = f"{FOLDER}{task}.json"
        stored = await self._blobs.read_version(self._container, name)
        found = from_json(stored[0]) if stored is not None else None
        now = self._clock()
        if found is not None and not found.is_free_for(self._owner, now):
            return False
        claim = to_json(Claim(self._owner, later(now, seconds)))
        etag = stored[1] if stored is not None else None
        return await self._blobs.replace_json(self._container, name, claim, etag)

"""What could not be read: counted, logged with its place, and kept in a container of our own.

The thing itself stays where it is. A message is tried again with growing pauses, for another version of
an application may be able to read it; nothing is ever deleted here.
"""

import hashlib
import json
import logging
from collections.abc import Callable

from durahub.classic_b.blobs import Container
from durahub.errors import Malformed, Unavailable
from durahub.model.ticks import Ticks, parse, to_text
from durahub.store import SetAside

log = logging.getLogger(__name__)

HEAD = 200  # characters of the thing that are kept to recognise it


class Aside:
    """The things of one hub that were set aside."""

    def __init__(self, container: Container, clock: Callable[[], Ticks]) -> None:
        self._container = container
        self._clock = clock
        self._known: set[str] = set()

    @property
    def count(self) -> int:
        """How many things this process has set aside."""
        return len(self._known)

    async def note(self, location: str, error: Malformed, head: str = "") -> None:
        """Take note of something that could not be read, once for each place."""
        if location in self._known:
            return
        self._known.add(location)
        log.error("set-aside", extra={"location": location, "code": error.code, "why": str(error)})
        found = SetAside(location, str(error), self._clock(), head[:HEAD])
        content = json.dumps(
            {
                "location": found.location,
                "error": found.error,
                "firstSeen": to_text(found.first_seen),
                "head": found.head,
            }
        )
        name = f"set-aside/{hashlib.sha256(location.encode()).hexdigest()[:32]}.json"
        try:
            await self._container.write(name, content.encode(), replace=False)
        except Unavailable as failure:
            log.warning("set-aside-not-kept", extra={"code": failure.code})

    async def all(self) -> tuple[SetAside, ...]:
        """Return everything that any server has set aside, by place."""
        found = []
        async for name in self._container.names("set-aside/"):
            kept = json.loads(await self._container.read(name))
            found.append(
                SetAside(
                    location=str(kept["location"]),
                    error=str(kept["error"]),
                    first_seen=parse(kept["firstSeen"]),
                    head=str(kept["head"]),
                )
            )
        return tuple(sorted(found, key=lambda one: one.location))

"""What could not be read: counted, logged with its place, and kept in a container of our own.

The thing itself stays where it is, and nothing is ever deleted: a message is tried again with growing
pauses, for another version of the server, or another worker, may be able to read it.
"""

import hashlib
import logging
from collections.abc import Callable

from durahub.classic.blobs import Blobs
from durahub.errors import Malformed, Unavailable
from durahub.model.json_text import loads
from durahub.model.ticks import MINIMUM, Ticks, parse, to_text
from durahub.store import SetAside

log = logging.getLogger(__name__)

HEAD = 200  # characters of the thing that are kept to recognise it
FOLDER = "set-aside/"


class Aside:
    """The things of one hub that were set aside; *container* is made with the first."""

    def __init__(self, blobs: Blobs, container: str, clock: Callable[[], Ticks]) -> None:
        self._blobs = blobs
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
        log.error("set-aside", extra={"location": location, "code": error.code})
        name = f"{FOLDER}{hashlib.sha256(location.encode('utf-8', 'replace')).hexdigest()[:32]}"
        content = {
            "location": location,
            "error": str(error),
            "firstSeen": to_text(self._clock()),
            "head": head[:HEAD],
        }
        try:
            await self._blobs.write_new_json(self._container, f"{name}.json", content)
        except Unavailable as failure:  # it is tried again with the thing's next reader
            self._known.discard(location)
            log.warning("set-aside-not-kept", extra={"location": location, "code": failure.code})

    async def all(self) -> tuple[SetAside, ...]:
        """Return everything that any server has set aside, by place."""
        found = []
        async for name in self._blobs.names(self._container, FOLDER):
            content = await self._blobs.read(self._container, name)
            if content is not None:
                found.append(_read(content, f"blob {self._container}/{name}"))
        return tuple(sorted(found, key=lambda one: one.location))


def _read(content: bytes, place: str) -> SetAside:
    """Return what a note says; one that somebody else wrote, or cut, must not hide the others."""
    try:
        kept = loads(content)
        return SetAside(
            location=str(kept["location"]),
            error=str(kept["error"]),
            first_seen=parse(kept["firstSeen"]),
            head=str(kept["head"]),
        )
    except (ValueError, KeyError, TypeError):
        return SetAside(place, "the note of what was set aside cannot be read", MINIMUM)

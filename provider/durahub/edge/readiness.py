"""Whether a server should be sent calls: its hubs are open, storage answers, and it is not stopping.

A probe asks storage for nothing. What the server's own requests hear of storage is what is told; only
where that is old, or bad, one row is read in the background, and the next probe tells what came of it.
So a server that nobody probes looks at nothing, and one that is probed each second at one row in thirty
seconds.
"""

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from durahub.errors import DurahubError
from durahub.observing.answering import Answering

log = logging.getLogger(__name__)

UNFORESEEN = "unforeseen"  # what a look failed with that is no error of ours
STALE_AFTER = 30.0  # seconds without a word of storage, after which a probe has it asked
LOOK_EVERY = 2.0  # seconds between two looks while it does not answer, at least


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a server from being ready, and why: a code or a word of ours, no text of others."""

    what: str  # e.g. "hub orders"
    why: str  # e.g. "DH501"


@dataclass(frozen=True, slots=True)
class Standing:
    """What a probe is told."""

    draining: bool = False
    problems: tuple[Problem, ...] = ()

    @property
    def is_ready(self) -> bool:
        """Whether calls should come."""
        return not self.draining and not self.problems

    def told(self) -> dict[str, Any]:
        """Return it for JSON."""
        word = "draining" if self.draining else "not ready" if self.problems else "ready"
        problems = [{"what": one.what, "why": one.why} for one in self.problems]
        return {"status": word, **({"problems": problems} if problems else {})}


def standing(
    *, draining: bool, hubs: Mapping[str, str], storage: Answering, looked: str = ""
) -> Standing:
    """Judge. *hubs* tells what is wrong with each, ``""`` for nothing; *looked* what the last look found."""
    problems = [Problem(f"hub {name}", why) for name, why in sorted(hubs.items()) if why]
    if storage.is_away or looked:
        problems.append(Problem("storage", looked or storage.why))
    return Standing(draining, tuple(problems))


class Readiness:
    """The readiness of a running server.

    *hubs* returns what is wrong with each hub, *heard* what was heard of storage, and *look* reads a row
    of it and raises where that fails.
    """

    def __init__(
        self,
        hubs: Callable[[], Mapping[str, str]],
        heard: Callable[[], Answering | None],
        look: Callable[[], Awaitable[None]],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._hubs = hubs
        self._heard = heard
        self._look = look
        self._monotonic = monotonic
        self._own = Answering()  # of looks, for storage of which nothing else is heard
        self._looked = ""
        self._looked_at: float | None = None
        self._looking: asyncio.Task[None] | None = None
        self._draining = asyncio.Event()

    def drain(self) -> None:
        """Be ready no more, for good."""
        self._draining.set()

    async def until_draining(self) -> None:
        """Wait until it is ready no more for good."""
        await self._draining.wait()

    def now(self) -> Standing:
        """Return how things stand, and have storage asked in the background if that is due."""
        heard = self._heard() or self._own
        if not self._draining.is_set():
            self._look_if_due(heard)
        return standing(
            draining=self._draining.is_set(),
            hubs=self._hubs(),
            storage=heard,
            looked=self._looked if heard.failures or heard is self._own else "",
        )

    async def close(self) -> None:
        """End a look that is under way; calling it twice is fine."""
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def _look_if_due(self, heard: Answering) -> None:
        now = self._monotonic()
        if self._looking is not None and not self._looking.done():
            return
        recent = self._looked_at is not None and now - self._looked_at < LOOK_EVERY
        if heard.is_stale(now, STALE_AFTER) and not recent:
            self._looked_at = now
            self._looking = asyncio.create_task(self._ask(), name="readiness")

    async def _ask(self) -> None:
        try:
            await self._look()
        except Exception as error:  # whatever it is, nobody waits for this task to hear of it
            self._looked = error.code if isinstance(error, DurahubError) else UNFORESEEN
            self._own.failed(self._looked)
            if self._looked == UNFORESEEN:
                place = "".join(traceback.format_tb(error.__traceback__))
                extra = {"error": type(error).__name__, "at": place}
                log.error("readiness-failed", extra=extra)
        else:
            self._looked = ""
            self._own.answered(self._monotonic())

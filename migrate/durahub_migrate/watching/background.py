"""What a watch does beside reading: once, when it has been quiet for a while, or again and again."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from durahub.errors import DurahubError

log = logging.getLogger(__name__)


class Once:
    """Calls *call* once, when nobody has asked for it for *quiet* seconds."""

    def __init__(self, call: Callable[[], None], quiet: float) -> None:
        self._call = call
        self._quiet = quiet
        self._alarm: asyncio.TimerHandle | None = None

    def ask(self) -> None:
        """Ask for the call; those who asked before get the same one."""
        self.close()
        self._alarm = asyncio.get_running_loop().call_later(self._quiet, self._call)

    def close(self) -> None:
        """Forget what was asked for."""
        if self._alarm is not None:
            self._alarm.cancel()


async def again_and_again(what: Callable[[], Awaitable[None]], pause: float) -> None:
    """Do *what* after each *pause* (seconds), until cancelled; what keeps it from that ends nothing."""
    while True:
        await asyncio.sleep(pause)
        try:
            await what()
        except DurahubError as error:
            log.debug("%s", error)
        except Exception:
            log.exception("what is done in the background failed")

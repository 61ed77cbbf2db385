"""A run over a numbered hub that is killed by itself: ``killed_run WORK-FILE INSTANCES AT``.

*AT* counts the savings and facts of this process until ``SIGKILL``: so it dies between any two of them.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator

from durahub_migrate.lint.sources.source import Read
from tests.lint.test_resuming import Numbered, run_in


class Killing(Numbered):
    """Kills its process instead of its fact number *at*."""

    def __init__(self, count: int, at: int) -> None:
        super().__init__(count)
        self._left = at

    async def facts(self, after: str | None = None) -> AsyncIterator[Read]:
        async for one in super().facts(after):
            self._left -= 1
            if self._left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
            yield one


if __name__ == "__main__":
    asyncio.run(run_in(sys.argv[1], Killing(int(sys.argv[2]), int(sys.argv[3]))))

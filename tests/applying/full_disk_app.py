"""Applies a plan where no file may grow beyond so many bytes, as on a disk that is full.

``python -m tests.applying.full_disk_app PLAN BYTES`` prints the code of the error that ended the run.
"""

import asyncio
import resource
import signal
import sys
from pathlib import Path

from durahub.errors import DurahubError
from tests.applying.counting_target import CountingMover, Target
from tests.applying.jobs import a_run


async def main(plan: Path) -> None:
    async with a_run(plan, CountingMover(Target(plan.parent / "target"))) as running:
        await running.apply()


if __name__ == "__main__":
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    most = int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    try:
        asyncio.run(main(Path(sys.argv[1])))
        print("none")
    except DurahubError as error:
        print(error.code)

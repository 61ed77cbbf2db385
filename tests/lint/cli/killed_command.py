"""``durahub`` that is killed by itself: ``killed_command FILES AT ARGUMENT...``.

Calls into modules whose paths hold one of *FILES* (``lint/book.py,bundle/``) are counted, and instead of
number *AT* the process gets ``SIGKILL``. If it comes to its end it says on stderr how many there were.
"""

import os
import signal
import sys
from types import FrameType
from typing import Any

from durahub.cli.entry import run_entry
from durahub.cli.main import cli


def main() -> int:
    files, at = tuple(sys.argv[1].split(",")), int(sys.argv[2])
    of_file: dict[str, bool] = {}
    calls = 0

    def count(frame: FrameType, event: str, _: Any) -> None:
        nonlocal calls
        if event != "call":
            return
        name = frame.f_code.co_filename
        counts = of_file.get(name)
        if counts is None:
            counts = of_file[name] = any(one in name for one in files)
        if counts:
            calls += 1
            if calls == at:
                os.kill(os.getpid(), signal.SIGKILL)

    del sys.argv[1:3]
    sys.setprofile(count)
    try:
        return run_entry(cli)
    finally:
        sys.setprofile(None)
        print(f"calls: {calls}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())

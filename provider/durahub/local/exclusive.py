"""A lock on a file that one process holds, and that ends with it however it ends.

It is the system's own lock (``flock``; on Windows a locked byte), so there are no stale ones. A
child that inherits the descriptor goes on holding it when its parent has died, until it ends too.
"""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

RETRY_EVERY = 0.05  # seconds


def acquire(file: Path) -> int | None:
    """Return a descriptor that holds the lock, to be closed by the caller; None if another has it.

    Our process id is written into *file*, for whoever is refused.
    """
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o666)
    if not _locked(descriptor):
        os.close(descriptor)
        return None
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor


def holder(file: Path) -> int | None:
    """Return the id of the process that took the lock, if that process still runs.

    None while the lock is held means: it died, and a child of it is just ending.
    """
    try:
        pid = int(file.read_text())
    except (OSError, ValueError):
        return None
    return pid if _runs(pid) else None


def is_held(file: Path) -> bool:
    """Tell whether a process holds the lock. One that asks for it at this very moment is refused.

    Raises `OSError` where the file may not be opened.
    """
    try:
        descriptor = os.open(file, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _locked(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def waiting_for(file: Path) -> Iterator[None]:
    """Hold the lock for the body, however long the other one takes."""
    while (descriptor := acquire(file)) is None:
        time.sleep(RETRY_EVERY)
    try:
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _runs(pid: int) -> bool:
    if sys.platform == "win32":
        return True  # signal 0 would not ask there, but send a Ctrl-C
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True  # another user's
    return True

"""The folder that holds Azurite's data, which only one Azurite may use at a time."""

import time
from pathlib import Path

from durahub.errors import AzuriteFailed
from durahub.local import exclusive

LOCK = "durahub.lock"


def claim(folder: Path, patience: float) -> int:
    """Make *folder* if need be; return a descriptor that holds it, for Azurite to inherit.

    While the one that had it has died and its Azurite is still writing its files, this waits,
    *patience* seconds at most. Raises `AzuriteFailed`, saying who has the folder.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = exclusive.acquire(folder / LOCK)
        deadline = time.monotonic() + patience
        while lock is None:
            pid = exclusive.holder(folder / LOCK)
            if pid is not None or time.monotonic() > deadline:
                who = f"process {pid}" if pid is not None else "an Azurite that does not end"
                raise AzuriteFailed(f"its data folder {folder} is in use by {who}")
            time.sleep(exclusive.RETRY_EVERY)
            lock = exclusive.acquire(folder / LOCK)
    except OSError as error:
        raise AzuriteFailed(f"its data folder {folder} cannot be used: {error.strerror}") from error
    return lock

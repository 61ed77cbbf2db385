"""Who runs a job, and on which hub one runs: locks that end with the process that holds them."""

import hashlib
import os
from pathlib import Path

from durahub.local import exclusive


class Locks:
    """The locks in the book's folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def job(self, number: int) -> int | None:
        """Have a job for this process; ``None`` if another has it, or we have it already."""
        return exclusive.acquire(self._job(number))

    def hub(self, hub: str) -> int | None:
        """Have a hub for a job of this process; ``None`` if another job has it."""
        return exclusive.acquire(self._hub(hub))

    def is_run(self, number: int) -> bool:
        """Tell whether some process has a job."""
        return exclusive.is_held(self._job(number))

    def _job(self, number: int) -> Path:
        return self._folder / f"job-{number}.lock"

    def _hub(self, hub: str) -> Path:
        return self._folder / f"hub-{hashlib.sha256(hub.lower().encode()).hexdigest()[:16]}.lock"


def release(*held: int | None) -> None:
    """Give locks back."""
    for one in held:
        if one is not None:
            os.close(one)

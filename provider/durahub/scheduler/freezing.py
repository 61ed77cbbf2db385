"""``durahub hub freeze`` and ``thaw`` of a hub in a file: its lock is held, so that no server can open it.

Beside the file lies what the freeze says of itself, ``hub.db-freeze``. It counts while the process that it
names has the lock. All hubs of a file are frozen together.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from durahub.errors import BadRequest, FileUnavailable, HubInUse, HubNotFound, NotFrozen
from durahub.freezing import Freeze, Seen, Tell, Terms, decode, encode
from durahub.model.ticks import Ticks, seconds_between
from durahub.scheduler import reads
from durahub.scheduler.connections import MEMORY, holder_of, locked, looking

LOOK_EVERY = 0.5  # seconds
HOLDER = "durahub-freeze"
NOTHING_ELSE = "No process but the freezer has the file, and what is not in it is nowhere."


def freeze_of(place: str) -> Freeze | None:
    """Return the freeze of a file, if there is one and its process has the file."""
    try:
        found = decode(_record(place).read_bytes())
    except OSError:
        return None
    return found if found is not None and found.process == holder_of(place) else None


def _record(place: str) -> Path:
    return Path(f"{Path(place).resolve()}-freeze")


def _had_by(holder: str, place: str) -> str:
    return (
        f"{holder} has the file {place} open, and a freeze has it alone; stop that process, and freeze "
        "then (--wait SECONDS waits for its end)"
    )


class FileFreezing:
    """Freezes one hub in a file, and thaws it: a `durahub.freezing.Freezer`."""

    def __init__(self, place: str, hub: str, clock: Callable[[], Ticks]) -> None:
        self._place = place
        self._hub = hub
        self._clock = clock
        self._held = contextlib.ExitStack()

    async def freeze(self, terms: Terms, tell: Tell) -> Freeze:
        """Have the file. Raises `HubInUse`, `HubNotFound`, and `BadRequest` for what outlasts the process."""
        if terms.lasting:
            raise BadRequest(
                "a hub in a file is frozen by a process that has the file: what is to last is that "
                "process, and no server opens the file when none is started"
            )
        self._check_there()
        begun, seen = self._clock(), tuple[Seen, ...]()
        while True:
            try:
                self._held.enter_context(locked(Path(self._place)))
                break
            except FileUnavailable as error:
                if error.holder is None:
                    raise  # nobody will let go of it
                now = self._clock()
                if seconds_between(begun, now) >= terms.wait:
                    raise HubInUse(self._hub, _had_by(error.holder, self._place)) from None
                seen = (Seen(who=error.holder, what="had the file", at=now),)
                tell(f"waiting for {error.holder} to let go of the file; stop it")
                await asyncio.sleep(LOOK_EVERY)
        now = self._clock()
        freeze = Freeze(
            hub=self._hub,
            store="scheduler",
            holder=HOLDER,
            lasting=False,
            begun=begun,
            frozen_at=now,
            leases=(f"file {Path(self._place).name}",),
            seen=seen,
            process=os.getpid(),
            not_stopped=NOTHING_ELSE,
        )
        _record(self._place).write_bytes(encode(freeze))
        self._held.callback(_record(self._place).unlink, missing_ok=True)
        return freeze

    def _check_there(self) -> None:
        if self._place == MEMORY or not Path(self._place).is_file():
            raise HubNotFound(self._hub, f"there is no file {self._place}")
        with looking(self._place) as connection:
            if reads.find_hub(connection, self._hub) is None:
                raise HubNotFound(self._hub, store=f"the file {self._place}")

    async def hold(self) -> None:
        """Hold it until cancelled. Raises `NotFrozen` when it was thawed."""
        while _record(self._place).exists():  # noqa: ASYNC110 (another process removes it)
            await asyncio.sleep(LOOK_EVERY)
        raise NotFrozen(self._hub, "it was thawed")

    async def release(self) -> None:
        """Let go of the file."""
        self._held.close()

    async def thaw(self) -> tuple[str, ...]:
        """Remove what a freeze says: then its process lets go of the file. Raises `HubNotFound`."""
        self._check_there()
        record = _record(self._place)
        if not record.exists():
            return ()
        was_held = freeze_of(self._place) is not None
        record.unlink(missing_ok=True)
        file = (f"file {Path(self._place).name}",) if was_held else ()
        return (*file, "the record of the freeze")

"""Which looks a hub gets, by what it is kept in."""

from collections.abc import Callable
from functools import partial

from durahub.address import HubAddress
from durahub.scheduler.connections import MEMORY
from durahub_migrate.monitor.hub import StoreKind
from durahub_migrate.watching.looks.classic import ClassicLooks
from durahub_migrate.watching.looks.scheduler import SchedulerLooks
from durahub_migrate.watching.looks.settings import LookSettings
from durahub_migrate.watching.looks.told import ToldLooks
from durahub_migrate.watching.opened import OpenedHub


class MakesLooks:
    """A `durahub_migrate.watching.looks_of.LooksOf` with *settings*; nothing is asked before it is used.

    In the process of a server *workers* returns how many workers are connected to it for a hub, by its name.
    """

    def __init__(
        self,
        settings: LookSettings | None = None,
        *,
        workers: Callable[[str], int] | None = None,
    ) -> None:
        self._settings = settings or LookSettings()
        self._workers = workers

    def __call__(self, opened: OpenedHub) -> ClassicLooks | SchedulerLooks | ToldLooks:
        """Return what looks at *opened*."""
        ref, index, clock = opened.ref, opened.index, opened.clock
        match ref.kind:
            case StoreKind.CLASSIC:
                assert opened.parts is not None  # noqa: S101 (for the types)
                return ClassicLooks(ref, opened.parts, index, clock, self._settings)
            case StoreKind.SCHEDULER:
                assert opened.file is not None  # noqa: S101 (for the types)
                is_ours = opened.storage is not None
                return SchedulerLooks(
                    ref,
                    opened.file,
                    MEMORY if is_ours else _file_of(opened),
                    index,
                    clock,
                    self._settings,
                    workers=partial(self._workers, ref.name)
                    if is_ours and self._workers is not None
                    else None,
                )
            case _:
                return ToldLooks(ref, opened.live, index, clock, self._settings)


def _file_of(opened: OpenedHub) -> str:
    """Return the path of the file."""
    return opened.place.store.place if isinstance(opened.place, HubAddress) else ""

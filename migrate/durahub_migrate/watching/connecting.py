"""The way to one hub, by what it is kept in: opened once, found again after it was lost."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.hub import HubRef
from durahub_migrate.watching.budget import RequestBudget
from durahub_migrate.watching.keeping import HubIndex
from durahub_migrate.watching.opened import OpenedHub
from durahub_migrate.watching.reading.limits import Limits
from durahub_migrate.watching.sources.row_source import RowSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What every way to a hub is told. With *inputs* the index keeps the heads of inputs.

    *answers_within* are the seconds after which an account counts as one that does not answer.
    """

    ref: HubRef
    index: HubIndex
    budget: RequestBudget
    clock: Callable[[], Ticks]
    limits: Limits
    inputs: bool = False
    answers_within: float = 15.0


@dataclass(frozen=True, slots=True)
class Found:
    """A hub that was found."""

    rows: RowSource
    hub: OpenedHub


class Connection(Protocol):
    """The way to a hub."""

    async def open(self) -> Found:
        """Find the hub; again after a failure. Raises `HubNotFound`, `Unavailable`."""

    async def close(self) -> None:
        """Release what was opened; calling it twice is fine."""

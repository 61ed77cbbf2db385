"""How a name went lately, from the index."""

import asyncio
from typing import Protocol, runtime_checkable

from durahub.errors import NotOffered
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.series import Series
from durahub_migrate.web.call import Call
from durahub_migrate.web.operations import Kind, Operation, Parameter


@runtime_checkable
class Charted(Protocol):
    """An index that knows how a name went: `durahub_migrate.watching.index.LocalIndex`."""

    def series(self, name: str | None, hours: float, now: Ticks) -> Series:
        """Return how a name, or all, went in the last *hours*."""


def operations() -> list[Operation]:
    """Return what is answered here."""
    return [
        Operation(
            method="GET",
            path="api/hubs/{hub}/series",
            about="How many were started, ended and failed lately, and how long they took.",
            handler=series,
            gives=Series,
            parameters=(
                Parameter(name="name", about="the orchestration's name; without it all"),
                Parameter(
                    name="hours",
                    about="how far back",
                    kind=Kind.NUMBER,
                    default=24.0,
                    least=0.1,
                    most=8_784,
                ),
            ),
        )
    ]


async def series(call: Call) -> Series:
    """Return the series of a name."""
    hub = call.hub
    if not isinstance(hub.index, Charted):
        raise NotOffered(hub.ref.key, "a chart", "its index keeps no times")
    given = call.given
    return await asyncio.to_thread(
        hub.index.series, given["name"] or None, given["hours"], call.now
    )

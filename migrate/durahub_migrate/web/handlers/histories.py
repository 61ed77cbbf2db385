"""Histories drawn and compared: sequence diagram, differences, runs of one name."""

import asyncio
from dataclasses import dataclass

from durahub.errors import DurahubError, InstanceNotFound
from durahub_migrate.monitor.access import PAYLOADS
from durahub_migrate.monitor.histories import DiffLine, Group, RunsGrid, SequenceDiagram
from durahub_migrate.monitor.query import AllOf, Query, Relation
from durahub_migrate.monitor.querying import condition
from durahub_migrate.monitor.querying.patterns import literal
from durahub_migrate.monitor.row import Row, Sort
from durahub_migrate.monitor.seam import HubWatch, LiveHistory
from durahub_migrate.monitor.telling.differing import differences
from durahub_migrate.monitor.telling.grouping import groups_of
from durahub_migrate.monitor.telling.runs import runs_grid
from durahub_migrate.monitor.telling.sequence import sequence_of
from durahub_migrate.web.call import Call
from durahub_migrate.web.handlers.details import ID
from durahub_migrate.web.operations import Kind, Operation, Parameter

AT_ONCE = 4  # histories that are read at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Two histories side by side; *same* and *different* count the lines."""

    left: Row
    right: Row
    lines: tuple[DiffLine, ...]
    same: int
    different: int


def operations() -> list[Operation]:
    """Return what is answered here."""
    return [
        Operation(
            method="GET",
            path="api/hubs/{hub}/sequence",
            about="A history as a sequence diagram, and as a text for Mermaid.",
            handler=sequence,
            gives=SequenceDiagram,
            parameters=(ID,),
        ),
        Operation(
            method="GET",
            path="api/hubs/{hub}/runs",
            about="The last runs of one name by their tasks.",
            handler=runs,
            gives=RunsGrid,
            parameters=(
                Parameter(name="name", about="the orchestration's name", required=True),
                Parameter(
                    name="count", about="runs", kind=Kind.WHOLE, default=20, least=1, most=100
                ),
            ),
        ),
        Operation(
            method="GET",
            path="api/diff",
            about="What two instances did differently.",
            handler=difference,
            gives=Difference,
            parameters=(
                Parameter(name="leftHub", about="the key of the one's hub", required=True),
                Parameter(name="left", about="the one's ID", required=True),
                Parameter(name="rightHub", about="the key of the other's hub", required=True),
                Parameter(name="right", about="the other's ID", required=True),
                Parameter(name="times", about="compare times, too", kind=Kind.FLAG, default=False),
            ),
        ),
    ]


async def sequence(call: Call) -> SequenceDiagram:
    """Return a history as a diagram."""
    history = await call.hub.history(call.given.text("id"))
    return await asyncio.to_thread(sequence_of, history)


async def runs(call: Call) -> RunsGrid:
    """Return the last runs of a name. Such as cannot be read are left out."""
    hub, name = call.hub, call.given.text("name")
    node = AllOf(
        (
            condition("hub", Relation.EQUALS, (literal(hub.ref.key),), call.now),
            condition("name", Relation.EQUALS, (literal(name),), call.now),
            condition("kind", Relation.EQUALS, ("orchestration",), call.now),
        )
    )
    page = await asyncio.to_thread(
        hub.index.page, Query(name, node, call.now), Sort(), count=call.given["count"]
    )
    turn = asyncio.Semaphore(AT_ONCE)
    found = await asyncio.gather(*(_groups(hub, row, turn) for row in page.rows))
    return runs_grid(name, [one for one in found if one is not None])


async def _groups(
    hub: HubWatch, row: Row, turn: asyncio.Semaphore
) -> tuple[Row, tuple[Group, ...]] | None:
    async with turn:
        try:
            history = await hub.history(row.instance_id)
        except DurahubError:
            return None
    return row, await asyncio.to_thread(groups_of, history)


async def difference(call: Call) -> Difference:
    """Return two histories side by side."""
    given, sight = call.given, call.sight
    left_hub, right_hub = sight.hub(given["leftHub"]), sight.hub(given["rightHub"])
    left, left_history = await _instance(left_hub, given["left"])
    right, right_history = await _instance(right_hub, given["right"])
    lines = await asyncio.to_thread(
        differences, left_history, right_history, times=given["times"], showing=sight.showing()
    )
    found = Difference(
        left=left,
        right=right,
        lines=lines,
        same=sum(line.change == "same" for line in lines),
        different=sum(line.change != "same" for line in lines),
    )
    keys = (left_hub.ref.key, right_hub.ref.key)
    # A line has texts of both: it is shown as the hub wants it that shows less.
    where = next((key for key in keys if not sight.may(PAYLOADS, key)), keys[0])
    return sight.shown(found, where)


async def _instance(hub: HubWatch, instance_id: str) -> tuple[Row, LiveHistory]:
    detail = await hub.detail(instance_id)
    if detail is None:
        raise InstanceNotFound(instance_id)
    return detail.row, await hub.history(instance_id)

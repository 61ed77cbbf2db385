"""Histories of the recorded hubs and made ones, as a source would read them."""

from collections.abc import Iterable, Iterator

from durahub.classic.keys import unescape
from durahub.classic.stored_rows import stored_event
from durahub.model.history import (
    Event,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
)
from durahub.model.ticks import Ticks, later, parse
from durahub_migrate.monitor.histories import Group
from durahub_migrate.monitor.seam import LiveHistory
from tests.golden.recorded import HUBS, RecordedHub

START = parse("2026-01-02T03:04:05Z")


def recorded(hub: RecordedHub) -> Iterator[tuple[str, LiveHistory]]:
    """Yield the histories of a hub with the IDs of their instances."""
    for key, rows in hub.current_history.items():
        stored = [stored_event(row)[1] for row in rows]
        yield (
            unescape(key),
            live(
                (one.event for one in stored),
                beside={number: one.beside for number, one in enumerate(stored) if one.beside},
            ),
        )


def recorded_history(hub_name: str, instance_id: str) -> LiveHistory:
    hub = next(one for one in HUBS if one.name == hub_name)
    return dict(recorded(hub))[instance_id]


def live(events: Iterable[Event], **members: object) -> LiveHistory:
    return LiveHistory(execution_id="e1", events=tuple(events), **members)  # type: ignore[arg-type]


def at(seconds: float) -> Ticks:
    return later(START, seconds)


def started(seconds: float = 0, name: str = "Order", **members: object) -> ExecutionStarted:
    return ExecutionStarted(
        timestamp=at(seconds),
        execution=Execution("order/7", "e1"),
        name=name,
        **members,  # type: ignore[arg-type]
    )


def ended(
    seconds: float, status: Status = Status.Completed, **members: object
) -> ExecutionCompleted:
    return ExecutionCompleted(timestamp=at(seconds), status=status, **members)  # type: ignore[arg-type]


def turn(seconds: float, *events: Event) -> tuple[Event, ...]:
    """Return *events* as a turn that begins then."""
    return (
        OrchestratorStarted(timestamp=at(seconds)),
        *events,
        OrchestratorCompleted(timestamp=at(seconds)),
    )


def of_kind(groups: Iterable[Group], kind: str) -> list[Group]:
    return [one for one in groups if one.kind == kind]

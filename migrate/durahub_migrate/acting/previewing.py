"""What a rewind would run again, in words: by our engine, or by .NET's older way where that runs it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from durahub.engine import rewind
from durahub.engine.rewind_in_place import marks_of
from durahub.model.history import (
    Event,
    SubOrchestrationInstanceCreated,
    SubOrchestrationInstanceFailed,
    TaskScheduled,
)
from durahub.model.instance import Instance


@dataclass(frozen=True, slots=True)
class Preview:
    """What runs again, as sentences, and the children that are rewound with it, their own reruns left out."""

    reruns: tuple[str, ...]
    children: tuple[str, ...]


def children_of(events: Sequence[Event], *, in_place: bool) -> tuple[str, ...]:
    """Return the children whose rows have to be known for a preview."""
    return marks_of(events)[1] if in_place else rewind.concerned_children(events)


def preview(
    events: Sequence[Event], children: Mapping[str, Instance | None], *, in_place: bool
) -> Preview:
    """Return what rewinding the failed history *events* runs again.

    *children* are the rows of `children_of`. *in_place*: a worker of another make holds the partition.
    """
    if in_place:
        return _in_place(events, children)
    found = rewind.reruns(events, children)
    return Preview(
        reruns=(
            *(f"activity {one.name} ({one.event_id})" for one in found.activities),
            *(f"child {one.name} {_id(one)}: rewound" for one in found.rewound),
            *(f"child {one.name} {_id(one)}: started anew" for one in found.anew),
        ),
        children=tuple(_id(one) for one in found.rewound),
    )


def _in_place(events: Sequence[Event], children: Mapping[str, Instance | None]) -> Preview:
    marks, _ = marks_of(events)
    again = (events[mark.index] for mark in marks if mark.generic)
    reruns = [
        f"activity {one.name} ({one.event_id})" for one in again if isinstance(one, TaskScheduled)
    ]
    rewound = [one for one in _failed_children(events) if _is_failed(children.get(_id(one)))]
    return Preview(
        reruns=(*reruns, *(f"child {one.name} {_id(one)}: rewound" for one in rewound)),
        children=tuple(map(_id, rewound)),
    )


def _failed_children(events: Sequence[Event]) -> Iterator[SubOrchestrationInstanceCreated]:
    failed = {e.task_scheduled_id for e in events if isinstance(e, SubOrchestrationInstanceFailed)}
    for event in events:
        if isinstance(event, SubOrchestrationInstanceCreated) and event.event_id in failed:
            yield event


def _is_failed(row: Instance | None) -> bool:
    return row is not None and row.status.name in ("Failed", "Pending")


def _id(created: SubOrchestrationInstanceCreated) -> str:
    return created.instance_id or ""

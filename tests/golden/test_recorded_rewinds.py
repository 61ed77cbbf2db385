"""What a rewind in place does to rows is what .NET did to those that were recorded."""

import pytest
from recorded import HUBS, Row

from durahub.classic.columns import from_odata
from durahub.classic.history_rows import SENTINEL, decode
from durahub.engine.rewind_in_place import Mark, marks_of

REWOUND = "Rewound: "
INSTANCES = [
    ("finished", "rewound", ()),
    ("edges", "rewound-with-children", ("rewound-with-children:a",)),
    ("edges", "rewound-with-children:a", ()),
]


def rows_before(hub_name: str, instance_id: str) -> list[Row]:
    """Return the rows of an instance up to its first end, as they are after the rewind."""
    hub = next(hub for hub in HUBS if hub.name == hub_name)
    entities = [e for e in hub.history if e["PartitionKey"] == instance_id]
    rows = [from_odata(entity) for entity in entities if entity["RowKey"] != SENTINEL]
    end = next(
        n for n, row in enumerate(rows) if row.get("Reason") == f"{REWOUND}ExecutionCompleted"
    )
    return rows[: end + 2]


@pytest.mark.parametrize(("hub", "instance_id", "children"), INSTANCES)
def test_the_marks_are_those_that_dotnet_left(
    hub: str, instance_id: str, children: tuple[str, ...]
) -> None:
    left: list[Mark] = []
    events = []
    for index, row in enumerate(rows_before(hub, instance_id)):
        reason = str(row.get("Reason") or "")
        if reason.startswith(REWOUND):
            left.append(Mark(index, reason, generic=row["EventType"] == "GenericEvent"))
            row = {**row, "EventType": reason.removeprefix(REWOUND)}  # as it was before
        events.append(decode(row).event)

    marks, failed = marks_of(events)

    assert left
    assert marks == tuple(left)
    assert failed == children

"""What a job's journal tells of messages: one count for everybody who tells it."""

from collections import Counter
from collections.abc import Iterable
from sqlite3 import Connection

from durahub_migrate.applying import told_rows, unit_fates
from durahub_migrate.applying.states import JobState


def messages(
    connection: Connection, state: JobState, groups: Iterable[unit_fates.Group]
) -> tuple[int, dict[str, int]]:
    """Return how many messages were moved in a job of that *state*, and how many were not, by why."""
    moved = sum(group.messages for group in groups)
    if state is not JobState.ABORTED:  # those of no unit; what is left of them is among the others
        moved += sum(told_rows.told(connection, "moved").values())
    left, dropped = (told_rows.told(connection, kind) for kind in ("left", "dropped"))
    return moved, dict(Counter(left) + Counter(dropped))

"""Starts of children that ran here before another of their parent's followed them under the same ID.

A parent's turn that was lost may have sent a start once more. While the child of that start is what the
history tells of, its owner shows that; but when the parent has continued as new, and has started the next
child of that ID, its history takes the place of the earlier one. So it names the owners of those before
it. One that is named has run to its end, and the parent that waited for it is another execution by now.

A start that never ran is not named, however late it comes: it runs.
"""

from collections.abc import Sequence
from typing import TypeAlias

from durahub.model.history import ExecutionStarted

MOST = 20  # owners that are named, the latest

Owner: TypeAlias = tuple[str | None, int]
"""An execution of a parent, and the number of the action by which it has started a child."""


def owner_of(started: ExecutionStarted) -> Owner | None:
    """Return who has started a child, ``None`` for what is none."""
    parent = started.parent
    return (parent.execution.execution_id, parent.task_schedule_id) if parent else None


def have_one_parent(old: ExecutionStarted | None, new: ExecutionStarted) -> bool:
    """Tell whether executions of one instance have started both."""
    if old is None or old.parent is None or new.parent is None:
        return False
    return old.parent.execution.instance_id == new.parent.execution.instance_id


def outlived_by(
    start: ExecutionStarted, old: ExecutionStarted | None, named: Sequence[str]
) -> tuple[str, ...]:
    """Return what the history that begins with *start* names: what *old*'s has *named*, and that one."""
    if old is None or not have_one_parent(old, start):
        return ()
    last = _name(old)
    return (*(one for one in named if one != last), last)[-MOST:]


def is_outlived(
    event: ExecutionStarted, old: ExecutionStarted | None, named: Sequence[str]
) -> bool:
    """Tell whether *event* started a child that is over, and was sent before *old*, which followed it.

    An earlier turn of the parent that runs again may want it again: its start is not older.
    """
    if old is None or not have_one_parent(old, event) or _name(event) not in named:
        return False
    return event.timestamp < old.timestamp


def _name(started: ExecutionStarted) -> str:
    execution_id, number = owner_of(started) or (None, 0)
    return f"{execution_id or ''}:{number}".casefold()

"""Reminders: what a forced end leaves in the queue until all is done, for who finds its server gone.

A forced end is written first, and told behind that: should the write come to nothing, the execution lives
on, its locks are its own, and neither its parent nor its children know of an end. Before it a reminder is
put, and behind it all it is deleted. It is the termination once more: it ends an execution that lives on;
where that is over, its receiver puts the row right and tells once more whoever was to be told.
"""

from durahub.engine.commit import Commit, HistoryVersion
from durahub.engine.effects import Actor, tell_parent
from durahub.engine.entities.releases import (
    RELEASES_TAG,
    release_in,
    releases_of_termination,
    tags_of_termination,
)
from durahub.engine.state import State, same_execution
from durahub.model.history import Execution, ExecutionTerminated, Status
from durahub.model.json_text import read, write
from durahub.model.message import Message
from durahub.model.ticks import Ticks

CHILDREN_TAG = "durahub.children"
"""In a reminder: a JSON list of the children that are to end too."""


def reminder_of(commit: Commit) -> Message | None:
    """Return what reminds of the forced end that *commit* is; of another commit ``None``."""
    cause = next((one for one in commit.events if isinstance(one, ExecutionTerminated)), None)
    if cause is None:
        return None
    tags = tags_of_termination(one for one in commit.outbound if release_in(one) is not None)
    children = [
        one.target.instance_id
        for one in commit.outbound
        if isinstance(one.event, ExecutionTerminated)
    ]
    if children:
        tags = {**tags, CHILDREN_TAG: write(children)}
    return Message(event=cause, target=commit.execution, tags=tags)


def told_again(
    message: Message, version: HistoryVersion, state: State, now: Ticks
) -> tuple[Message, ...]:
    """Return what is told where *message* is a reminder and finds its execution over; else nothing."""
    target = message.target
    if not isinstance(message.event, ExecutionTerminated) or RELEASES_TAG not in (
        message.tags or {}
    ):
        return ()
    is_there = same_execution(target.execution_id, version.execution_id)
    if is_there and state.is_live:
        return ()
    releases = releases_of_termination(message, now)
    if not is_there or state.status is not Status.Terminated:
        return releases  # it ended by itself, and has told of that
    parent = end_told_again(target.instance_id, version, state, now)
    children = _children_terminated(message, message.event, now)
    return (*((parent,) if parent is not None else ()), *children, *releases)


def end_told_again(
    instance_id: str, version: HistoryVersion, state: State, now: Ticks
) -> Message | None:
    """Return what the parent of an execution that is over has been told; ``None`` where nobody waits."""
    if state.started is None or state.completed is None:
        return None
    child = Actor(
        execution=Execution(instance_id, version.execution_id),
        started=state.started,
        episode=state.episodes,
        now=now,
    )
    return tell_parent(state.completed, child)


def _children_terminated(
    message: Message, cause: ExecutionTerminated, now: Ticks
) -> tuple[Message, ...]:
    try:
        found = read((message.tags or {}).get(CHILDREN_TAG, "null"))
    except ValueError:
        return ()  # a redacted one, for instance
    if not isinstance(found, list):
        return ()
    event = ExecutionTerminated(timestamp=now, input=cause.input, recurse=True)
    return tuple(
        Message(event=event, target=Execution(child), sender=message.target)
        for child in found
        if isinstance(child, str)
    )

"""Activities that were scheduled without a message, and the column of the sentinel that names them.

At the level ``exclusive`` an activity that this server runs by itself has no work-item message. What stands
for it is its row in the history, which then holds the input too, and a column of ours in the sentinel: it
is written in one transaction with the rows, so that it is exact, and DTFx ignores and keeps it. The column
also names the *anchor*, a message of the instance that was consumed but is kept in its queue, hidden for
as long as its server lives. Whoever receives the anchor knows that nobody runs these activities any more.

The column holds ``{"execution": "…", "tasks": "0-4,7", "anchor": "…"}``, or nothing when all is settled. It
counts only for the execution that it names: a worker that goes on with another one leaves it as it was.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from durahub.classic.columns import Columns
from durahub.engine.state import answer_of, same_execution
from durahub.errors import BadRow
from durahub.model.history import (
    Event,
    Execution,
    ExecutionStarted,
    OrchestratorStarted,
    TaskScheduled,
)
from durahub.model.json_text import loads
from durahub.model.message import Message

COLUMN = "DurahubUnposted"
MOST = 1_000
"""Activities that the column names: far fewer characters than a column may have, in any order."""
MOST_NUMBERS = 10 * MOST  # in all ranges: what names more is no work of ours


@dataclass(frozen=True, slots=True)
class Unposted:
    """The activities of an execution that have no message, by their task IDs, and the anchor's message ID."""

    execution_id: str
    tasks: frozenset[int]
    anchor: str


def encode(unposted: Unposted | None) -> str:
    """Return the column's text; without any activity it is empty."""
    if unposted is None or not unposted.tasks:
        return ""
    return json.dumps(
        {
            "execution": unposted.execution_id,
            "tasks": _ranges(unposted.tasks),
            "anchor": unposted.anchor,
        },
        separators=(",", ":"),
    )


def decode(guard: Columns) -> Unposted | None:
    """Return what the sentinel *guard* says; ``None`` if all is settled. Raises `BadRow`."""
    text = guard.get(COLUMN)
    if text is None or text == "":
        return None
    try:
        found = loads(str(text))
        unposted = Unposted(
            str(found["execution"]), frozenset(_numbers(found["tasks"])), str(found["anchor"])
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        place = f"{guard.get('PartitionKey')}/{guard.get('RowKey')}"
        raise BadRow(place, f"column {COLUMN} names no activities") from None
    execution_id = guard.get("ExecutionId")
    of_this = isinstance(execution_id, str) and same_execution(execution_id, unposted.execution_id)
    return unposted if of_this and unposted.tasks else None


def outstanding(
    instance_id: str, events: Iterable[Event], unposted: Unposted
) -> tuple[Message, ...]:
    """Return the messages of the *unposted* activities that have no result in the history *events*.

    They are what the messages would have been, by their rows: in the order of scheduling.
    """
    execution = Execution(instance_id, unposted.execution_id)
    started: ExecutionStarted | None = None
    episode = 0
    found: dict[int, Message] = {}
    for event in events:
        match event:
            case OrchestratorStarted():
                episode += 1
            case ExecutionStarted():
                started = started or event
            case TaskScheduled() if event.event_id in unposted.tasks:
                tags = (started.tags if started is not None else None) or {}
                sent = replace(event, is_played=False, worker_number=None)  # as in messages
                found[event.event_id] = Message(
                    event=sent, target=execution, sender=execution, episode=episode, tags=tags
                )
            case _:
                answer = answer_of(event)
                if answer is not None and answer[0] == "task":
                    found.pop(answer[1], None)
    return tuple(found.values())


def _ranges(numbers: Iterable[int]) -> str:
    """Return numbers from 0 on as text: ``"0-4,7"``."""
    return ",".join(
        str(first) if first == last else f"{first}-{last}" for first, last in _runs(numbers)
    )


def _runs(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    first = last = None
    for number in sorted(numbers):
        if last is not None and number == last + 1:
            last = number
            continue
        if first is not None and last is not None:
            yield first, last
        first = last = number
    if first is not None and last is not None:
        yield first, last


def _numbers(text: str) -> Iterator[int]:
    left = MOST_NUMBERS
    for part in text.split(",") if text else ():
        first, dash, last = part.partition("-")
        begin, end = int(first), int(last if dash else first) + 1
        left -= end - begin
        if begin >= end or left < 0:
            raise ValueError(part)
        yield from range(begin, end)

"""In what a message of ours may differ from the one that .NET wrote, and why.

Compared is the JSON text as it lies in the queue or in a blob, letter for letter, so also the order of
members, their types and escapes; besides, the queue, and when it is to be delivered.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from durahub.classic.due import due_of
from durahub.classic.envelope import Wrapper, decode
from durahub.model.ticks import to_text
from tests.sdk.neutral_texts import neutral_ids, neutral_times

Ours = bool  # whether a message is ours, or .NET's

A_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Compared:
    """A message of either side, as its parts are compared."""

    queue: str  # without the hub's name: "control-02", "workitems"
    text: str
    delivery: str  # "now", "when due" or "in hand": a receiver has it, or had it when it ended
    due: datetime | None = field(default=None, compare=False)
    early_by: timedelta = field(default=timedelta(0), compare=False)  # how long before it is due


@dataclass(frozen=True)
class Difference:
    """What *alike* makes neutral in the text, or the delivery, of either side's message."""

    reason: str
    alike: Callable[[Compared, Ours], Compared]


def _text(change: Callable[[str], str], *, of: bool | None = None) -> Any:
    """Return what changes the text of either side, or only that which is ours (*of*) or not."""

    def alike(found: Compared, ours: Ours) -> Compared:
        applies = of is None or of is ours
        text = change(found.text) if applies else found.text
        return replace(found, text=text)

    return alike


def _sub(pattern: str, mark: str, *, of: bool | None = None) -> Any:
    return _text(lambda text: re.sub(pattern, mark, text), of=of)


def _not_in_hand(found: Compared, ours: Ours) -> Compared:
    return replace(found, delivery="now") if _is_in_hand(found, ours) else found


def _timer_not_in_hand(found: Compared, ours: Ours) -> Compared:
    in_hand = _is_in_hand(found, ours) and found.due is not None
    return replace(found, delivery="when due") if in_hand else found


def _is_in_hand(found: Compared, ours: Ours) -> bool:
    return not ours and found.delivery == "in hand"


TABLE = (
    Difference("GUIDs and execution IDs are made up", _text(neutral_ids)),
    Difference("it was sent at another time", _text(neutral_times)),
    Difference(
        "it counts what a process has sent; another one had sent something else before",
        _sub(r'(?<="SequenceNumber":)[1-9]\d*', "<number>"),
    ),
    Difference(
        "a worker on .NET Framework cannot resolve the type of .NET's dictionary; no reader needs it",
        _sub(
            r'"\$type":"System\.Collections\.Generic\.Dictionary`2\[\[System\.String, '
            r'System\.Private\.CoreLib\],\[System\.String, System\.Private\.CoreLib\]\]",?',
            "",
            of=False,
        ),
    ),
    Difference(
        "the Python SDK's client says when it asked an entity, and asks for a trace of it",
        _sub(
            r'\\"createTrace\\":true,\\"requestTime\\":\\"<time>\+00:00\\"',
            r'\\"createTrace\\":false',
            of=True,
        ),
    ),
    Difference(
        "a timer that fired early was received by .NET while it stopped; ours was not yet due",
        _timer_not_in_hand,
    ),
    Difference(
        "what a worker has when it stops we give back; .NET leaves it hidden until that times out",
        _not_in_hand,
    ),
)


def alike(found: Compared, *, ours: Ours, table: Sequence[Difference] = TABLE) -> Compared:
    """Return a message without what may differ."""
    for difference in table:
        found = difference.alike(found, ours)
    return found


def compared(
    hub: str, messages: Iterable[tuple[str, str, datetime]], read_at: datetime
) -> Iterator[tuple[str, Compared]]:
    """Yield the messages of *hub*, each with its instance; given are queue, text, time of appearing."""
    for queue, text, visible_at in messages:
        found = decode(text)
        if isinstance(found, Wrapper):
            instance, due = found.blob_name.rpartition("/")[0], None
        else:
            instance = found.message.target.instance_id
            ticks = due_of(found.message)
            due = None if ticks is None else _datetime(to_text(ticks))
        delivery = _delivery(visible_at, due, read_at)
        yield (
            instance,
            Compared(
                queue=queue.removeprefix(f"{hub.lower()}-"),
                text=text,
                delivery=delivery,
                due=due,
                early_by=due - visible_at if due is not None else timedelta(0),
            ),
        )


def _delivery(visible_at: datetime, due: datetime | None, read_at: datetime) -> str:
    if due is not None and abs(visible_at - due) <= A_SECOND:
        return "when due"
    if visible_at > read_at:
        return "in hand"
    return "when due" if due is not None and due <= read_at else "now"


def _datetime(text: str) -> datetime:
    seconds, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{seconds}.{fraction[:6]:0<6}+00:00")

"""What of a recorded hub ends otherwise where it was moved to, and why; each must still be so.

What a foreign server or the Python SDK does otherwise is none of the move's: so no entry may be here for
anything that a move could have done better.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.golden.moving.foreign import ABSENT, Differences


@dataclass(frozen=True)
class Known:
    """What is found at the target instead, by member, and why."""

    why: str
    instead: Mapping[str, Any]


BEGINS_AT_ONCE = "the backend begins a scheduled start at once: it stays on the old hub (--drain)"
NO_PARENTS = "the backend tells children nothing of their parents"
WOKEN = (
    "the app asks for what waits, which takes a turn: a pause that nobody sees has brought it about"
)


def _leg(name: str) -> dict[str, Any]:
    return {"leg": name, "parent": None, "hello": f"Hello, {name}!"}


_DRAINED = Known(BEGINS_AT_ONCE, {"": ABSENT})
_WOKEN = Known(WOKEN, {"events": {"ExecutionSuspended": 1, "ExecutionResumed": 1}})

AT_FOREIGN: dict[str, dict[str, Known]] = {
    "waiting": {"scheduled-far": _DRAINED},
    "killed": {"scheduled-far": _DRAINED},
    "edges": {"terminated-before-its-start-far": _DRAINED},
    "entities": {"call-waits-for-lock": _WOKEN},
    "functions": {
        "scheduled-3-days": _DRAINED,
        "awaits-many": _WOKEN,
        "call-waits-for-lock": _WOKEN,
        "never-started-parent": Known(NO_PARENTS, {"output": [_leg("one"), _leg("two")]}),
        "never-started-parent:leg-1": Known(NO_PARENTS, {"output": _leg("one")}),
        "58de8769cfda4e988ef4747c1794ebcf:1": Known(NO_PARENTS, {"output": _leg("two")}),
    },
}
"""At the in-memory backend of the ``durabletask`` package, by hub and instance."""

NO_FUNCTIONS = (
    "it has come to be since, and no host of Durable Functions 2.x shares the file: it is without their"
    " member 'exists'"
)
IN_FILE = {
    "functions": {
        "@milesaccount@w": NO_FUNCTIONS,
        "@visits@x": NO_FUNCTIONS,
    }
}
"""In a hub in a file of ours, by hub and instance."""

RUN_AGAIN = {
    "crash-outbox": (
        "its activities are in the queue, and the message that schedules them is there as well: at least once"
    )
}
"""Hubs of which each activity may run twice after a move that takes messages along as they are."""


def differences_at_foreign(hub: str) -> Differences:
    """Return what is to be found otherwise at the foreign server."""
    return {one: known.instead for one, known in AT_FOREIGN.get(hub, {}).items()}


def drained(hub: str) -> list[str]:
    """Return the options by which a plan leaves on the old hub what the server would begin at once."""
    found = [one for one, known in AT_FOREIGN.get(hub, {}).items() if known is _DRAINED]
    return [option for one in found for option in ("--drain", one)]

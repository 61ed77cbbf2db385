"""Whether an instance ID that is in use may be started again."""

from enum import Enum, auto

from durahub.model.history import Status


class Reuse(Enum):
    """What a start of an existing ID comes to."""

    REPLACE = auto()
    TERMINATE_FIRST = auto()
    REJECT = auto()


def decide(status: Status, replaceable: frozenset[Status] | None) -> Reuse:
    """Return what to do about an instance in *status*.

    *replaceable* is the request's policy, ``None`` where it sent none: then what has ended may be
    replaced, as in Durable Functions, and running work is never destroyed.
    """
    if replaceable is None:
        return Reuse.REPLACE if status.is_terminal else Reuse.REJECT
    if status not in replaceable:
        return Reuse.REJECT
    if status in (Status.Running, Status.Suspended):
        return Reuse.TERMINATE_FIRST
    return Reuse.REPLACE

"""The instances of a job: where each stands, and what that allows."""

from dataclasses import dataclass, replace
from enum import Enum

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.actions import Command, Verb
from durahub_migrate.monitor.possible import OF_ENTITIES, OF_ORCHESTRATIONS, Offers, one
from durahub_migrate.monitor.row import Kind, Row

OF_JOBS = frozenset((*OF_ORCHESTRATIONS, *OF_ENTITIES))
"""Actions that can be done to many: those on an instance or an entity."""

REPEATABLE = frozenset(
    {
        Verb.SUSPEND,
        Verb.RESUME,
        Verb.TERMINATE,
        Verb.PURGE,
        Verb.SET_CUSTOM_STATUS,
        Verb.DELETE_ENTITY,
    }
)
"""Actions of which a second one does nothing, or the same once more."""

PURGES = frozenset({Verb.PURGE, Verb.DELETE_ENTITY})


class State(Enum):
    """How an instance of a job stands. Reports say it so."""

    WAITING = "waiting"
    TRIED = "tried"  # the action was about to be sent
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"
    UNCERTAIN = "uncertain"  # it may have been done, and is not repeated


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An instance of a job. *status* and *execution_id* are as it was counted.

    *archived* is the part of the archive that has it, as it was when it was *updated* last. *sentence* says
    what became of it, *new_id* is what was started for it.
    """

    seq: int
    instance_id: str
    status: str
    execution_id: str | None = None
    state: State = State.WAITING
    archived: int | None = None
    updated: Ticks | None = None
    sentence: str | None = None
    new_id: str | None = None
    instances: int = 0
    rows: int = 0
    at: Ticks | None = None


def item_of(seq: int, row: Row, command: Command, offers: Offers) -> Item:
    """Return the item of a row that was found, skipped if the action makes no sense for it."""
    found = Item(
        seq=seq, instance_id=row.instance_id, status=row.status, execution_id=row.execution_id
    )
    why = why_not(row, command, offers)
    return found if why is None else skipped(found, why)


def why_not(row: Row, command: Command, offers: Offers) -> str | None:
    """Return why an action cannot be done with an instance as it is, ``None`` if it can."""
    is_restart = command.verb is Verb.RESTART and not command.arguments.get("newId")
    if is_restart and row.kind is Kind.ORCHESTRATION and not row.is_ended:
        return f"it is {row.status}: under its own ID only what has ended is restarted"
    return one(command.verb, row, offers).why_not


def was_done(verb: Verb, row: Row | None) -> bool:
    """Tell whether an instance is as *verb* leaves it: then an earlier try has come through."""
    if verb in PURGES:
        return row is None
    wanted = {Verb.TERMINATE: "Terminated", Verb.SUSPEND: "Suspended", Verb.RESUME: "Running"}
    return row is not None and row.status == wanted.get(verb)


def changed(item: Item, row: Row | None) -> str | None:
    """Return how an instance differs from when it was counted, ``None`` if it does not."""
    if row is None:
        return "it is gone"
    if row.status != item.status:
        return f"it was {item.status} when it was counted, and is {row.status}"
    if item.execution_id and row.execution_id and row.execution_id != item.execution_id:
        return "it was started anew since it was counted"
    return None


def skipped(item: Item, why: str) -> Item:
    """Return the item, skipped."""
    return replace(item, state=State.SKIPPED, sentence=why)

"""Which actions make sense for an instance in its state, as the engine and the stores take them.

What has no effect is not offered: an event for what has ended is dropped, a rewind is for what has failed.
What has one that surprises is offered with a warning. Source: orchestration semantics 4 and 8.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from durahub_migrate.monitor.actions import Possible, Verb
from durahub_migrate.monitor.hub import StoreKind
from durahub_migrate.monitor.row import Kind, Row

OF_ORCHESTRATIONS = (
    Verb.RAISE_EVENT,
    Verb.SUSPEND,
    Verb.RESUME,
    Verb.TERMINATE,
    Verb.RESTART,
    Verb.REWIND,
    Verb.PURGE,
    Verb.SET_CUSTOM_STATUS,
)
OF_ENTITIES = (Verb.SIGNAL_ENTITY, Verb.DELETE_ENTITY)
OF_HUBS = (Verb.START, Verb.CLEAN_ENTITIES, Verb.DELETE_BLOBS, Verb.DELETE_HUB)


@dataclass(frozen=True, slots=True)
class Offers:
    """What a hub's store lets be done: everything but what it *lacks*, each with the reason.

    *others* tells that workers of other makes may run its instances: .NET, through Azure Storage.
    """

    lacks: Mapping[Verb, str] = field(default_factory=dict)
    others: bool = False


_NO_BLOBS = "large payloads are no blobs of their own there"
OFFERS: Mapping[StoreKind, Offers] = {
    StoreKind.CLASSIC: Offers(others=True),
    StoreKind.SCHEDULER: Offers({Verb.DELETE_BLOBS: _NO_BLOBS}),
    StoreKind.ENDPOINT: Offers(
        {
            Verb.SET_CUSTOM_STATUS: "the protocol of endpoints has no call for it",
            Verb.DELETE_BLOBS: "an endpoint shows no blobs",
        }
    ),
    StoreKind.BUNDLE: Offers(
        dict.fromkeys(Verb, "a bundle is a file of what was: it is not changed")
    ),
}
"""What each kind of store offers as a rule."""


def possible(row: Row, offers: Offers) -> tuple[Possible, ...]:
    """Return each action of an orchestration, or of an entity, and whether it can be done now."""
    verbs = OF_ENTITIES if row.kind is Kind.ENTITY else OF_ORCHESTRATIONS
    return tuple(one(verb, row, offers) for verb in verbs)


def possible_of_hub(offers: Offers) -> tuple[Possible, ...]:
    """Return the actions of a hub itself, and whether its store has them."""
    return tuple(_lacked(verb, offers) or Possible(verb=verb, allowed=True) for verb in OF_HUBS)


def one(verb: Verb, row: Row, offers: Offers) -> Possible:
    """Return whether *verb* can be done with the instance of *row*."""
    lacked = _lacked(verb, offers)
    if lacked is not None:
        return lacked
    verbs = OF_ENTITIES if row.kind is Kind.ENTITY else OF_ORCHESTRATIONS
    if verb not in verbs:
        of = "an entity" if row.kind is Kind.ENTITY else "an orchestration"
        return Possible(verb=verb, allowed=False, why_not=f"that is no action of {of}")
    return _RULES[verb](verb, row, offers)


def _lacked(verb: Verb, offers: Offers) -> Possible | None:
    why = offers.lacks.get(verb)
    return None if why is None else Possible(verb=verb, allowed=False, why_not=why)


def _yes(verb: Verb, warning: str | None = None) -> Possible:
    return Possible(verb=verb, allowed=True, warning=warning)


def _no(verb: Verb, why_not: str) -> Possible:
    return Possible(verb=verb, allowed=False, why_not=why_not)


def _raise_event(verb: Verb, row: Row, offers: Offers) -> Possible:
    if row.is_ended:
        return _no(verb, f"it is {row.status}: an event would be dropped")
    if row.status == "Pending":
        return _yes(verb, _before_start("the event", offers))
    if row.status == "Suspended":
        return _yes(verb, "it is suspended: it sees the event when it is resumed")
    return _yes(verb)


def _suspend(verb: Verb, row: Row, offers: Offers) -> Possible:
    if row.is_ended:
        return _no(verb, f"it is {row.status}: there is nothing to pause")
    if row.status == "Suspended":
        return _no(verb, "it is suspended already")
    if row.status == "Pending":
        return _yes(verb, _before_start("the pause", offers))
    return _yes(verb, "activities that run already run on, and their results are kept for later")


def _resume(verb: Verb, row: Row, _: Offers) -> Possible:
    if row.status != "Suspended":
        return _no(verb, f"it is {row.status}, not suspended")
    return _yes(verb)


def _terminate(verb: Verb, row: Row, _: Offers) -> Possible:
    if row.is_ended:
        return _no(verb, f"it is {row.status} already")
    if row.status == "Pending":
        return _yes(verb, "it has not begun: its start is void as soon as a worker looks at it")
    return _yes(
        verb,
        "a worker has to take it; activities that run already run on, and their results are dropped",
    )


def _restart(verb: Verb, row: Row, _: Offers) -> Possible:
    if not row.is_ended:
        return _yes(verb, f"it is {row.status}: only under a new ID, and both run then")
    if row.parent_id:
        return _yes(
            verb, "it is a child: its parent has its answer, and gets none from the new run"
        )
    return _yes(
        verb, "under the same ID the new run takes the place of the old one and its history"
    )


def _rewind(verb: Verb, row: Row, offers: Offers) -> Possible:
    if row.status != "Failed":
        return _no(verb, f"it is {row.status}: rewinding is for what has failed")
    warning = "activities that failed run again, and so does what was open; see the preview"
    if offers.others:
        warning += (
            "; where a .NET worker holds the partition it is done as .NET does it, and activities and timers "
            "that were open stay behind"
        )
    return _yes(verb, warning)


def _purge(verb: Verb, row: Row, _: Offers) -> Possible:
    if not row.is_ended:
        return _no(
            verb, f"it is {row.status}: only what has ended can be purged; terminate it first"
        )
    return _yes(verb, "its row, history and payloads are deleted for good")


def _set_custom_status(verb: Verb, row: Row, _: Offers) -> Possible:
    warning = "this edits the stored row, past the orchestrator, which does not see it"
    if not row.is_ended:
        warning += "; the next checkpoint writes the orchestrator's own over it"
    return _yes(verb, warning)


def _signal(verb: Verb, row: Row, _: Offers) -> Possible:
    if row.locked_by:
        return _yes(
            verb, f"{row.locked_by} has locked it: the operation waits until it is released"
        )
    return _yes(verb)


def _delete_entity(verb: Verb, row: Row, _: Offers) -> Possible:
    warning = (
        "its state and the operations that wait in it are deleted; the next signal makes it anew"
    )
    if row.locked_by:
        warning += f"; {row.locked_by} has locked it and may depend on it"
    return _yes(verb, warning)


def _before_start(what: str, offers: Offers) -> str:
    kept = f"it has not begun: {what} is kept until it does"
    return f"{kept}, but a .NET worker drops it" if offers.others else kept


_RULES: Mapping[Verb, Callable[[Verb, Row, Offers], Possible]] = {
    Verb.RAISE_EVENT: _raise_event,
    Verb.SUSPEND: _suspend,
    Verb.RESUME: _resume,
    Verb.TERMINATE: _terminate,
    Verb.RESTART: _restart,
    Verb.REWIND: _rewind,
    Verb.PURGE: _purge,
    Verb.SET_CUSTOM_STATUS: _set_custom_status,
    Verb.SIGNAL_ENTITY: _signal,
    Verb.DELETE_ENTITY: _delete_entity,
}

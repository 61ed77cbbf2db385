"""Digests of one instance, by which two sides are compared; sketches of those that differ, to tell where.

A sketch has no payloads: of each field eight bytes of a digest.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import orjson
from google.protobuf.message import Message

from durahub.engine import state as states
from durahub.engine.entities.ids import is_entity
from durahub.model.history import TaskScheduled
from durahub.stored import StoredInstance
from durahub_migrate.bundle import canonical, records
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.semantics import Form, semantic_form, status_of
from durahub_migrate.verifying.open_work import OpenWork, places_of, result_content, unknown_inputs

HIDDEN = frozenset({"backlog", "lockedBy", "parent", "scheduledStart"})
"""What an endpoint may not show of a row.

None shows what waits at an entity. Of a lock some tell the critical section, not who is in it. When a start
is due some tell when it has begun, and none of one that was overdue when it came there.
"""

ORCHESTRATION, ENTITY = "orchestration", "entity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """What is kept of an instance while the other side is read. *ended* is when it has, in ticks."""

    instance_id: str
    kind: str
    name: str
    status: str
    version: str
    parent: str
    ended: int | None
    updated: int
    events: int
    output: bytes = b""
    exact_state: bytes = b""
    exact_history: bytes = b""
    semantic_state: bytes = b""
    semantic: bytes = b""
    shown: bytes = b""  # semantic, without what endpoints may not show
    deferred: bytes = (
        b""  # the same, without the activities whose inputs nobody knows, where there are any
    )
    locked_by: str = ""  # of an entity
    due: int = 0  # in ticks, of a start that waits
    untagged: bytes = b""  # of one that has not begun: as `shown`, but for tags
    has_tags: bool = False
    is_empty: bool = False  # an entity without a state, and nothing waits at it
    start: bytes = b""  # what a client gave when it started it


def print_of(instance: StoredInstance, work: OpenWork) -> Print:
    """Return the digests of *instance*, whose open work is *work*."""
    found = states.read(stored.event for stored in instance.history)
    head = records.head_of(instance, "")
    form = semantic_form(instance)
    semantic, shown = form.digests_of_rows(form.row, _shown(form.row))
    result = found.completed.result if found.completed is not None else instance.output
    return replace(
        _bare_print_of(instance, found),
        output=result_content(result),
        exact_state=records.exact_digest(head, ()),
        exact_history=records.exact_digest(hb.InstanceHead(), records.parts_of(instance.history)),
        semantic_state=Form(row=form.row).digest(),
        semantic=semantic,
        shown=shown,
        deferred=_deferred(instance, unknown_inputs(work)),
        locked_by=str(form.row.get("lockedBy") or ""),
        due=_ticks(form.row.get("scheduledStart")),
        start=_short(canonical.value([form.row.get(name) for name in _GIVEN])),
        untagged=_untagged(form) if found.started is None else b"",
        has_tags=bool(form.row.get("tags")),
    )


def _ticks(found: object) -> int:
    return found if isinstance(found, int) else 0


def _deferred(instance: StoredInstance, numbers: Collection[int]) -> bytes:
    if not numbers:
        return b""
    left = tuple(
        one
        for one in instance.history
        if not (isinstance(one.event, TaskScheduled) and one.event.event_id in numbers)
    )
    form = semantic_form(replace(instance, history=left))
    return replace(form, row=_shown(form.row)).digest()


def _untagged(form: Form) -> bytes:
    return replace(form, row=_shown(form.row, "tags")).digest()


def _shown(row: Mapping[str, object], *hidden: str) -> Mapping[str, object]:
    return {name: found for name, found in row.items() if name not in {*HIDDEN, *hidden}}


def bare_print_of(instance: StoredInstance) -> Print:
    """Return what is kept of an instance that is not compared: no digests."""
    return _bare_print_of(instance, states.read(stored.event for stored in instance.history))


def _bare_print_of(instance: StoredInstance, found: states.State) -> Print:
    parent = found.started.parent if found.started is not None else None
    if parent is not None and is_entity(parent.execution.instance_id):
        parent = None  # an entity does not wait for what it has started
    status = status_of(instance, found)
    return Print(
        instance_id=instance.instance_id,
        kind=ENTITY if is_entity(instance.instance_id) else ORCHESTRATION,
        name=instance.name or "",
        status=status,
        version=instance.version or "",
        parent=parent.execution.instance_id if parent is not None else "",
        ended=int(instance.completed or 0) if status in _ENDED else None,
        updated=int(instance.last_updated or 0),
        events=len(instance.history),
        is_empty=is_entity(instance.instance_id) and _holds_nothing(instance),
    )


def _holds_nothing(entity: StoredInstance) -> bool:
    row = semantic_form(entity).row
    return row.get("state", "") is None and not row.get("backlog")


_ENDED = frozenset({"Completed", "Failed", "Terminated", "Canceled"})
_GIVEN = ("name", "version", "input", "tags")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """An instance without its payloads; *form* is its `Form`.

    Events are pairs of a word and digests by field. *implied* is the status by its history. *open* has for
    each action without an answer its positions among the events and among the actions. Times are ticks.
    """

    row: dict[str, str]
    status: str
    implied: str
    created: int
    updated: int
    began: int
    last: int
    events: list[tuple[str, dict[str, str]]]
    open: list[tuple[int, int]]
    exact: str
    form: dict[str, Any] = field(default_factory=dict)

    def without_hidden(self, target: "Sketch") -> "Sketch":
        """Return it less what an endpoint does not show of *target*."""
        row = dict(self.form["row"])
        row.pop("backlog", None)
        for name in ("parent", "scheduledStart"):
            if name not in target.form["row"]:
                row.pop(name, None)
        if row.get("lockedBy") != _of(None):
            row.pop("lockedBy", None)
        return replace(self, form={**self.form, "row": row})

    def encoded(self) -> bytes:
        """Return it as JSON."""
        return orjson.dumps(self)

    @classmethod
    def decoded(cls, text: bytes) -> "Sketch":
        """Undo `encoded`."""
        found = orjson.loads(text)
        found["events"] = [(word, fields) for word, fields in found["events"]]
        found["open"] = [(position, place) for position, place in found["open"]]
        return cls(**found)


def sketch_of(instance: StoredInstance) -> Sketch:
    """Return the sketch of *instance*."""
    events = [stored.event for stored in instance.history]
    found = states.read(events)
    head = records.head_of(instance, "")
    form = semantic_form(instance)
    parts = list(records.parts_of(instance.history))
    places = places_of(events)
    unanswered = [
        (index, places[event.event_id])
        for index, event in enumerate(events)
        if (question := states.question_of(event)) is not None and question not in found.answers
    ]
    return Sketch(
        row=_fields(head.state) | _extras(head.extras),
        status=instance.status,
        implied=status_of(instance, found),
        created=int(instance.created or 0),
        updated=int(instance.last_updated or 0),
        began=int(events[0].timestamp) if events else 0,
        last=int(events[-1].timestamp) if events else 0,
        events=list(_events(parts)),
        open=unanswered if found.is_live else [],
        exact=records.exact_digest(head, parts).hex(),
        form={
            "row": {name: _of(one) for name, one in form.row.items()},
            "inputs": [[str(one[0]), _of(one)] for one in form.inputs],
            "actions": [[str(one[0]), _of(one)] for one in form.actions],
            "ends": [[str(one[0]), _of(one)] for one in form.ends],
            "timers": [[str(one[0]), _of(one)] for one in form.timers],
            "suspended": _of(form.suspended),
        },
    )


def _events(parts: Iterable[hb.HistoryPart]) -> Iterable[tuple[str, dict[str, str]]]:
    for part in parts:
        extras = {one.index: one.values for one in part.extras}
        for index, event in enumerate(part.events):
            word = event.WhichOneof("eventType") or ""
            fields = _fields(getattr(event, word)) | _extras(extras.get(index, {}))
            fields["eventId"] = _of(event.eventId)
            fields["timestamp"] = _of(canonical.message(event.timestamp))
            yield word, fields


def _extras(extras: Mapping[str, str]) -> dict[str, str]:
    own = (records.BESIDE, records.LACKS)
    return {name: _of(text) for name, text in extras.items() if name not in own}


def _fields(message: Message) -> dict[str, str]:
    """Return digests of the fields that are set, by their names."""
    found: dict[str, str] = {}
    for one, _ in message.ListFields():
        alone = type(message)()
        alone.CopyFrom(message)
        for other, _ in message.ListFields():
            if other.name != one.name:
                alone.ClearField(other.name)
        found[one.name] = _of(canonical.message(alone))
    return found


def _of(found: object) -> str:
    return _short(canonical.value(found)).hex()


def _short(written: bytes) -> bytes:
    return hashlib.sha256(written).digest()[:8]

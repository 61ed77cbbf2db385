"""The judge: what must hold after each step, and what must hold when all is at rest.

No rule knows how the hub works. Each compares what is stored with what those outside were told, and what
was stored before: see `Judge` for steps, `verdicts` for the end.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from durahub.dispatch.work import ActivityWork
from durahub.engine.entities.calls import request_sent
from durahub.engine.entities.ids import is_entity
from durahub.model.history import (
    Event,
    EventRaised,
    ExecutionCompleted,
    ExecutionResumed,
    ExecutionSuspended,
    TaskCompleted,
    TaskFailed,
)
from durahub.stored import StoredInstance
from tests.simulation.whole import grammar
from tests.simulation.whole.book import Book, Told
from tests.simulation.whole.plan import EVENTS
from tests.simulation.whole.program import doubled, recipe
from tests.simulation.whole.recipe import task_of
from tests.simulation.whole.replay import Diverged, Replay
from tests.simulation.whole.storage import SimulatedStorage
from tests.simulation.whole.watching import now

TERMINAL = frozenset({"Completed", "Failed", "Terminated", "Canceled"})


class Judge:
    """Watches the steps of a run; notes in the book what must not happen."""

    def __init__(self, storage: SimulatedStorage, book: Book) -> None:
        self._storage = storage
        self.book = book
        self.ended_at: dict[tuple[str, str], tuple[float, tuple[Event, ...]]] = {}
        self.overtaken: set[str] = set()
        self.dropped_at: dict[str, float] = {}  # by the input of the event

    # -- steps ---------------------------------------------------------------------------------

    def written(self, instance_id: str) -> None:
        """Look at what was written just now, and at who might have."""
        owners = self._storage.owners(instance_id)
        if len(owners) > 1:
            self.book.violated(now(), f"{' and '.join(owners)} act on {instance_id} at once")
        if is_entity(instance_id):
            return
        stored = self._storage.instance(instance_id)
        if stored is None:
            return  # it was purged since
        events = events_of(stored)
        for fault in history_faults(stored, events):
            self.book.violated(now(), f"after a commit of {instance_id}: {fault}")
        self.seen(stored)

    def seen(self, stored: StoredInstance) -> None:
        """Note the end of an instance: a server that crashes in its last commit tells nobody."""
        instance_id, events = stored.instance_id, events_of(stored)
        if is_entity(instance_id):
            return
        started = grammar.start_of(events)
        if stored.status in TERMINAL and not _is_of_row(stored, events):  # ended before it began
            self.ended_at.setdefault((instance_id, stored.execution_id or ""), (now(), ()))
        if started is not None:
            self._end(instance_id, started.execution.execution_id or "", events)

    def _end(self, instance_id: str, execution_id: str, events: tuple[Event, ...]) -> None:
        key = instance_id, execution_id
        before = self.ended_at.get(key)
        if before is not None and before[1] != events:
            self.book.violated(now(), f"{instance_id} goes on after its end")
        if before is None and grammar.end_of(events) is not None:
            self.ended_at[key] = now(), events

    def lost(self, instance_id: str) -> None:
        """Note an instance whose episode runs again for a client's sake: what it sent is out already.

        A purge and a forced end write, or delete, whoever has the instance; nobody else may.
        """
        by_clients = ("purge", "force")
        if any(c.what in by_clients and c.instance_id == instance_id for c in self.book.calls):
            self.overtaken.add(instance_id)

    def dropped(self, instance_id: str, event: EventRaised) -> None:
        """An event may be dropped if its instance is over, or if it has it already."""
        text = event.input or ""
        self.dropped_at.setdefault(text, now())
        stored = self._storage.instance(instance_id)
        if stored is None or stored.status in TERMINAL:
            return
        has_it = any(isinstance(e, EventRaised) and e.input == text for e in events_of(stored))
        told = next((c for c in self.book.of("raise") if c.identity == text), None)
        if told is None or has_it or self.over_since(instance_id, told.sent):
            return
        started = grammar.start_of(events_of(stored))
        if started is None or text not in task_of(started.input).heard:
            self.book.violated(now(), f"{instance_id} lives, and its event {text} is dropped")

    def over_since(self, instance_id: str, moment: float) -> bool:
        """Tell whether an instance ended, was purged or started anew after *moment*, or may have been."""
        ends = any(of == instance_id and at >= moment for (of, _), (at, _) in self.ended_at.items())
        return ends or self.meddled_with(instance_id, moment)

    def meddled_with(self, instance_id: str, moment: float) -> bool:
        """Tell whether clients have ended, purged or started an instance again after *moment*."""
        kinds = ("purge", "restart", "force", "terminate", "start")
        calls = [call for kind in kinds for call in self.book.of(kind, instance_id)]
        starts = sum(call.attempts for call in calls if "start" in call.what)
        return any(
            (call.acked is None or call.acked >= moment)
            and ("start" not in call.what or starts > 1)
            for call in calls
        )

    def purging(self, instance_id: str) -> None:
        """Note an end whose commit goes on: it deletes messages yet, and finds nothing when it is done."""
        stored = self._storage.instance(instance_id)
        if stored is not None:
            self.seen(stored)

    def begun(self, work: ActivityWork, told: dict[str, str]) -> None:
        """An activity begins: the results by which it was asked for must be durable."""
        stored = self._storage.instance(work.instance_id)
        if stored is None or stored.execution_id != work.execution_id or not told:
            return
        durable = {
            event.task_scheduled_id: event.result
            for event in events_of(stored)
            if isinstance(event, TaskCompleted)
        }
        missing = [n for n, result in told.items() if durable.get(int(n)) != result]
        if not missing:
            return
        for message in self._storage.messages():
            event = message.message.event
            same = message.message.target.instance_id == work.instance_id
            if same and isinstance(event, TaskCompleted):
                durable.setdefault(event.task_scheduled_id, event.result)
        if any(durable.get(int(n)) != result for n, result in told.items()):
            self.book.violated(
                now(),
                f"activity {work.task.event_id} of {work.instance_id} begins, and the result of "
                f"{', '.join(missing)} before it is not stored",
            )


def events_of(stored: StoredInstance) -> tuple[Event, ...]:
    """Return the history."""
    return tuple(one.event for one in stored.history)


def history_faults(stored: StoredInstance, events: Sequence[Event]) -> Iterator[str]:
    """Yield what is wrong with an instance: its history, and that its row tells another story."""
    yield from grammar.faults(events)
    started = grammar.start_of(events)
    if started is None or not _is_of_row(stored, events):
        if stored.status not in ("Pending", "Terminated"):  # it may be ended before it began
            yield f"its row is {stored.status}, and its history is not there"
        return
    end = grammar.end_of(events)
    expected = (
        end.status.name if end is not None else ("Suspended" if _waits(events) else "Running")
    )
    if stored.status != expected:
        yield f"its row is {stored.status}, its history {expected}"
    if stored.input != started.input:
        yield "its row has the input of another generation"
    raised = [e.input or "" for e in events if isinstance(e, EventRaised) and e.name in EVENTS]
    for text in doubled([*raised, *task_of(started.input).heard]):
        yield f"the event {text} is there twice"


def _is_of_row(stored: StoredInstance, events: Sequence[Event]) -> bool:
    """Tell whether the history is of the execution that the row tells of."""
    started = grammar.start_of(events)
    return started is not None and started.execution.execution_id == stored.execution_id


def _waits(events: Sequence[Event]) -> bool:
    kinds = [e for e in events if isinstance(e, ExecutionSuspended | ExecutionResumed)]
    return bool(kinds) and isinstance(kinds[-1], ExecutionSuspended)


# -- at rest ---------------------------------------------------------------------------------------


def verdicts(judge: Judge, storage: SimulatedStorage, logs: dict[str, list[str]]) -> Iterator[str]:
    """Yield what is wrong at rest; *logs* are the entities' operations, as clients read them."""
    stored = {one.instance_id: one for one in storage.instances()}
    book = judge.book
    for message in storage.messages():
        event = type(message.message.event).__name__
        yield f"{event} to {message.message.target.instance_id} is left in {message.queue}"
    for instance_id, one in stored.items():
        if is_entity(instance_id):
            continue
        events = events_of(one)
        if one.status not in TERMINAL:
            yield f"{instance_id} never ends: it is {one.status}"
        for fault in history_faults(one, events):
            yield f"{instance_id}: {fault}"
        yield from _replayed(one, events)
        yield from _acted(one, events, book)
    yield from _lost_instances(judge, stored)
    yield from _lost_events(judge, stored)
    yield from _entities(book, stored, logs)


def _replayed(stored: StoredInstance, events: Sequence[Event]) -> Iterator[str]:
    before = [e for e in events if not isinstance(e, ExecutionCompleted)]
    try:
        Replay(stored.instance_id, stored.execution_id or "").run(recipe, before)
    except Diverged as error:
        yield f"{stored.instance_id} does not replay: {error}"


def _acted(stored: StoredInstance, events: Sequence[Event], book: Book) -> Iterator[str]:
    for event in events:
        if isinstance(event, TaskCompleted | TaskFailed):
            result = event.result if isinstance(event, TaskCompleted) else event.reason
            key = stored.instance_id, stored.execution_id or "", event.task_scheduled_id
            if result not in [run.result for run in book.runs.get(key, ())]:
                yield f"{stored.instance_id} has a result of {key[2]} that no activity had"


def _lost_instances(judge: Judge, stored: dict[str, StoredInstance]) -> Iterator[str]:
    book = judge.book
    for call in (*book.of("start"), *book.of("restart")):
        if call.acked is None:
            continue
        instance_id = call.instance_id
        later = [
            other
            for kind in ("start", "restart")
            for other in book.of(kind, instance_id)
            if other is not call and (other.acked is None or other.acked >= call.sent)
        ]
        row = stored.get(instance_id)
        ended = any(
            of == instance_id and at >= call.sent for (of, _), (at, _) in judge.ended_at.items()
        )
        purges = [
            p for p in book.of("purge", instance_id) if p.acked is None or p.acked >= call.sent
        ]
        if row is None and not purges:
            yield f"{instance_id}, whose start {call.identity} was acknowledged, is lost"
        if row is None and call.what == "start" and not later and not ended:
            yield f"{instance_id}, started as {call.identity}, is purged and never ran"
        began = row is not None and _is_of_row(row, events_of(row))
        if row is not None and began and call.what == "start" and not later:
            started = grammar.start_of(events_of(row))
            origin = task_of(started.input).origin if started is not None else None
            ended_before = started is None and row.status == "Terminated"
            if origin != call.identity and not ended_before:
                yield f"{instance_id} was started as {call.identity}, and is {origin}"
    for call in book.of("purge"):
        if not call.count or call.acked is None:
            continue
        begun = [
            other
            for kind in ("start", "restart")
            for other in book.of(kind, call.instance_id)
            if other.acked is None or other.acked >= call.sent
        ]
        if call.instance_id in stored and not begun and not _is_child(call.instance_id):
            yield f"{call.instance_id} was purged, and is there"


def _is_child(instance_id: str) -> bool:
    return instance_id.endswith("-child") or ":" in instance_id


def _lost_events(judge: Judge, stored: dict[str, StoredInstance]) -> Iterator[str]:
    for call in judge.book.of("raise"):
        if call.acked is None:
            continue
        row = stored.get(call.instance_id)
        count = _times_heard(row, call) if row is not None else 0
        if count > 1:
            yield f"{call.instance_id} has the event {call.identity} {count} times"
        if count or call.identity in judge.dropped_at:
            continue
        if not _may_be_gone(judge, call):
            yield f"{call.instance_id} lost the event {call.identity}, which was acknowledged"


def _times_heard(row: StoredInstance, call: Told) -> int:
    events = events_of(row)
    started = grammar.start_of(events)
    raised = sum(isinstance(e, EventRaised) and e.input == call.identity for e in events)
    heard = task_of(started.input).heard.count(call.identity) if started is not None else 0
    return raised + heard


def _may_be_gone(judge: Judge, call: Told) -> bool:
    """Tell whether the instance was over before the event was acknowledged, or went with it."""
    assert call.acked is not None
    over = any(
        of == call.instance_id and at <= call.acked for (of, _), (at, _) in judge.ended_at.items()
    )
    return over or judge.meddled_with(call.instance_id, call.sent)


def _entities(
    book: Book, stored: dict[str, StoredInstance], logs: dict[str, list[str]]
) -> Iterator[str]:
    wanted: Counter[tuple[str, str]] = Counter()
    for one in stored.values():
        for event in grammar.sent(events_of(one)):
            request = request_sent(event)
            if request is not None and request.operation is not None and request.input is not None:
                wanted[event.instance_id or "", request.input] += 1
    for call in book.of("signal"):
        if call.acked is not None:
            wanted[call.instance_id, f"client/{call.identity}"] += 1
    for entity, operation in wanted:
        if operation not in logs.get(entity, ()):
            yield f"{entity} lost the operation {operation}"
    for entity, log in logs.items():
        for operation in doubled(log):
            yield f"{entity} did {operation} twice"
        yield from _order(entity, log, book)
        yield from _locks(entity, log)


def _order(entity: str, log: Sequence[str], book: Book) -> Iterator[str]:
    last: dict[str, str] = {}
    for operation in log:
        sender, _, number = operation.split(" ")[0].rpartition("/")
        if sender == "client":
            continue
        if last.get(sender, "") > number:
            yield f"{entity} did {operation} after {last[sender]} of the same sender"
        last[sender] = number
    places = {operation: place for place, operation in enumerate(log)}
    signals = [c for c in book.of("signal", entity) if c.acked is not None]
    for one in signals:
        for other in signals:
            if one.acked is not None and one.acked < other.sent:
                first, second = f"client/{one.identity}", f"client/{other.identity}"
                if places.get(first, 0) > places.get(second, len(log)):
                    by = "" if one.server == other.server else " (to another server)"
                    yield f"{entity} did {second} before {first}, which was sent first{by}"


def _locks(entity: str, log: Sequence[str]) -> Iterator[str]:
    for place, operation in enumerate(log):
        _, verb, section = [*operation.split(" "), "", ""][:3]
        if verb != "enter":
            continue
        for other in log[place + 1 :]:
            if other.endswith(f" leave {section}"):
                break
            if any(one.endswith(f" leave {section}") for one in log[place + 1 :]):
                yield f"{entity} did {other} while {section} had it locked"

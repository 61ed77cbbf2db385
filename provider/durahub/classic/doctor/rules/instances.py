"""Rules about the instance row beside its history, which is the truth; classic layout 6, 9.6."""

from collections.abc import Iterator

from durahub.classic.doctor.findings import Finding, Rule, Severity
from durahub.classic.doctor.repairs import RewriteRow, SetAside
from durahub.classic.doctor.snapshot import HubFacts, InstanceFacts
from durahub.engine.commit import HistoryVersion
from durahub.engine.repairs import Repair, repair_of
from durahub.engine.state import same_execution
from durahub.model.history import ExecutionRewound, Status
from durahub.model.instance import Instance
from durahub.model.ticks import later, to_text

TOLERANCE = 60.0  # seconds between the clock of events and that of CompletedTime

UNREADABLE = Rule(
    name="instance-row-unreadable",
    severity=Severity.ERROR,
    means="An instance row holds columns of a wrong type: no query shows the instance.",
    remedy="It is set aside. A person corrects the row, or purges the instance.",
)
NO_ROW = Rule(
    name="history-without-row",
    severity=Severity.ERROR,
    means="An instance has a history and no instance row: a crash came between the two, or a purge was "
    "broken off. Clients do not see it.",
    remedy="The row is written from the history. To purge the instance instead, do that afterwards.",
)
NO_HISTORY = Rule(
    name="row-without-history",
    severity=Severity.ERROR,
    means="An instance row tells of an execution that has begun, and there is no history of it: a purge "
    "was broken off, or the history is lost.",
    remedy="None: purge the instance, or restart it with the row's input.",
)
BEHIND = Rule(
    name="row-behind-history",
    severity=Severity.ERROR,
    means="Status, execution, times or output of the instance row are not those of the history: a crash came "
    "between the two writes. A live instance's next checkpoint corrects it; one that has ended stays so.",
    remedy="The row is written from the history; a custom status is kept.",
)
RULES = (UNREADABLE, NO_ROW, NO_HISTORY, BEHIND)


def findings(instance: InstanceFacts, hub: HubFacts) -> Iterator[Finding]:
    """Check one instance row."""
    where = f"table {hub.names.instances_table} {instance.key}/"
    told = instance.instance_id
    if instance.row_problem is not None:
        known = where in hub.set_aside
        problem = instance.row_problem
        repair = None if known else SetAside(where, problem, "")
        said = f"{problem}{' (set aside)' if known else ''}"
        yield UNREADABLE.found(where, said, instance_id=told, repair=repair)
    if not instance.is_readable:
        return
    if instance.row is None:
        if instance.state.started is not None:
            yield NO_ROW.found(where, _state(instance), instance_id=told, repair=_rewrite(instance))
    elif _begun_without_history(instance.row, instance):
        yield NO_HISTORY.found(where, _row(instance.row), instance_id=told)
    elif not _changes(instance, hub) and (difference := _difference(instance.row, instance)):
        yield BEHIND.found(where, difference, instance_id=told, repair=_rewrite(instance))


def _begun_without_history(row: Instance, instance: InstanceFacts) -> bool:
    """Tell whether the row's execution has run and left no history."""
    if row.status in (Status.Pending, Status.Terminated):  # it may have been, before its start
        return False
    if instance.state.started is None:
        return True
    same = same_execution(row.execution_id, instance.execution_id)
    return not same and row.execution_id is not None and _repair(instance, row) is None


def _changes(instance: InstanceFacts, hub: HubFacts) -> bool:
    """Tell whether the row is ahead because the instance is being rewound: by rows, or by a message."""
    row = instance.row
    assert row is not None  # noqa: S101 (for the types)
    if row.status is Status.Pending and same_execution(row.execution_id, instance.execution_id):
        return instance.waits_for_wake_up
    if row.status is Status.Running and instance.state.status is Status.Failed:
        if hub.unseen((hub.queue_of(instance.instance_id),)):
            return True  # the request may be among these
        sent = hub.messages_to(instance.instance_id)
        return any(isinstance(message.event, ExecutionRewound) for message in sent)
    return False


def _difference(row: Instance, instance: InstanceFacts) -> str | None:
    """Return in what the row differs from the history."""
    repair = _repair(instance, row)
    if repair is not None:
        of_row, of_history = _row(row), _state(instance)
        if row.status is not instance.state.status and row.execution_id == instance.execution_id:
            of_row, of_history = row.status.name, instance.state.status.name
        return f"row: {of_row}; history: {of_history}"
    ended = instance.state.completed
    if ended is None or row.status is not ended.status:
        return None
    if not same_execution(row.execution_id, instance.execution_id):
        return None
    if row.completed is not None and later(row.completed, TOLERANCE) < ended.timestamp:
        told, was = to_text(row.completed), to_text(ended.timestamp)
        return f"completed {told} by the row, {was} by the history"
    output = str(ended.failure) if ended.failure else ended.result
    in_blobs = bool(instance.rows and any(r.blobs for r in instance.rows if r.event is ended))
    address = "://" in (row.output or "")[:10]
    if output is None or in_blobs or address or instance.state.terminated is not None:
        return None
    return None if row.output == output else "the outputs differ"


def _repair(instance: InstanceFacts, row: Instance | None) -> Repair | None:
    version = HistoryVersion(instance.execution_id, len(instance.rows), None)
    return repair_of(version, instance.state, row)


def _rewrite(instance: InstanceFacts) -> RewriteRow:
    row = instance.row
    etag = row.etag if row is not None else None
    return RewriteRow(instance.instance_id, instance.state.status, etag)


def _row(row: Instance) -> str:
    return f"{row.status.name}, execution {row.execution_id}"


def _state(instance: InstanceFacts) -> str:
    return f"{instance.state.status.name}, execution {instance.execution_id}"

"""Rules about the sentinel, the row that guards a history; classic layout 7.2, 7.5."""

from collections.abc import Iterator

from durahub.classic.doctor.findings import Finding, Rule, Severity
from durahub.classic.doctor.snapshot import HubFacts, InstanceFacts
from durahub.classic.history_rows import SENTINEL
from durahub.model.history import OrchestratorCompleted
from durahub.model.ticks import later, seconds_between, to_text

BETWEEN = 60.0  # seconds for which a server may be between two transactions of a checkpoint
TOLERANCE = 5.0  # seconds between clocks that stamp events and the one that stamps the checkpoint

MISSING = Rule(
    name="sentinel-missing",
    severity=Severity.ERROR,
    means="A history has no sentinel: which execution is current is a guess, and the next checkpoint is "
    "not guarded. Hubs from before May 2018 have none.",
    remedy="None: the next checkpoint of a live instance writes one.",
)
EMPTY = Rule(
    name="sentinel-without-events",
    severity=Severity.ERROR,
    means="The sentinel names an execution of which there are no rows: the instance loads as empty, and "
    "every message for it is dropped.",
    remedy="None: its history is lost. Purge the instance.",
)
CUT_OFF = Rule(
    name="checkpoint-cut-off",
    severity=Severity.WARNING,
    means="A checkpoint of several transactions was broken off between two of them. The next load reads "
    "what is there as ordinary history, and its messages come again.",
    remedy="None: the messages that caused it are still queued, and the next episode completes it.",
)
BEHIND = Rule(
    name="sentinel-behind-rows",
    severity=Severity.WARNING,
    means="An episode ended after the checkpoint that the sentinel tells of: rows were written without "
    "it, or a clock is wrong by more than seconds.",
    remedy="None: find out who writes history rows without the sentinel.",
)
UNSETTLED = Rule(
    name="unsettled-activity",
    severity=Severity.WARNING,
    means="A server of the level exclusive has crashed: activities that it ran have no messages. The next "
    "durahub server goes on with them; a .NET worker does not know of them, and the instance hangs.",
    remedy="None here: start a durahub server, or 'durahub hub settle' before .NET workers take the hub.",
)
ILLEGIBLE = Rule(
    name="unsettled-unreadable",
    severity=Severity.ERROR,
    means="The column in which a server of the level exclusive names activities without messages cannot be "
    "read. No durahub server goes on with the instance, and 'durahub hub settle' cannot settle it.",
    remedy="None: find out who wrote it. Once it is empty the instance goes on.",
)
RULES = (MISSING, EMPTY, CUT_OFF, BEHIND, UNSETTLED, ILLEGIBLE)


def findings(instance: InstanceFacts, hub: HubFacts) -> Iterator[Finding]:
    """Check one sentinel against the rows that it guards."""
    where = f"table {hub.names.history_table} {instance.key}/{SENTINEL}"
    guard = instance.sentinel
    if guard is None:
        if instance.row_keys or instance.older:
            detail = f"{len(instance.row_keys)} event rows"
            yield MISSING.found(where, detail, instance_id=instance.instance_id)
        return
    if not instance.row_keys:
        detail = f"execution {guard.execution_id}; {len(instance.older)} rows of others"
        yield EMPTY.found(where, detail, instance_id=instance.instance_id)
        return
    if guard.complete is False and _is_left(instance, hub):
        detail = f"after {len(instance.row_keys)} rows"
        yield CUT_OFF.found(where, detail, instance_id=instance.instance_id)
        return
    if guard.problem is not None:
        yield ILLEGIBLE.found(where, guard.problem, instance_id=instance.instance_id)
    if instance.unposted and not hub.workers:  # while servers work it is as it should be
        detail = f"{len(instance.unposted)} activities without messages"
        yield UNSETTLED.found(where, detail, instance_id=instance.instance_id)
    ends = [e.timestamp for e in instance.events if isinstance(e, OrchestratorCompleted)]
    if ends and guard.completed is not None and ends[-1] > later(guard.completed, TOLERANCE):
        yield BEHIND.found(
            where,
            f"the last episode ended {to_text(ends[-1])}, the checkpoint {to_text(guard.completed)}",
            instance_id=instance.instance_id,
        )


def _is_left(instance: InstanceFacts, hub: HubFacts) -> bool:
    """Tell whether nobody goes on with a checkpoint of which a part is stored."""
    return not hub.workers or seconds_between(instance.state.last, hub.now) >= BETWEEN

"""Rules about an instance's history rows; classic layout 7.1-7.5."""

from collections.abc import Iterator

from durahub.classic.doctor.findings import Finding, Rule, Severity
from durahub.classic.doctor.repairs import SetAside
from durahub.classic.doctor.snapshot import HubFacts, InstanceFacts
from durahub.engine.state import Answer, answer_of, question_of
from durahub.model.history import (
    ContinueAsNew,
    Event,
    EventSent,
    EventType,
    ExecutionCompleted,
    SubOrchestrationInstanceCompleted,
    SubOrchestrationInstanceCreated,
    TaskCompleted,
    TaskScheduled,
    TimerCreated,
)

MOST_NAMED = 5

UNREADABLE = Rule(
    name="history-unreadable",
    severity=Severity.ERROR,
    means="A history row holds what no writer of the layout produces: no worker can load the instance.",
    remedy="It is set aside. A person corrects the row, or purges the instance.",
)
GAP = Rule(
    name="history-row-gap",
    severity=Severity.ERROR,
    means="Row keys of the current execution do not run 0, 1, 2 …: a row is missing, or one too many.",
    remedy="None: what stood there is not known. Purge the instance, or restore the row.",
)
DOUBLED_IDS = Rule(
    name="doubled-event-ids",
    severity=Severity.WARNING,
    means="Two actions of one execution have the same event ID, and the first has not failed: the "
    "orchestrator was not deterministic, or a replay went wrong. Results can go to the wrong action.",
    remedy="None: look at the orchestrator's code; purge the instance, or start it anew.",
)
DOUBLED_RESULTS = Rule(
    name="doubled-results",
    severity=Severity.NOTE,
    means="A result is in the history twice: the message was delivered again after a crash. Only the "
    "first counts.",
    remedy="None is needed: replay ignores the second.",
)
UNASKED = Rule(
    name="result-without-action",
    severity=Severity.WARNING,
    means="The history holds a result of an action that it does not hold.",
    remedy="None: replay ignores it, or calls the orchestrator non-deterministic.",
)
OLDER = Rule(
    name="rows-of-older-execution",
    severity=Severity.NOTE,
    means="Rows of an earlier generation stand behind the current one: continue-as-new and restarts leave "
    "them where the new history is shorter.",
    remedy="None is needed: readers stop at them, later rows overwrite them, purge deletes them.",
)
RULES = (UNREADABLE, GAP, DOUBLED_IDS, DOUBLED_RESULTS, UNASKED, OLDER)


def findings(instance: InstanceFacts, hub: HubFacts) -> Iterator[Finding]:
    """Check one history."""
    table, where = hub.names.history_table, f"table {hub.names.history_table} {instance.key}"
    for row_key, problem in instance.unreadable:
        location = f"table {table} {instance.key}/{row_key}"  # as the servers set it aside
        known = location in hub.set_aside
        yield UNREADABLE.found(
            location,
            f"{problem}{' (set aside)' if known else ''}",
            instance_id=instance.instance_id,
            repair=None if known else SetAside(location, problem, ""),
        )
    gap = _gap(instance.row_keys)
    if gap is not None:
        yield GAP.found(
            f"{where}/{instance.row_keys[gap]}",
            f"it is row {gap} of the execution; {gap:016X} was expected",
            instance_id=instance.instance_id,
        )
    if instance.older:
        yield OLDER.found(
            f"{where}/{instance.older[0]}",
            f"{len(instance.older)} rows",
            instance_id=instance.instance_id,
        )
    if instance.unreadable:
        return
    for rule, found in (
        (DOUBLED_IDS, doubled_ids(instance.events)),
        (DOUBLED_RESULTS, doubled_results(instance.events)),
        (UNASKED, unasked(instance.events)),
    ):
        if found:
            named = ", ".join(found[:MOST_NAMED]) + (", …" if len(found) > MOST_NAMED else "")
            yield rule.found(where, named, instance_id=instance.instance_id)


def _gap(row_keys: tuple[str, ...]) -> int | None:
    """Return the place of the first row key that is not the next number."""
    for index, key in enumerate(row_keys):
        if key != f"{index:016X}":
            return index
    return None


def doubled_ids(events: tuple[Event, ...]) -> list[str]:
    """Return the actions whose event ID another open action has: ``TaskScheduled 1``.

    What has failed may be scheduled again under its ID: so Python's retries do. The timer with which DTFx
    splits a large episode has −100 always.
    """
    taken: dict[int, EventType] = {}
    found = []
    for event in events:
        answer = answer_of(event)
        if answer is not None:
            if not isinstance(event, TaskCompleted | SubOrchestrationInstanceCompleted):
                taken.pop(answer[1], None)
        elif _is_action(event):
            if event.event_id in taken:
                found.append(f"{event.type.name} {event.event_id}")
            taken[event.event_id] = event.type
    return found


def _is_action(event: Event) -> bool:
    kinds = (
        TaskScheduled,
        SubOrchestrationInstanceCreated,
        TimerCreated,
        EventSent,
        ExecutionCompleted,
    )
    return isinstance(event, kinds) and not isinstance(event, ContinueAsNew) and event.event_id >= 0


def doubled_results(events: tuple[Event, ...]) -> list[str]:
    """Return the results that came when there was one already: ``TaskCompleted 1``."""
    answered: set[Answer] = set()
    found = []
    for event in events:
        question, answer = question_of(event), answer_of(event)
        if question is not None:
            answered.discard(question)
        elif answer is not None:
            if answer in answered:
                found.append(f"{event.type.name} {answer[1]}")
            answered.add(answer)
    return found


def unasked(events: tuple[Event, ...]) -> list[str]:
    """Return the results of actions that are not there: ``TimerFired 3``."""
    asked = {question for event in events if (question := question_of(event)) is not None}
    found = []
    for event in events:
        answer = answer_of(event)
        if answer is not None and answer not in asked:
            found.append(f"{event.type.name} {answer[1]}")
    return found

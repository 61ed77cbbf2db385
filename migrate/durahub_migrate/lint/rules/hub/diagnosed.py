"""What ``durahub hub doctor`` finds, as findings of the linter: each of its rules has one code.

In a hub in Azure Storage the doctor judges what needs its eyes: sentinels, leases, messages beside the
instances they are for. It looks twice where the hub is in use. The same rules judge other sources by the
facts that these have.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from durahub.classic.doctor.findings import Finding as Diagnosed
from durahub_migrate.lint.facts.hubs import Diagnosis
from durahub_migrate.lint.finding import Finding, Severity
from durahub_migrate.lint.place import Place, PlaceKind
from durahub_migrate.lint.rule import Rule
from durahub_migrate.lint.target import Given


@dataclass(frozen=True, slots=True)
class Told:
    """How the linter tells what a rule of the doctor finds; without *severity* as bad as its own rule."""

    code: str
    sentence: str
    severity: Severity | None = None


DIAGNOSED: Mapping[str, Told] = {
    "partitions-disagree": Told("HUB202", "the number of partitions is not the same everywhere"),
    "app-lease-held": Told("HUB204", "the app lease keeps workers of other apps from starting"),
    "history-without-row": Told("HUB205", "there is a history and no instance row"),
    "row-without-history": Told("HUB205", "the row tells of an execution that has no history"),
    "sentinel-without-events": Told("HUB205", "there are no rows of the execution in the sentinel"),
    "rows-of-older-execution": Told("HUB207", "rows of an older execution are left"),
    "instance-row-unreadable": Told("HUB211", "the instance row cannot be decoded"),
    "history-unreadable": Told("HUB211", "a history row cannot be decoded"),
    "sentinel-missing": Told("HUB215", "the history has no sentinel"),
    "row-behind-history": Told("HUB216", "the instance row is not what the history says"),
    "history-row-gap": Told("HUB217", "the row keys of the history do not run on"),
    "checkpoint-cut-off": Told("HUB218", "a checkpoint was broken off half-way"),
    "sentinel-behind-rows": Told("HUB218", "rows were written without the sentinel"),
    "unsettled-activity": Told("HUB219", "activities have no messages, for a server crashed"),
    "unsettled-unreadable": Told(
        "HUB219", "the note of activities without messages cannot be read", Severity.ERROR
    ),
    "lost-start": Told("HUB220", "the start message is gone"),
    "lost-activity": Told("HUB220", "an activity has neither work item nor result"),
    "lost-timer": Told("HUB220", "a timer's message is gone"),
    "lost-child-start": Told("HUB220", "a child's start message is gone"),
    "lost-child-result": Told("HUB220", "a child has ended and its result is gone"),
    "rewound-without-wake-up": Told("HUB220", "the message that lets it go on is gone"),
    "messages-missing": Told("HUB220", "more messages are waited for than there are"),
    "message-in-wrong-queue": Told("HUB221", "the message lies in another partition's queue"),
    "doubled-event-ids": Told("HUB222", "event IDs that were taken already"),
    "result-for-no-action": Told("HUB223", "the history does not hold the action"),
    "result-before-action": Told(
        "HUB223", "the history does not hold the action yet", Severity.INFO
    ),
    "stale-lease": Told("HUB224", "the lease has run out and still names its owner"),
    "two-partition-managers": Told("HUB225", "partitions are held by two kinds of managers"),
    "message-for-nobody": Told("QUE604", "the message is for an instance that is not there"),
    "start-without-row": Told("QUE604", "the start message is for an instance without a row"),
    "superseded-start": Told("QUE605", "the start message is of another execution than the row"),
    "message-for-older-execution": Told("QUE605", "the message is for an execution that is over"),
    "message-for-ended-instance": Told("QUE605", "the message is for an instance that has ended"),
    "message-repeated": Told("QUE605", "the history has this result already"),
    "leaked-lock": Told("ENT701", "the lock is held by an orchestration that will not release it"),
}
"""The doctor's rules whose findings become the linter's, by name."""

JUDGED: Mapping[str, str] = {
    "blob-missing": "HUB206",
    "orphaned-blob": "HUB210",
    "doubled-results": "RPL312",
    "result-without-action": "RPL312",
    "message-poison": "QUE602",
    "message-unreadable": "QUE608",
    "entity-state-unreadable": "ENT708",
}
"""The doctor's rules whose subject is judged by the facts of any source, and the code of that."""


def diagnosed(
    rule: Rule[Any], fact: Diagnosis, severity: Severity | None = None
) -> Iterator[Finding]:
    """Yield the finding of *rule* if what the doctor found is its subject."""
    told = DIAGNOSED.get(fact.diagnosed.rule.name)
    if told is not None and told.code == rule.code:
        yield rule.at(
            _place(fact),
            f"{told.sentence}: {fact.diagnosed.detail}{_whose(fact)}",
            discriminator=_which(fact.diagnosed),
            severity=told.severity or severity,
        )


def _place(fact: Diagnosis) -> Place:
    """Return the place, of a message that of the message: other sources know no better one."""
    queue, is_message, number = fact.diagnosed.where.partition(" message ")
    if not is_message:
        return replace(fact.place, part=_part(fact.diagnosed.where, fact.place.key))
    key = f"{queue.removeprefix('queue ')}/{number}"
    return Place(source=fact.place.source, kind=PlaceKind.MESSAGE, key=key)


def _part(where: str, key: str) -> str:
    """Return what the doctor's ``table T PARTITION-KEY/ROW-KEY`` says beside the place's own key."""
    what, _, name = where.partition(" ")
    if what == "table":
        table, _, row = name.partition(" ")
        row_key = row.partition("/")[2]
        return f"table {table} row {row_key}" if row_key not in ("", key) else f"table {table}"
    if what == "blob":
        return f"container {name.partition('/')[0]}"
    return "" if name == key else where


def _whose(fact: Diagnosis) -> str:
    is_message = " message " in fact.diagnosed.where
    return (
        f", for {fact.diagnosed.instance_id}" if is_message and fact.diagnosed.instance_id else ""
    )


def is_for_the_doctor(given: Given) -> bool:
    """Tell whether the doctor judges the hub: other facts of it are not judged a second time.

    It does not where a part of the hub may not be read.
    """
    return given.hub is not None and given.hub.classic is not None


def _which(found: Diagnosed) -> str:
    """Return what tells findings of one place apart: the doctor's rule, and the row or message."""
    if found.where.startswith("hub "):
        return found.rule.name
    last = found.where.rpartition("/")[2].rpartition(" ")[2]
    return f"{found.rule.name} {last}".strip()


class DiagnosedRule(Rule[Diagnosis]):
    """A rule that the doctor alone judges, for hubs in Azure Storage alone can break it."""

    about = (Diagnosis,)

    def check(self, fact: Diagnosis, given: Given) -> Iterator[Finding]:  # noqa: ARG002
        """Yield what the doctor found, if it is this rule's."""
        yield from diagnosed(self, fact)

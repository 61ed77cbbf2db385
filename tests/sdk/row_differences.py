"""In what our rows of an orchestration may differ from those that .NET wrote for it, and why.

`alike` takes that out of both, and nothing else; what is left must be the same. Names, order and types
of columns stay in but for the two of `COLUMNS`.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tests.sdk.raw_tables import RawRow, columns

Ours = bool  # whether a value stands in a row of ours, or in one of .NET's
Alike = Callable[[Any, Ours], Any]

SAID_BY_THE_SDK = re.compile(
    r"^(Sub-orchestration task #1 failed: )?(.+: )?Activity task #1 failed: "
)
"""What the Python SDK puts before the message of an activity's failure."""


@dataclass(frozen=True)
class Difference:
    """Columns whose values may differ. *alike* makes a value of either side neutral."""

    columns: tuple[str, ...]
    reason: str
    alike: Alike
    instances: tuple[str, ...] = ()  # none named: all


def _neutral(value: Any, ours: Ours) -> None:
    return None


def _json(text: str, ours: Ours) -> Any:
    return json.loads(text)


def _execution(text: str, ours: Ours) -> str:
    return re.sub(r"\b[0-9a-f]{32}\b", "…", text)


def _child(instance_id: str, ours: Ours) -> str:
    given_none = r".+:[0-9a-f]{4}" if ours else r"[0-9a-f]{32}:\d+"
    return "…" if re.fullmatch(given_none, instance_id) else instance_id


def _payload(text: str, ours: Ours) -> Any:
    _, is_address, name = text.partition("-largemessages/")
    if is_address or text.endswith(".json.gz"):
        return re.sub(r"-[0-9A-F]{8}-", "-…-", name or text)
    try:
        return json.loads(text)
    except ValueError:
        return SAID_BY_THE_SDK.sub("", text)  # the result of a failed execution is its message


def _message(text: str, ours: Ours) -> Any:
    without_type = re.sub(r"^[\w.]+(Error|Exception): ", "", text)
    return SAID_BY_THE_SDK.sub("", without_type)


def _failure(text: str, ours: Ours) -> Any:
    failure = json.loads(text)
    fields = list(failure or ())
    while failure and failure["ErrorType"] == "durabletask.task.TaskFailedError":
        failure = failure["InnerFailure"]
    return fields, failure and (failure["ErrorMessage"], failure["IsNonRetriable"])


TABLE = (
    Difference(("IsPlayed",), "DTFx marks what its worker has replayed; nobody reads it", _neutral),
    Difference(
        (
            *("_Timestamp", "FireAt", "ScheduledStartTime", "CheckpointCompletedTimestamp"),
            *("CreatedTime", "LastUpdatedTime", "CompletedTime"),
        ),
        "it ran at another time",
        _neutral,
    ),
    Difference(("TaskHubName",), "it ran in another hub", _neutral),
    Difference(
        ("ExecutionId", "OrchestrationInstance", "ParentInstance"),
        "execution IDs are made up",
        _execution,
    ),
    Difference(("Tags",), "a map in protobuf has no order", _json),
    Difference(("InstanceId",), "the SDKs name a child without an ID differently", _child),
    Difference(("FailureDetails",), "types and stack traces are the language's", _failure),
    Difference(
        ("Reason",), "the Python SDK wraps the failure of an activity, and says so", _message
    ),
    Difference(
        ("Output",),
        "the same, and with a type of the language",
        _message,
        instances=("fails-deep", "fails-in-child", "fails-in-child^0failing", "fails-itself"),
    ),
    Difference(
        ("Input", "Result", "Output", "InputBlobName", "ResultBlobName"),
        "JSON may be escaped in many ways, and the Python SDK writes the reason of a terminate as JSON; "
        "names of blobs have a random part",
        _payload,
    ),
)

COLUMNS = {
    ("sentinel", "DurahubConsumed"): "what may still be in the queue though consumed; ours alone",
}
"""Columns that one side may have and the other not, by what the rows are."""

_ANSWER = re.compile("(Task|SubOrchestrationInstance)(Completed|Failed)")


def alike(rows: Sequence[RawRow], ours: Ours) -> list[list[tuple[str, str, Any]]]:
    """Return the rows of an instance as columns of name, type and neutral value."""
    return [
        [
            (name, type_, _neutralised(str(row["PartitionKey"]), name, row[name], ours))
            for name, type_ in columns(row)
            if name != "RowKey" and not _may_be_missing(row, name)
        ]
        for row in in_one_episode(rows)
    ]


def in_one_episode(rows: Sequence[RawRow]) -> list[RawRow]:
    """Return history rows with answers that follow one another in one episode, and in order.

    How many of the answers to parallel actions an episode sees, and in which order, is chance.
    """
    kept: list[RawRow] = []
    for row in rows:
        kept.append(row)
        kinds = [str(one.get("EventType")) for one in kept[-4:]]
        seam = kinds[1:3] == ["OrchestratorCompleted", "OrchestratorStarted"]
        if seam and _ANSWER.fullmatch(kinds[0]) and _ANSWER.fullmatch(kinds[-1]):
            del kept[-3:-1]
    runs = groupby(kept, key=lambda row: bool(_ANSWER.fullmatch(str(row.get("EventType")))))
    return [
        row
        for are_answers, run in runs
        for row in (sorted(run, key=lambda r: int(r["TaskScheduledId"])) if are_answers else run)
    ]


def _neutralised(instance: str, column: str, value: Any, ours: Ours) -> Any:
    for difference in TABLE:
        if column in difference.columns and instance in (difference.instances or (instance,)):
            return difference.alike(value, ours)
    return value


def _may_be_missing(row: RawRow, column: str) -> bool:
    kinds = (str(row.get("OrchestrationStatus")), str(row["RowKey"]))
    return any(kind in kinds and column == name for kind, name in COLUMNS)

"""In what our rows of an instance may differ from those that .NET wrote for it, and why.

`alike` takes that out of both, and nothing else; what is left must be the same. Names, order and types
of columns stay in but for those of `COLUMNS`.
"""

import json
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from tests.sdk.neutral_texts import neutral_ids, neutral_times
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
    instances: tuple[str, ...] = ()  # by partition key; none named: all
    by_chance: bool = False  # now and then there is none


def _neutral(value: Any, ours: Ours) -> Any:
    return "<any>"


def _ids(text: str, ours: Ours) -> str:
    return neutral_ids(text)


def _times(text: str, ours: Ours) -> str:
    return neutral_times(text)


def _address(text: str, ours: Ours) -> str:
    return re.sub(r"^http://[^/]+/devstoreaccount1/\w+-largemessages/", "<container>/", text)


def _json(text: str, ours: Ours) -> Any:
    return json.loads(text)


def _without_action(text: str, ours: Ours) -> str:
    return re.sub(r'(?<="TaskScheduleId":)\d+', "<any>", text)


def _message(text: str, ours: Ours) -> Any:
    without_type = re.sub(r"^[\w.]+(Error|Exception): ", "", text)
    return SAID_BY_THE_SDK.sub("", without_type)


def _unquoted(text: str, ours: Ours) -> str:
    return text.strip('"') if ours else text


def _untraced(text: str, ours: Ours) -> str:
    if not ours:
        return text
    return re.sub(r'"createTrace":true,"requestTime":"<time>\+00:00"', '"createTrace":false', text)


def _answer(text: str, ours: Ours) -> Any:
    if not text.startswith('{"result":'):
        return text
    answer = json.loads(text)
    return _failure(json.dumps(answer["failureDetails"]), ours)


def _failure(text: str, ours: Ours) -> Any:
    failure = json.loads(text)
    fields = list(failure or ())
    while failure and failure["ErrorType"] == "durabletask.task.TaskFailedError":
        failure = failure["InnerFailure"]
    return fields, failure and (failure["ErrorMessage"], failure["IsNonRetriable"])


TEXTS = ("Input", "Result", "Output", "InputBlobName", "ResultBlobName")

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
    Difference(TEXTS, "times in texts: it ran at another time", _times),
    Difference(("TaskHubName",), "it ran in another hub", _neutral),
    Difference(
        ("ExecutionId", "OrchestrationInstance", "ParentInstance", "InstanceId", "Name", *TEXTS),
        "GUIDs, execution IDs, the IDs of children made from them, and parts of blob names are made up",
        _ids,
    ),
    Difference(
        ("Input", "Output"), "the address of a blob begins with that of the account", _address
    ),
    Difference(
        ("ParentInstance",),
        "how many signals an entity takes in one batch is chance",
        _without_action,
        instances=("started-by-entity",),
        by_chance=True,
    ),
    Difference(
        ("Tags",),
        "a map in protobuf has no order",
        _json,
        instances=("five-cities",),
        by_chance=True,
    ),
    Difference(("FailureDetails",), "types and stack traces are the language's", _failure),
    Difference(
        ("Input", "Result", "Output"),
        "the Python SDK's client writes the reason of a terminate as JSON",
        _unquoted,
        instances=("terminated",),
    ),
    Difference(
        ("Input",),
        "the Python SDK's client says when it asked an entity, and asks for a trace of it",
        _untraced,
        instances=("@counter@x",),
    ),
    Difference(
        ("Input",),
        "a failed operation is answered so that a Functions orchestration, too, sees the failure",
        _answer,
        instances=("call-fails",),
    ),
    Difference(
        ("Reason",), "the Python SDK wraps the failure of an activity, and says so", _message
    ),
    Difference(
        ("Result", "Output"),
        "the same, and with a type of the language",
        _message,
        instances=(
            *("fails-deep", "fails-in-child", "fails-in-child^0failing", "fails-itself"),
            "rewound",
        ),
    ),
)

COLUMNS = {
    ("null-input", "Result"): "None is no result to the Python SDK; to .NET it is JSON",
    ("null-input", "Output"): "the same",
    ("sentinel", "DurahubConsumed"): "what may still be in the queue though consumed; ours alone",
}
"""Columns that one side may have and the other not, by what the rows are."""

_ANSWER = re.compile("(Task|SubOrchestrationInstance)(Completed|Failed)")


def alike(
    rows: Sequence[RawRow],
    *,
    ours: Ours,
    table: Sequence[Difference] = TABLE,
    missing: Collection[tuple[str, str]] = COLUMNS,
) -> list[list[tuple[str, str, Any]]]:
    """Return the rows of an instance as columns of name, type and neutral value."""
    return [
        [
            (name, type_, _neutralised(table, row, name, ours))
            for name, type_ in columns(row)
            if name not in ("PartitionKey", "RowKey") and not _is_missing(row, name, missing)
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


def _neutralised(table: Sequence[Difference], row: RawRow, column: str, ours: Ours) -> Any:
    value, instance = row[column], row["PartitionKey"]
    for difference in table:
        if column in difference.columns and instance in (difference.instances or (instance,)):
            value = difference.alike(value, ours)
    return value


def _is_missing(row: RawRow, column: str, missing: Collection[tuple[str, str]]) -> bool:
    kinds = (str(row["PartitionKey"]), str(row["RowKey"]))
    return any(kind in kinds and column == name for kind, name in missing)

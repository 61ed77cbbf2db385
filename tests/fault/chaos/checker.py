"""What must be true in the end: decided from the records, and from what the hub holds."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.fault.chaos.kinds import kind_of, number_of, wanted
from tests.fault.chaos.records import Records

STARTED, COMPLETED, TASK_COMPLETED, TASK_FAILED = 0, 1, 5, 6
CHILD_COMPLETED, CHILD_FAILED, TIMER_FIRED, RAISED = 8, 9, 11, 15
ANSWERS = (TASK_COMPLETED, TASK_FAILED, CHILD_COMPLETED, CHILD_FAILED)
"""Values of ``EventType`` of .NET, which ``durahub hub read`` prints."""


@dataclass(frozen=True, slots=True)
class Left:
    """A message that is left in a queue, visible or not: which event, as ``ExecutionStarted``, for whom."""

    queue: str
    event: str
    instance_id: str


@dataclass(frozen=True)
class Held:
    """What a hub holds: its instances as ``durahub hub read`` prints them, its ledgers by their numbers."""

    instances: Mapping[str, Mapping[str, Any]]
    ledgers: Mapping[int, Mapping[str, int]]
    messages: Sequence["Left"]
    findings: Sequence[Mapping[str, Any]] = ()  # the doctor's, as it prints them


@dataclass(frozen=True)
class Verdict:
    """What is broken, and what was checked."""

    broken: Sequence[str]
    figures: Mapping[str, int]


def judge(records: Records, held: Held, *, exactly_once: bool) -> Verdict:
    """Check *held* against *records*.

    With *exactly_once* an entity has had each operation once. On classic storage, as with DTFx, an
    episode that is repeated asks anew: each operation is there, and those that came twice are counted.
    There a server that dies in the midst of a start, which it has not accepted then, may leave its message
    without a row: it never runs, waits for its row for some minutes, and is dropped then.
    """
    broken: list[str] = []
    for instance_id in sorted(records.started | (records.asked & held.instances.keys())):
        found = held.instances.get(instance_id)
        if found is None:
            broken.append(f"{instance_id}: it was accepted, and is not there")
        else:
            broken += [
                f"{instance_id}: {one}" for one in _instance(instance_id, found, records, held)
            ]
    again: Counter[str] = Counter()
    for ledger, state in held.ledgers.items():
        for name, times in state.items():
            again["operations"] += times - 1
            instance_id = name.partition("/")[0]
            if instance_id not in records.asked:
                broken.append(f"ledger {ledger}: nobody asked for {name}")
            elif times != 1 and exactly_once:
                broken.append(f"ledger {ledger}: {name} {times} times")
    refused = records.asked - records.started - held.instances.keys()
    halfway = {
        one.instance_id
        for one in held.messages
        if one.event == "ExecutionStarted" and one.instance_id in refused
    }
    broken += [
        f"{one.event} of {one.instance_id} is left in {one.queue}"
        for one in held.messages
        if one.instance_id not in halfway
    ]
    broken += [
        f"doctor: {one['rule']} {one.get('instanceId')}: {one.get('detail')}"
        for one in held.findings
        if one["rule"] != "start-without-row" or one.get("instanceId") not in halfway
    ]
    checked = records.started | (records.asked & held.instances.keys())
    return Verdict(
        broken,
        {
            "instances checked": len(checked),
            "events checked": sum(len(texts) for texts in records.events.values()),
            "entity operations checked": sum(len(state) for state in held.ledgers.values()),
            "entity operations repeated": again["operations"],
            "starts left halfway, not accepted": len(halfway),
            "activities run": sum(records.runs.values()),
            "activities run again": sum(records.runs.values()) - len(records.runs),
        },
    )


def _instance(
    instance_id: str, found: Mapping[str, Any], records: Records, held: Held
) -> Iterator[str]:
    if found["status"] != "Completed":
        yield f"it is {found['status']}: {found.get('failureDetails') or found.get('output')}"
        return
    kind, n = kind_of(instance_id), number_of(instance_id)
    yield from well_formed(found["history"])
    must = wanted(instance_id)
    if must is not None and json.loads(found["output"] or "null") != json.loads(must):
        yield f"its output is {found['output']}, not {must}"
    if kind.name == "events":
        yield from _events(instance_id, found, records)
    for name in kind.children:
        own = f"{instance_id}-{name}"
        if own not in held.instances:
            yield f"its child {own} is not there"
        else:
            yield from (
                f"child {name}: {one}" for one in well_formed(held.instances[own]["history"])
            )
            yield from _ran(own, ("0", "1"), records, in_order=True)
    yield from _ran(instance_id, kind.steps(n), records, in_order=kind.in_order)
    for name, ledger in kind.operations(n).items():
        if f"{instance_id}/{name}" not in held.ledgers.get(ledger, {}):
            yield f"its operation {name} of ledger {ledger} is lost"


def well_formed(history: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what is wrong with the history of an instance that has completed."""
    kinds = Counter(event["EventType"] for event in history)
    for kind, name in ((STARTED, "starts"), (COMPLETED, "ends")):
        if kinds[kind] != 1:
            yield f"its history has {kinds[kind]} {name}"
    answers = Counter(e["TaskScheduledId"] for e in history if e["EventType"] in ANSWERS)
    answers.update(e["TimerId"] for e in history if e["EventType"] == TIMER_FIRED)
    asked = {e["EventId"] for e in history if e["EventId"] >= 0}
    for number, count in answers.items():
        if count > 1:
            yield f"action {number} is answered {count} times"
        if number not in asked:
            yield f"action {number} is answered, and was not asked for"


def _events(instance_id: str, found: Mapping[str, Any], records: Records) -> Iterator[str]:
    seen = Counter(json.loads(found["output"]))
    for text in records.events.get(instance_id, set()):
        if not seen[text]:
            yield f"event {text} was accepted, and is lost"
    for text, times in seen.items():
        if times > 1:
            yield f"event {text} came {times} times"
        if text not in records.asked_events.get(instance_id, set()):
            yield f"nobody raised event {text}"
    raised = Counter(
        e["Input"] for e in found["history"] if e["EventType"] == RAISED and e["Name"] == "Add"
    )
    for text, times in raised.items():
        if times > 1 and seen[json.loads(text)] < 2:
            yield f"event {text} stands in the history {times} times"


def _ran(
    instance_id: str, steps: Sequence[str], records: Records, *, in_order: bool
) -> Iterator[str]:
    names = [f"{instance_id}/{step}" for step in steps]
    missing = [name for name in names if not records.runs[name]]
    if missing:
        yield f"activities never ran: {missing}"
    elif in_order:
        lines = [records.first[name] for name in names]
        if lines != sorted(lines):
            yield f"an activity ran before the one before it: {lines}"

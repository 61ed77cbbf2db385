"""What a run tells, as JSON: one object a line, as ``apply-events.schema.json`` beside this file says."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import resources
from typing import Any

from durahub_migrate.applying.progress import Progress
from durahub_migrate.applying.states import JobState, UnitState
from durahub_migrate.moving.mover import Moved


def schema_text() -> str:
    """Return the schema as it is shipped."""
    folder = resources.files("durahub_migrate.applying")
    return (folder / "apply-events.schema.json").read_text("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """How a run has ended. *balance* is by kind and place; *left* and *doubts* are by reason."""

    plan: str
    job: str
    target: str
    state: JobState
    exit_status: int
    failed: int
    rejected: int
    instances: int
    events: int
    messages: int
    reason: str | None = None
    balance: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    residue: Mapping[str, int] = field(default_factory=dict)
    left: Mapping[str, int] = field(default_factory=dict)
    doubts: Mapping[str, int] = field(default_factory=dict)
    lost_file: str | None = None
    bundle: str = ""


def of_state(state: JobState) -> dict[str, Any]:
    """Return the event of a job that takes a state."""
    return {"event": "state", "state": state.value}


def of_progress(far: Progress) -> dict[str, Any]:
    """Return the event of how far it is."""
    told: dict[str, Any] = {
        "event": "progress",
        "phase": far.phase,
        "done": far.done,
        "total": far.total,
        "failed": far.failed,
        "rejected": far.rejected,
        "rates": {kind: round(rate, 3) for kind, rate in far.rates.items()},
    }
    if far.seconds_left is not None:
        names = ("likely", "least", "most")
        told["secondsLeft"] = {
            name: round(seconds, 1) for name, seconds in zip(names, far.seconds_left, strict=True)
        }
    if far.actions_per_second is not None:
        told["actionsPerSecond"] = round(far.actions_per_second, 3)
    return told


def of_unit(root_id: str, phase: str, state: UnitState, moved: Moved) -> dict[str, Any]:
    """Return the event of a unit that was rejected or has failed."""
    return {
        "event": "unit",
        "unit": root_id,
        "phase": phase,
        "state": state.value,
        "code": moved.code,
        "reason": moved.reason,
    }


def of_waiting(code: str, reason: str, seconds: float) -> dict[str, Any]:
    """Return the event of a target that does not answer."""
    return {"event": "waiting", "code": code, "reason": reason, "seconds": round(seconds, 1)}


def of_summary(ended: Summary) -> dict[str, Any]:
    """Return the last event of a run."""
    told: dict[str, Any] = {
        "event": "ended",
        "plan": ended.plan,
        "job": ended.job,
        "target": ended.target,
        "state": ended.state.value,
        "exitStatus": ended.exit_status,
        "failed": ended.failed,
        "rejected": ended.rejected,
        "instances": ended.instances,
        "events": ended.events,
        "messages": ended.messages,
        "balance": {kind: dict(counts) for kind, counts in ended.balance.items()},
        "residue": dict(ended.residue),
        "left": dict(ended.left),
        "doubts": dict(ended.doubts),
    }
    if ended.reason is not None:
        told["reason"] = ended.reason
    if ended.lost_file is not None:
        told["lost"] = ended.lost_file
    return told

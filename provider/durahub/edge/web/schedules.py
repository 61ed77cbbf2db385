"""Scheduled tasks: the entities that SDKs keep them in, and their operations.

A schedule is the entity ``@schedule@ID``; its state is a JSON object whose members are in Pascal case,
the same from .NET and from Python. Its operations are the SDK's own, and so are their inputs: who calls
one has to know in which language the worker is written that runs the entity.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from durahub.edge.web.bodies import flag_member, text_member
from durahub.engine.entities.ids import EntityId
from durahub.errors import BadRequest
from durahub.model import json_text

NAME = "schedule"
PREFIX = f"@{NAME}@"
DELETE = "delete"  # the same in every SDK

_INTERVAL = re.compile(r"(?:(\d+)\.)?(\d+):(\d\d):(\d\d)(?:\.(\d{1,7}))?", re.ASCII)
_TEXTS = {  # member, and what Python calls it
    "OrchestrationInput": "orchestration_input",
    "OrchestrationInstanceId": "orchestration_instance_id",
    "StartAt": "start_at",
    "EndAt": "end_at",
}


@dataclass(frozen=True, slots=True)
class Sdk:
    """What an SDK calls the operations."""

    create: str
    pause: str
    resume: str


SDKS: Mapping[str, Sdk] = {
    "dotnet": Sdk("CreateSchedule", "PauseSchedule", "ResumeSchedule"),
    "python": Sdk("create_schedule", "pause_schedule", "resume_schedule"),
}


def schedule_entity(schedule_id: str) -> str:
    """Return the ID of a schedule's entity. Raises `BadRequest` for an empty one."""
    if not schedule_id:
        raise BadRequest("a schedule needs a ScheduleId")
    return str(EntityId(NAME, schedule_id))


def sdk_called(name: str) -> str:
    """Return the SDK that a request names, .NET's where it names none. Raises `BadRequest`."""
    wanted = name.lower() or "dotnet"
    if wanted not in SDKS:
        raise BadRequest(f"sdk is one of {', '.join(SDKS)}")
    return wanted


def schedule_state(text: str | None) -> dict[str, Any] | None:
    """Return the state of a schedule, ``None`` where it is none that an SDK writes."""
    try:
        state = json_text.read(text or "")
    except ValueError:
        return None
    return state if isinstance(state, dict) else None


def creation_input(body: Mapping[str, Any], sdk: str) -> tuple[str, str]:
    """Return the schedule's ID and the operation's input as JSON. Raises `BadRequest`.

    The body has the members of the configuration: ``ScheduleId``, ``OrchestrationName``, ``Interval``
    as ``[days.]hh:mm:ss``, and perhaps ``OrchestrationInput``, ``OrchestrationInstanceId``,
    ``StartAt``, ``EndAt``, ``StartImmediatelyIfLate``.
    """
    schedule_id = text_member(body, "ScheduleId") or ""
    name = text_member(body, "OrchestrationName")
    interval = text_member(body, "Interval") or ""
    seconds = seconds_of(interval)
    if not schedule_id or not name:
        raise BadRequest("a schedule needs a ScheduleId and an OrchestrationName")
    more = {member: text_member(body, member) for member in _TEXTS}
    late = flag_member(body, "StartImmediatelyIfLate", default=False)
    if sdk == "python":
        texts = {_TEXTS[member]: value for member, value in more.items()}
        python: dict[str, Any] = {"schedule_id": schedule_id, "orchestration_name": name, **texts}
        python |= {"interval_seconds": seconds, "start_immediately_if_late": late}
        return schedule_id, json_text.write(python | _python_input(more["OrchestrationInput"]))
    dotnet: dict[str, Any] = {"ScheduleId": schedule_id, "OrchestrationName": name, **more}
    dotnet |= {"Interval": interval, "StartImmediatelyIfLate": late}
    return schedule_id, json_text.write(dotnet)


def seconds_of(interval: str) -> float:
    """Return the seconds of an interval as .NET writes it. Raises `BadRequest`; a second is the least."""
    match = _INTERVAL.fullmatch(interval)
    if match is None:
        raise BadRequest("Interval is not a time like 00:05:00 or 1.00:00:00")
    days, hours, minutes, seconds, fraction = (int(text or "0") for text in match.groups())
    whole = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    length: float = whole + fraction / 10 ** len(match[5] or "0")
    if length < 1:
        raise BadRequest("Interval is at least one second")
    return length


def _python_input(text: str | None) -> dict[str, Any]:
    """Python's options hold the input itself, .NET's its JSON text."""
    if text is None:
        return {}
    try:
        return {"orchestration_input": json_text.read(text)}
    except ValueError:
        raise BadRequest("OrchestrationInput is not JSON text") from None

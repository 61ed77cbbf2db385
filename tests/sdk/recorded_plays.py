"""The instances of the recorded hubs ``finished`` and ``waiting``, and how they are played again.

Each is started as it was, under its ID, and a client does with it what it did then; as it ended under
.NET, so it must end here.
"""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

from durabletask.client import OrchestrationState, OrchestrationStatus
from tests.golden.recorded import FOLDER, RecordedHub
from tests.sdk.travel_hub import TravelHub

UNICODE = "日本語 🚀 \u2028 <tag> & 'quote' \"double\" \\ back / slash \t tab é"

NOT_PLAYED = {
    "9011297df5e043ffbdd392692437194c:1": "the SDKs name a child without an ID differently",
    "49fb75c01f984ef7b7a278432e079c76:1": "the same",
    "awaits-timer-far": "it waits for days",
    "scheduled-far": "it waits for days",
    "never-started-big": "its input was recorded only inside a message",
}
STARTED_BY_OTHERS = {
    "awaits-many:waits",
    "fails-in-child/failing",
    "never-started-parent:child-1",
    "parent:child-1",
}
BEFORE_ANY_WORKER = ("never-started", "never-started-parent", "never-started-terminated")
FIRST_INPUTS = {  # where the recording has the input of the last generation
    "eternal": {"round": 0, "of": 3, "log": ""},
    "continued-as-new": {"round": 0, "of": 3, "log": ""},
}
STARTS_IN = timedelta(seconds=4)  # ``scheduled-start``

Step = Callable[[TravelHub, str], None]


@dataclass(frozen=True)
class Recorded:
    """An instance as it was started under .NET, and as it ended. Texts are JSON."""

    instance_id: str
    name: str
    version: str
    input: str | None
    tags: dict[str, str] | None
    status: OrchestrationStatus
    output: Any  # the text, or for a long one ``{"$length", "$sha256", "$start"}``
    custom_status: str


def raises(data: Any) -> Step:
    return lambda hub, id_: hub.client.raise_orchestration_event(id_, "Approval", data=data)


def suspends(reason: str) -> Step:
    def suspend(hub: TravelHub, instance_id: str) -> None:
        hub.client.suspend_orchestration(instance_id, reason=reason)
        hub.once(instance_id, OrchestrationStatus.SUSPENDED)

    return suspend


def resumes(reason: str) -> Step:
    return lambda hub, id_: hub.client.resume_orchestration(id_, reason=reason)


def terminates(reason: str) -> Step:
    return lambda hub, id_: hub.client.terminate_orchestration(id_, output=reason)


def starts_again(hub: TravelHub, instance_id: str) -> None:
    hub.ended(instance_id)
    hub.client.schedule_new_orchestration("Echo", input="second use", instance_id=instance_id)


def rewinds(hub: TravelHub, instance_id: str) -> None:
    hub.ended(instance_id)
    hub.client.rewind_orchestration(instance_id, reason="once more")


TICKS = (raises({"tick": 0}), raises({"tick": 1}), raises({"tick": 2}))

STEPS: dict[str, tuple[Step, ...]] = {
    "answered": (raises({"yes": True}), raises(f"second {UNICODE}")),
    "awaits-event": (raises("sent while no worker ran"),),
    "awaits-many": (raises({"part": 1}),),
    "awaits-many:waits": (raises("for the child"),),
    "continued-as-new": TICKS,
    "eternal": TICKS,
    "race-event": (raises("quick"),),
    "race-open": (suspends("queued suspend"), raises("won"), resumes("queued resume")),
    "reused": (starts_again,),
    "rewound": (rewinds,),
    "suspended": (
        raises("before the pause"),
        suspends(f"hold {UNICODE}"),
        raises("during the pause"),
        resumes("go on"),
    ),
    "suspended-and-resumed": (
        suspends("pause for lunch"),
        raises("while suspended"),
        resumes("back"),
    ),
    "terminated": (terminates("no longer needed"),),
}


def recorded_instances() -> dict[str, Recorded]:
    """Return what was recorded of every instance that can be played, by its ID."""
    instances = [
        _recorded(line, texts)
        for hub, expectations in (("finished", "expected"), ("waiting", "expected-finished"))
        for texts in [_long_texts(hub)]
        for line in _lines(hub, expectations)
        if line["instanceId"] not in NOT_PLAYED
    ]
    return {instance.instance_id: instance for instance in instances}

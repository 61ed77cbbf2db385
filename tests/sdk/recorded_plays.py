"""The instances of the recorded hubs ``finished`` and ``waiting``, and how they are played again.

Each is started as it was, under its ID, and a client does with it what it did then; as it ended under
.NET, so it must end here.
"""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from typing import Any

from durabletask.client import OrchestrationStatus
from durabletask.history import (
    HistoryEvent,
    TaskCompletedEvent,
    TaskScheduledEvent,
    TimerCreatedEvent,
)

from durahub.classic.envelope import Envelope, decode
from durahub.classic.payloads import unpack
from durahub.model.history import EventRaised, ExecutionStarted
from tests.golden.recorded import FOLDER, RecordedHub, lines_of
from tests.sdk.travel_hub import TravelHub, until

HUBS = (RecordedHub("finished"), RecordedHub("waiting"))
UNICODE = "日本語 🚀 \u2028 <tag> & 'quote' \"double\" \\ back / slash \t tab é"

NOT_PLAYED = {
    "9011297df5e043ffbdd392692437194c:1": "the Python SDK names a child without an ID differently",
    "49fb75c01f984ef7b7a278432e079c76:1": "the same",
    "awaits-timer-far": "it waits for days",
    "scheduled-far": "it waits for days",
    "rewound": "rewinding is not served yet",
}
STARTED_BY_OTHERS = {
    "awaits-many:waits",
    "fails-in-child/failing",
    "never-started-parent:child-1",
    "parent:child-1",
}
BEFORE_ANY_WORKER = (
    "never-started",
    "never-started-big",
    "never-started-parent",
    "never-started-terminated",
)
GIVES_UP = "awaits-retry-until-terminated"
FIRST_INPUT = '{"round":0,"of":3,"log":""}'  # of `Eternal`; what was recorded is its last

Step = Callable[[TravelHub, str], object]


@dataclass(frozen=True)
class Recorded:
    """An instance as it was started under .NET, and as it ended. Texts are JSON."""

    instance_id: str
    name: str
    version: str
    input: str | None
    tags: dict[str, str] | None
    status: OrchestrationStatus
    output: Any  # the text, or of a long one ``{"$length", "$sha256", "$start"}``
    custom_status: str

    def __str__(self) -> str:
        return self.instance_id


def raises(*all_data: Any) -> Step:
    def raise_all(hub: TravelHub, instance_id: str) -> None:
        for data in all_data:
            hub.client.raise_orchestration_event(instance_id, "Approval", data=data)

    return raise_all


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


def raises_big(hub: TravelHub, instance_id: str) -> None:
    big = json.loads(recorded_instances()["big-70000"].input or "")
    hub.client.raise_orchestration_event(instance_id, "Approval", data=big)


def raises_what_was_recorded(hub: TravelHub, instance_id: str) -> None:
    for done in json.loads((FOLDER / "waiting" / "finish.json").read_bytes()):
        if (done["op"], done["id"]) == ("raise", instance_id):
            raises(done["data"])(hub, instance_id)


STEPS: dict[str, tuple[Step, ...]] = {
    "answered": (raises({"yes": True}), raises(f"second {UNICODE}")),
    "awaits-event": (raises("sent while no worker ran"),),
    "awaits-many": (raises({"part": 1}),),
    "awaits-many:waits": (raises("for the child"),),
    "awaits-second-event": (raises("first of two"), raises_big),
    "big-input-waiting": (raises_what_was_recorded,),
    "continued-as-new": (raises({"tick": 0}, {"tick": 1}, {"tick": 2}),),  # at once: carried over
    "eternal": (raises({"tick": 0}), raises({"tick": 1}), raises({"tick": 2})),
    "race-event": (raises("quick"),),
    "race-open": (suspends("queued suspend"), raises("won"), resumes("queued resume")),
    "reused": (starts_again,),
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


@cache
def recorded_instances() -> dict[str, Recorded]:
    """Return what became of every instance that can be played, by its ID."""
    lines = [
        line for hub in HUBS for line in lines_of(FOLDER / hub.name / "expected-finished.jsonl")
    ]
    return {
        line["instanceId"]: _recorded(line)
        for line in lines
        if line["instanceId"] not in NOT_PLAYED
    }


@cache
def recorded_in(group: str) -> dict[str, Recorded]:
    """Return every orchestration of a group as the hub was left, by its ID."""
    lines = lines_of(FOLDER / group / "expected.jsonl")
    return {
        line["instanceId"]: _recorded(line)
        for line in lines
        if not line["instanceId"].startswith("@")
    }


def _recorded(line: dict[str, Any]) -> Recorded:
    return Recorded(
        instance_id=line["instanceId"],
        name=line["name"],
        version=line["version"],
        input=FIRST_INPUT if line["name"] == "Eternal" else _whole(line["input"]),
        tags=line["tags"],
        status=OrchestrationStatus[line["status"].upper()],
        output=line["output"],
        custom_status=line["customStatus"],
    )


def play_without_worker(hub: TravelHub) -> None:
    """Do what was done while no worker ran."""
    for instance_id in BEFORE_ANY_WORKER:
        start(hub, recorded_instances()[instance_id])
    terminates("changed our mind")(hub, "never-started-terminated")


def play(hub: TravelHub) -> None:
    """Do the rest, while a worker runs; return when nothing remains but to wait."""
    instances = recorded_instances()
    for instance in sorted(instances.values(), key=lambda instance: instance.name == "Sender"):
        later = instance.instance_id in (*BEFORE_ANY_WORKER, *STARTED_BY_OTHERS, "awaits-retry")
        if not later:
            start(hub, instance)
    for instance_id in STEPS:
        take_steps(hub, instance_id)
    # Of the calls of `Flaky` in a process each third succeeds. `retries` has made three, two retrying
    # instances make the fourth and the fifth: so the one that is left to retry makes the sixth.
    hub.ended("retries")
    start(hub, instances["awaits-retry"])
    hub.client.schedule_new_orchestration("RetryWaits", input="x", instance_id=GIVES_UP)
    retrying = ("awaits-retry", GIVES_UP)
    until(lambda: all(TimerCreatedEvent in hub.kinds(instance_id) for instance_id in retrying))
    terminates("enough")(hub, GIVES_UP)


def take_steps(hub: TravelHub, instance_id: str, steps: Sequence[Step] | None = None) -> None:
    """Do what was done with an instance, each step when it has come to rest after the one before."""
    hub.begun(instance_id)
    for step in STEPS.get(instance_id, ()) if steps is None else steps:
        before = hub.history(instance_id)
        step(hub, instance_id)
        until(partial(_rests_again, hub, instance_id, before))


def _rests_again(hub: TravelHub, instance_id: str, before: list[HistoryEvent]) -> bool:
    """Tell whether something has happened and no activity is running."""
    history = hub.history(instance_id)
    kinds = [type(event) for event in history]
    at_rest = kinds.count(TaskScheduledEvent) == kinds.count(TaskCompletedEvent)
    return at_rest and history != before


def start(hub: TravelHub, instance: Recorded, at: datetime | None = None) -> None:
    hub.client.schedule_new_orchestration(
        instance.name,
        input=None if instance.input is None else json.loads(instance.input),
        instance_id=instance.instance_id,
        start_at=at,
        tags=instance.tags,
        version=instance.version or None,
    )


def _whole(recorded: Any) -> str | None:
    """Return a recorded input; a long one is looked up by its digest."""
    return _long_texts()[recorded["$sha256"]] if isinstance(recorded, dict) else recorded


@cache
def _long_texts() -> dict[str, str]:
    histories = [rows for hub in HUBS for rows in hub.current_history.values()]
    texts = [str(row["Input"]) for rows in histories for row in rows if "Input" in row]
    texts += [input_ for hub in HUBS for input_ in _inputs_in_blobs(hub).values()]
    return {hashlib.sha256(text.encode()).hexdigest(): text for text in texts}


def recorded_event() -> str:
    """Return the data of the one event that was too large for its queue, as JSON."""
    [found] = [text for blob, text in _inputs_in_blobs(HUBS[1]).items() if "-EventRaised." in blob]
    return found


def _inputs_in_blobs(hub: RecordedHub) -> dict[str, str]:
    """Return the inputs of the messages in blobs, by blob."""
    found = {}
    for blob, content in hub.payloads.items():
        if "/message-" in blob:
            envelope = decode(unpack(content, blob))
            event = envelope.message.event if isinstance(envelope, Envelope) else None
            if isinstance(event, ExecutionStarted | EventRaised) and event.input is not None:
                found[blob] = event.input
    return found

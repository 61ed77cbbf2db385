"""A recorded hub taken over: loaded, served, worked by the Python app, finished by a client, stopped."""

import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from durabletask.azuremanaged.client import DurableTaskSchedulerClient

from durahub.classic.envelope import Envelope, decode, from_queue_text
from durahub.classic.names import HubNames
from durahub.engine.entities.ids import is_entity
from durahub.local.child import Child
from durahub.local.server import ServerProcess, running_server
from durahub.model.history import EventType
from tests.conftest import STORE, WORKER_READY_WITHIN, Storage
from tests.golden.finishing.endings import differences, id_of, unequal
from tests.golden.finishing.stored import Found, StoredHub, findings, read_hub, short_name
from tests.golden.loading import load
from tests.golden.recorded import QueueMessage, RecordedHub
from tests.sdk.travel_hub import client_of

APP = Path(__file__).parent / "apps" / "going_on.py"
OFTEN = 0.25  # seconds between two looks
FAR = 600.0  # seconds; what is hidden for longer is not waited for

OPEN = ("Running", "Pending", "Suspended")
ANSWERS = {int(EventType.TaskCompleted), int(EventType.TaskFailed)}


@dataclass
class Takeover:
    """A hub that was taken over. *end* is what was in storage when the server had stopped."""

    hub: RecordedHub
    names: HubNames  # under which it was loaded
    before: StoredHub
    ill: frozenset[Found]  # what was wrong with it before
    end: StoredHub
    runs: Counter[tuple[str, str]] = field(default_factory=Counter)  # instance, activity
    exclusive: bool = False

    def compared(self) -> dict[str, list[str]]:
        """Return the differences of each instance from its recorded end."""
        return compared(self.hub, self.end, with_inputs=self.exclusive)


def compared(
    hub: RecordedHub, found: StoredHub, *, with_inputs: bool = False
) -> dict[str, list[str]]:
    """Return the differences of each instance from its recorded end, by its recorded ID.

    What was at its end already may differ in nothing. *with_inputs*: activities that have been scheduled
    since may have their inputs in their rows, as the level exclusive writes them.
    """
    given = set(hub.expected)
    ours = {id_of(one, given): line for one, line in found.lines.items()}
    result: dict[str, list[str]] = {}
    for instance_id, expected in hub.finished.items():
        line = ours.get(id_of(instance_id, given))
        if line is None:
            result[instance_id] = ["it is not there"]
        elif hub.expected.get(instance_id) == expected:
            result[instance_id] = unequal(expected, line)
        else:
            result[instance_id] = differences(
                expected, without_inputs(line) if with_inputs else line
            )
    more = set(ours) - {id_of(one, given) for one in hub.finished}
    return result | {instance_id: ["it should not be there"] for instance_id in more}


def without_inputs(line: dict[str, Any]) -> dict[str, Any]:
    """Return an instance whose rows of activities have no inputs."""
    scheduled = int(EventType.TaskScheduled)
    history = [
        {k: v for k, v in event.items() if k != "Input" or event["EventType"] != scheduled}
        for event in line["history"]
    ]
    return {**line, "history": history}


def app_of(hub: RecordedHub) -> str:
    """Return which form of the app goes on with a hub."""
    if hub.settings.get("extension"):
        return "functions"
    return "plain" if hub.settings["inputs"] == "plain JSON" else "arrays"


@contextmanager
def serving(
    hub: RecordedHub, names: HubNames, storage: Storage, state: Path, *options: str
) -> Iterator[ServerProcess]:
    """Serve the hub for the body, in a process of its own."""
    arguments = ["--store", f"env:{STORE}", "--hub", names.hub, "--max-poll", "1", *options]
    arguments += ["--queue-encoding", hub.settings["queueEncoding"].lower()]
    if names.tracking_prefix is not None:
        arguments += ["--tracking-prefix", names.tracking_prefix]
    env = {STORE: storage.connection_string, "DURAHUB_STATE_DIR": str(state)}
    with running_server(arguments, env) as server:
        try:
            yield server
        finally:
            server.stop()
            print(server.output())


@contextmanager
def working(
    endpoint: str, hub: RecordedHub, name: str, notes: Path, *, pauses: bool
) -> Iterator[Child]:
    """Run the app's worker for the body, for the hub called *name* there."""
    command = [APP, endpoint, name, app_of(hub), notes]
    command += [] if pauses else ["--no-pauses"]
    worker = Child([sys.executable, *map(str, command)], env={"PYTHONUNBUFFERED": "1"})
    try:
        ready = worker.wait_for(lambda line: "worker ready" in line or None, WORKER_READY_WITHIN)
        assert ready, worker.tail()
        yield worker
    finally:
        worker.kill()
        print(worker.output())


def take_over(
    hub: RecordedHub,
    storage: Storage,
    state: Path,
    *,
    within: float,
    name: str | None = None,
    pauses: bool = False,
    hidden: int = 0,
    options: Sequence[str] = (),
    disturb: Callable[[ServerProcess], None] | None = None,
) -> Takeover:
    """Let the Python app finish *hub*, and return when all is as expected or *within* seconds are over.

    It is loaded under its own *name* or another one. Without *pauses* new retries follow soon. *hidden*:
    as `load` takes it. *options* are the server's. *disturb* is done once the worker has begun.
    """
    connection, exclusive = storage.connection_string, "exclusive" in options
    asyncio.run(load(hub, connection, name, hidden=hidden))
    tracking = hub.names.tracking_prefix
    names = hub.names if name is None else HubNames(name, tracking and f"{name}Track")
    before, ill = look(names, connection), examine(names, connection)
    notes = state / f"{hub.name}.notes"
    notes.touch()
    with (
        serving(hub, names, storage, state, *options) as server,
        working(server.ready.endpoint, hub, names.hub, notes, pauses=pauses),
    ):
        if disturb is not None:
            disturb(server)
        until(lambda: not look(names, connection).visible, within)
        with client_of(server.ready.endpoint, names.hub) as client:
            finish(hub, client)
        until(lambda: has_ended(hub, look(names, connection), with_inputs=exclusive), within)
    end = look(names, connection)
    takeover = Takeover(hub, names, before, ill, end, exclusive=exclusive)
    for line in notes.read_text("utf-8").splitlines():
        instance_id, activity = json.loads(line)
        takeover.runs[id_of(instance_id, set(hub.expected)), activity] += 1
    return takeover


def look(names: HubNames, connection_string: str) -> StoredHub:
    """Return what is in storage now."""
    return asyncio.run(read_hub(names, connection_string))


def examine(names: HubNames, connection_string: str) -> frozenset[Found]:
    """Return what the doctor finds wrong now."""
    return asyncio.run(findings(names, connection_string))


def finish(hub: RecordedHub, client: DurableTaskSchedulerClient) -> None:
    """Do what the recorded client did."""
    for step in hub.finish:
        match step:
            case {"op": "raise", "id": instance_id, "name": name, "data": data}:
                client.raise_orchestration_event(instance_id, name, data=data)
            case {"op": "resume", "id": instance_id, "reason": reason}:
                client.resume_orchestration(instance_id, reason=reason)
            case _:
                raise AssertionError(f"an unknown step: {step}")
        time.sleep(step.get("pause", 0.0))  # the recorded client paused so


def has_ended(hub: RecordedHub, found: StoredHub, *, with_inputs: bool) -> bool:
    """Tell whether all that was expected has come about."""
    if any(compared(hub, found, with_inputs=with_inputs).values()):
        return False
    return not any(wrong_entities(hub, found).values()) and not left_over(hub, found)


def wrong_entities(hub: RecordedHub, found: StoredHub) -> dict[str, list[str]]:
    """Return in what entities differ from their recorded ends, by ID."""
    result: dict[str, list[str]] = {}
    for entity_id, expected in hub.finished_entities.items():
        ours = found.entities.get(entity_id, {})
        members = ("backlogQueueSize", "lockedBy", "state")
        result[entity_id] = [
            f"{member}: expected {expected[member]!r}, found {ours.get(member)!r}"
            for member in members
            if ours.get(member, ...) != expected[member]
        ]
    return result


def until(look: Callable[[], bool], within: float) -> bool:
    """Wait for *look* to be true; return whether it became so *within* these seconds."""
    deadline = time.monotonic() + within
    while not look():
        if time.monotonic() > deadline:
            return False
        time.sleep(OFTEN)
    return True


def most_runs(hub: RecordedHub) -> Counter[tuple[str, str]]:
    """Return how often each activity of each instance may run: what was scheduled and not answered."""
    allowed: Counter[tuple[str, str]] = Counter()
    given = set(hub.expected)
    for instance_id, line in hub.finished.items():
        before = hub.expected.get(instance_id)
        if before is not None and before["executionId"] != line["executionId"]:
            before = None
        answered = {
            event["TaskScheduledId"]
            for event in (before["history"] if before else ())
            if event["EventType"] in ANSWERS
        }
        for event in line["history"]:
            if event["EventType"] == int(EventType.TaskScheduled):
                allowed[id_of(instance_id, given), event["Name"]] += (
                    event["EventId"] not in answered
                )
    return allowed


def run_again(takeover: Takeover, activity: str) -> set[str]:
    """Return the instances of which *activity* ran more often than is told since: a kill does that."""
    again = set()
    for instance_id, line in takeover.end.lines.items():
        before = takeover.before.lines.get(instance_id)
        told = _answers_of(line, activity)
        known = _answers_of(before, activity) if before is not None else 0
        of_hub = id_of(instance_id, set(takeover.hub.expected))
        if takeover.runs[of_hub, activity] > told - known:
            again.add(of_hub)
    return again


def _answers_of(line: dict[str, Any], activity: str) -> int:
    history = line["history"]
    scheduled = {
        event["EventId"]
        for event in history
        if event["EventType"] == int(EventType.TaskScheduled) and event["Name"] == activity
    }
    return sum(
        event["EventType"] in ANSWERS and event["TaskScheduledId"] in scheduled for event in history
    )


def left_over(hub: RecordedHub, found: StoredHub) -> list[str]:
    """Return the queues that hold more, or less, than what is due later."""
    least, most = messages_due_later(hub)
    return [
        f"{queue}: {depth} messages"
        for queue, depth in found.depths.items()
        if not least[queue] <= depth <= most[queue]
    ]


def messages_due_later(hub: RecordedHub) -> tuple[Counter[str], Counter[str]]:
    """Return how many messages must be in each queue at the end, and how many may.

    A timer of an instance that has ended may be dropped or not; what is for nobody is kept for a while.
    """
    least: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for message in hub.messages:
        target, queue = _target_of(message), short_name(message.queue, hub.names)
        is_known = target in hub.finished
        if message.visible_in > FAR:
            most[queue] += 1
            is_open = not is_known or hub.finished[target]["status"] in OPEN
            least[queue] += is_open
        elif not is_known and target is not None and not is_entity(target):
            most[queue] += 1
    return least, most


def _target_of(message: QueueMessage) -> str | None:
    """Return the instance that a message is for, ``None`` if that is told by a blob only."""
    envelope = decode(from_queue_text(message.text))
    return envelope.message.target.instance_id if isinstance(envelope, Envelope) else None

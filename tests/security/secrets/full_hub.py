"""A hub with a canary in each place where a payload can stand; and one in which each row is damaged."""

import base64
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from durahub.errors import BadRow
from durahub.model.failure import Failure
from durahub.model.history import (
    EventRaised,
    EventSent,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    TaskCompleted,
    TaskFailed,
    TaskScheduled,
)
from durahub.model.message import Message
from durahub.model.ticks import later
from durahub.stored import NotRead, StoredInstance, StoredMessage
from durahub_migrate.bundle.writer import BundleWriter
from tests.bundle.bundles import GIVEN, HUB, NOON, an_instance
from tests.security.secrets.canaries import canary

PAYLOADS = (
    *("input", "output", "custom-status", "event", "result", "failure", "stack", "tag", "sent"),
    *("message", "raw", "row", "state", "operation", "other"),
)
SECRETS = ("account-key", "signature", "client-secret", "functions-key")
CANARIES = {name: canary(name) for name in (*PAYLOADS, *SECRETS)}
C = CANARIES


def text(name: str, more: int = 0) -> str:
    """Return a payload: a canary in JSON, and perhaps much behind it."""
    return json.dumps({"$type": "Shop.Order, Shop", "value": C[name], "more": "x" * more})


def instances(result: str = "result") -> Iterator[StoredInstance]:
    failure = Failure(error_type="Broken", message=C["failure"], stack_trace=C["stack"])
    for instance_id, ended in (("done", True), ("waits", False), ("large", False)):
        more = 200_000 if instance_id == "large" else 0
        history = [
            OrchestratorStarted(timestamp=NOON),
            ExecutionStarted(
                timestamp=NOON,
                execution=Execution(instance_id, "e1"),
                name="Order",
                input=text("input", more),
                tags={"owner": C["tag"]},
                generation=0,
            ),
            TaskScheduled(event_id=0, timestamp=NOON, name="Pay", input=text("input")),
            TaskScheduled(event_id=1, timestamp=NOON, name="Ship", input=text("input")),
            EventSent(
                event_id=2, timestamp=NOON, instance_id="done", name="go", input=text("sent")
            ),
            OrchestratorCompleted(timestamp=NOON),
            OrchestratorStarted(timestamp=later(NOON, 1)),
            TaskCompleted(timestamp=later(NOON, 1), task_scheduled_id=0, result=text(result)),
            TaskFailed(
                timestamp=later(NOON, 1),
                task_scheduled_id=1,
                reason=C["failure"],
                details=C["stack"],
                failure=failure,
            ),
            EventRaised(timestamp=later(NOON, 1), name="paid", input=text("event")),
        ]
        if ended:
            history += [
                ExecutionCompleted(
                    event_id=3,
                    timestamp=later(NOON, 2),
                    status=Status.Completed,
                    result=text("output"),
                ),
                OrchestratorCompleted(timestamp=later(NOON, 2)),
            ]
        yield an_instance(
            instance_id,
            history=history,
            input=text("input", more),
            output=text("output") if ended else None,
            custom_status=text("custom-status"),
            tags={"owner": C["tag"]},
            status="Completed" if ended else "Running",
            completed=later(NOON, 2) if ended else None,
        )
    state = json.dumps({"exists": True, "state": text("state"), "sorter": {}})
    yield an_instance("@counter@1", name="@counter", input=state, history=())
    broken = json.dumps({"exists": 7, "state": text("state"), "sorter": C["state"]})
    yield an_instance("@counter@2", name="@counter", input=broken, history=())


def messages() -> Iterator[StoredMessage]:
    for target in ("waits", "nobody", "@counter@1"):
        name = "op" if target.startswith("@") else "go"
        event = EventRaised(timestamp=NOON, name=name, input=text("operation"))
        yield StoredMessage(
            queue="orders-control-00",
            message_id=f"m-{target}",
            message=Message(event=event, target=Execution(target)),
            raw=text("message").encode(),
        )


def rejects() -> Iterator[NotRead]:
    for place in ("table ordersInstances, row 'odd'", "queue orders-control-00 message m7"):
        raw = b"{" + C["raw"].encode() + base64.b64encode(C["raw"].encode())
        yield NotRead(place, BadRow(place, "a member is no number"), raw=raw)


def write(folder: Path, result: str = "result", *, odd: bool = True) -> None:
    """Write the hub as a bundle; with *odd*, what could not be read is in it, too."""
    with BundleWriter(folder, GIVEN) as writer:
        for instance in instances(result):
            writer.add_instance(instance, f"table ordersInstances, row {instance.instance_id!r}")
        for message in messages():
            writer.add_message(message)
        for found in rejects() if odd else ():
            writer.add_reject(found, message=found.place.startswith("queue"))
        writer.finish(HUB, later(NOON, 60))


def damage(file: Path) -> None:
    """Put what is no message into each column of messages."""
    with closing(sqlite3.connect(file)) as database, database:
        tables = database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (table,) in tables:
            for _, name, kind, *_ in database.execute(f"PRAGMA table_info({table})").fetchall():
                if kind == "BLOB" and name != "id":
                    database.execute(
                        f"UPDATE OR IGNORE {table} SET {name} = ? WHERE typeof({name}) = 'blob'",
                        (b"\xff" + C["row"].encode(),),
                    )

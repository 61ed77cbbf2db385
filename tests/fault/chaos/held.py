"""What a hub holds when all is calm, as its own commands and its storage tell."""

import base64
import json
import os
import sqlite3
import subprocess
import time
from collections.abc import Collection, Mapping
from contextlib import closing
from typing import Any

from azure.storage.queue import QueueServiceClient
from durabletask.entities import EntityInstanceId

from tests.fault.chaos.callers import client_at
from tests.fault.chaos.checker import Left
from tests.fault.chaos.kinds import LEDGERS
from tests.fault.chaos.parts import HUB, STORE, Parts
from tests.fault.served import DURAHUB
from tests.sdk.azurite_folder import stored_messages

OFTEN = 0.5  # seconds between two looks


def ledgers_of(endpoint: str) -> dict[int, Mapping[str, int]]:
    """Return how often each operation came, by ledger; of those there are."""
    found = {}
    with client_at(endpoint) as client:
        for number in range(LEDGERS):
            entity = client.get_entity(EntityInstanceId("book", f"ledger-{number}"))
            if entity is not None:
                found[number] = json.loads(entity.get_state() or "{}")
    return found


def await_empty_queues(parts: Parts, within: float, refused: Collection[str]) -> None:
    """Return when all queues of the hub are empty but for starts of *refused* instances, or time is over.

    Of those that were left halfway nobody is waited for: they stay for 17 minutes.
    """
    deadline = time.monotonic() + within
    with QueueServiceClient.from_connection_string(parts.env[STORE]) as service:
        queues = [queue.name for queue in service.list_queues(name_starts_with=f"{HUB.lower()}-")]
        clients = [service.get_queue_client(name) for name in queues]
        while time.monotonic() < deadline:
            count = sum(
                client.get_queue_properties().approximate_message_count or 0 for client in clients
            )
            if not count or _are_halfway(parts, count, refused):
                return
            time.sleep(OFTEN)  # a queue tells nobody that it has become empty


def _are_halfway(parts: Parts, count: int, refused: Collection[str]) -> bool:
    """Tell whether *count* messages are starts of *refused* instances; what is hidden is in files alone."""
    found = messages_of(parts)
    return len(found) == count and all(
        one.event == "ExecutionStarted" and one.instance_id in refused for one in found
    )


def messages_of(parts: Parts) -> list[Left]:
    """Return what is left in the queues of the hub; nothing runs any more, Azurite neither."""
    if parts.store == "azurite":
        found = stored_messages(parts.folder / "azurite")
        return [
            Left(one.queue, *_event(one.text)) for one in found if one.queue.startswith("chaos-")
        ]
    with closing(sqlite3.connect(parts.folder / "hub.db")) as hub:
        return [
            Left(table, "a message", row[0])
            for table in ("inbox", "tasks")
            for row in hub.execute(f"SELECT instance FROM {table}")
        ]


def _event(text: str) -> tuple[str, str]:
    """Return the name of the event in a message of the classic layout, and its instance."""
    plain = text if text.startswith("{") else base64.b64decode(text).decode()
    message = json.loads(plain)["TaskMessage"]
    kind = message["Event"]["$type"].rpartition(".")[2].removesuffix("Event")
    return kind, message["OrchestrationInstance"]["InstanceId"]


def instances_of(parts: Parts) -> dict[str, Mapping[str, Any]]:
    """Return all instances, by their IDs, as ``durahub hub read`` prints them."""
    done = _durahub(parts, "hub", "read", parts.address, "--full")
    if done.returncode:
        parts.broken.append(f"durahub hub read: {done.stderr[-500:]}")
    found = map(json.loads, done.stdout.splitlines())
    return {one["instanceId"]: one for one in found}


def findings_of(parts: Parts) -> list[Mapping[str, Any]]:
    """Return what the doctor finds; of a SQLite file, what its integrity check does."""
    if parts.store == "sqlite":
        with closing(sqlite3.connect(parts.folder / "hub.db")) as hub:
            found = [str(row[0]) for row in hub.execute("PRAGMA integrity_check")]
        return [{"rule": "integrity-check", "detail": one} for one in found if one != "ok"]
    done = _durahub(parts, "hub", "doctor", parts.address, "--format", "json")
    if done.returncode not in (0, 1):
        return [{"rule": f"it ended with {done.returncode}", "detail": done.stderr[-500:]}]
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [one for one in found if one.get("severity", "note") != "note"]


def _durahub(parts: Parts, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [*DURAHUB, *words],
        env={**os.environ, **parts.env},
        capture_output=True,
        text=True,
        check=False,
    )

"""The in-memory backend of the ``durabletask`` package as a target: a foreign server of the protocol."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from durabletask.testing import create_test_backend

from durahub.answers.dtfx_client import instance_answer
from durahub.answers.entities import entity_answer
from durahub.answers.long_texts import shortened
from durahub.model.history import EventType
from durahub.stored import StoredInstance
from durahub_migrate.endpoint.opening import open_endpoint
from durahub_migrate.export.endpoint_outlet import open_outlet
from durahub_migrate.moving.place import EndpointAddress
from tests.golden.finishing.endings import Line, id_of, neutral
from tests.golden.finishing.stored import StoredHub
from tests.golden.recorded import RecordedHub

QUIET = 4  # looks at which nothing has changed: then nothing is on its way
ENDED = ("Completed", "Failed", "Terminated", "Canceled")
MEMBERS = ("name", "status", "input", "output", "customStatus")
ABSENT = "it is not there"

Differences = dict[str, Mapping[str, Any]]
"""By ID what is otherwise there: members, and under ``events`` how many more of a kind of event."""


@dataclass(frozen=True)
class ForeignTarget:
    """A hub behind an endpoint that runs already.

    It shows no messages on their way: that some are is concluded from what has changed since the last looks.
    """

    address: EndpointAddress
    looks: list[list[StoredInstance]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.address.hub

    def served(self, state: Path) -> AbstractContextManager[str]:
        return nullcontext(self.address.url)

    def look(self) -> StoredHub:
        instances = asyncio.run(self._instances())
        self.looks.append(instances)
        is_quiet = self.looks[-QUIET:] == [instances] * QUIET
        return StoredHub(
            lines={one.instance_id: shortened(instance_answer(one)) for one in instances},
            entities={
                one.instance_id: shortened(entity_answer(one))
                for one in instances
                if one.instance_id.startswith("@")
            },
            depths={},
            visible=() if is_quiet else ("what has changed",),
            parts=frozenset(),
        )

    async def _instances(self) -> list[StoredInstance]:
        found: list[StoredInstance] = []
        async with open_endpoint(self.address) as client:
            async for one in (await open_outlet(client)).instances():
                assert isinstance(one, StoredInstance), one
                found.append(one)
        return found


@contextmanager
def foreign_target(port: int) -> Iterator[ForeignTarget]:
    """Serve an empty hub of the backend for the body, in this process."""
    backend = create_test_backend(port=port)
    try:
        yield ForeignTarget(EndpointAddress(f"http://127.0.0.1:{port}", "default"))
    finally:
        backend.stop(0)


def ends_otherwise(hub: RecordedHub, found: StoredHub) -> Differences:
    """Return in what instances and entities differ from their recorded ends, by recorded ID.

    Left out are times and execution IDs, numbers of actions, and the order of what is in one history. What
    had ended at the source need not be there, nor an entity that has no state.
    """
    given = set(hub.expected)
    ours = {id_of(one, given): line for one, line in found.lines.items() if not one.startswith("@")}
    result: Differences = {}
    for instance_id, expected in hub.finished.items():
        if instance_id.startswith("@"):
            continue
        line = ours.pop(id_of(instance_id, given), None)
        if line is not None:
            result[instance_id] = _otherwise(expected, line)
        elif hub.expected.get(instance_id, {}).get("status") not in ENDED:
            result[instance_id] = {"": ABSENT}
    result |= {one: {"": "it should not be there"} for one in ours}
    result |= _entities_otherwise(hub, found.entities)
    return {one: what for one, what in result.items() if what}


def _otherwise(expected: Line, ours: Line) -> dict[str, Any]:
    one, other = neutral(expected), neutral(ours)
    result = {name: other[name] for name in MEMBERS if one[name] != other[name]}
    there, wanted = _kinds(other), _kinds(one)
    there.subtract(wanted)
    events = {kind: count for kind, count in there.items() if count}
    return {**result, "events": events} if events else result


def _kinds(line: Line) -> Counter[str]:
    return Counter(
        EventType(event["EventType"]).name
        for arrived, done in line["history"]
        for event in (*arrived, *done)
    )


def _entities_otherwise(hub: RecordedHub, entities: Mapping[str, Line]) -> Differences:
    empty = {"backlogQueueSize": 0, "lockedBy": None, "state": None}
    result: Differences = {
        entity_id: {
            name: ours[name]
            for ours in [entities.get(entity_id, empty)]
            for name in empty
            if ours[name] != expected[name]
        }
        for entity_id, expected in hub.finished_entities.items()
    }
    more = {
        entity_id: {"": "it should not be there"}
        for entity_id, ours in entities.items()
        if entity_id not in hub.finished_entities and any(ours[name] for name in empty)
    }
    return result | more

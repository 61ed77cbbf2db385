"""A recorded hub that was moved elsewhere and is finished there, by the same app and with the same ends."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from durahub.answers.dtfx_client import instance_answer
from durahub.answers.entities import entity_answer
from durahub.answers.long_texts import shortened
from durahub.classic.names import HubNames
from durahub.local.server import running_server
from durahub.scheduler import reads
from durahub.scheduler.connections import looking
from durahub.scheduler.whole_hub import whole_instances, whole_messages
from durahub.stored import StoredInstance, StoredMessage
from tests.conftest import STORE, Storage
from tests.golden.finishing.endings import differences, id_of
from tests.golden.finishing.stored import Line, StoredHub
from tests.golden.finishing.takeover import (
    finish,
    look,
    until,
    working,
    wrong_entities,
)
from tests.golden.recorded import RecordedHub
from tests.sdk.travel_hub import client_of

SOON = 5 * 10_000_000  # ticks: what is due so soon is still to come


class Target(Protocol):
    """Where a hub was moved to, and how it is served there."""

    @property
    def name(self) -> str:
        """What the hub is called."""

    def served(self, state: Path) -> AbstractContextManager[str]:
        """Serve the hub for the body; give the endpoint's URL. *state* is for what a server notes."""

    def look(self) -> StoredHub:
        """Return what is there now, while a server may work on it."""


@dataclass
class Finished:
    """A hub that was finished at *target*. *runs* counts the activities that ran, by instance."""

    hub: RecordedHub
    before: StoredHub
    end: StoredHub
    runs: Counter[tuple[str, str]] = field(default_factory=Counter)

    def wrong(self) -> dict[str, list[str]]:
        """Return the differences from the recorded ends, by instance; entities among them."""
        return wrong_ends(self.hub, self.end)


def finish_at(
    hub: RecordedHub,
    target: Target,
    state: Path,
    *,
    within: float,
    has_ended: Callable[[RecordedHub, StoredHub], bool] | None = None,
) -> Finished:
    """Let the Python app finish *hub* at *target*; return when all is as expected, or time is over."""
    ended = has_ended or (lambda hub, found: not wrong_ends(hub, found))
    before = target.look()
    notes = state / f"{hub.name}.notes"
    notes.touch()
    with target.served(state) as endpoint, working(endpoint, hub, target.name, notes, pauses=False):
        until(lambda: not target.look().visible, within)
        with client_of(endpoint, target.name) as client:
            finish(hub, client)
        until(lambda: ended(hub, target.look()), within)
    finished = Finished(hub, before, target.look())
    for line in notes.read_text("utf-8").splitlines():
        instance_id, activity = json.loads(line)
        finished.runs[id_of(instance_id, set(hub.expected)), activity] += 1
    return finished


@contextmanager
def served(target_name: str, arguments: Sequence[str], env: Mapping[str, str]) -> Iterator[str]:
    """Run ``durahub up`` for a hub in a process of its own; give its URL."""
    with running_server([*arguments, "--hub", target_name], env) as server:
        try:
            yield server.ready.endpoint
        finally:
            server.stop()
            print(server.output())


def wrong_ends(hub: RecordedHub, found: StoredHub) -> dict[str, list[str]]:
    """Return the differences of instances and entities from their recorded ends, by recorded ID.

    What an older version of DTFx did not know is null where it has not stood in rows.
    """
    given = set(hub.expected)
    ours = {id_of(one, given): line for one, line in found.lines.items()}
    ends = {id_of(one, given): line for one, line in hub.finished.items()}
    result = {
        one: differences(ends[one], ours[one]) if one in ours else ["it is not there"]
        for one in ends
    }
    result |= {one: ["it should not be there"] for one in ours.keys() - ends.keys()}
    for one, what in wrong_entities(hub, found).items():
        result.setdefault(one, []).extend(what)
    return {one: what for one, what in result.items() if what}


@dataclass(frozen=True)
class FileTarget:
    """A hub in a file."""

    file: Path
    name: str

    def served(self, state: Path) -> AbstractContextManager[str]:
        env = {"DURAHUB_STATE_DIR": str(state)}
        return served(self.name, ["--store", f"sqlite:{self.file}"], env)

    def look(self) -> StoredHub:
        instances: list[StoredInstance] = []
        messages: list[StoredMessage] = []
        with looking(str(self.file)) as connection:
            connection.execute("BEGIN")
            number = reads.find_hub(connection, self.name)
            assert number is not None
            for instance in whole_instances(connection, number):
                assert isinstance(instance, StoredInstance), instance
                instances.append(instance)
            for message in whole_messages(connection, number):
                assert isinstance(message, StoredMessage), message
                messages.append(message)
        lines: dict[str, Line] = {
            one.instance_id: shortened(instance_answer(one)) for one in instances
        }
        return StoredHub(
            lines=lines,
            entities={
                one.instance_id: shortened(entity_answer(one))
                for one in instances
                if one.instance_id.startswith("@")
            },
            depths=dict(Counter(one.queue for one in messages)),
            visible=tuple(one.message_id for one in messages if one.due is None),
            parts=frozenset(),
        )


@dataclass(frozen=True)
class ClassicTarget:
    """A classic hub, in the storage of the tests."""

    storage: Storage
    name: str

    def served(self, state: Path) -> AbstractContextManager[str]:
        env = {"DURAHUB_STATE_DIR": str(state), STORE: self.storage.connection_string}
        arguments = ("--store", f"env:{STORE}", "--max-poll", "1", "--queue-encoding", "base64")
        return served(self.name, arguments, env)

    def look(self) -> StoredHub:
        return look(HubNames(self.name), self.storage.connection_string)

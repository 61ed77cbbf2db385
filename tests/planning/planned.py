"""Plans for tests: of bundles that are written from values."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from durahub.model.history import (
    Event,
    EventRaised,
    EventSent,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Parent,
    Status,
    SubOrchestrationInstanceCreated,
    TaskCompleted,
    TaskScheduled,
    TimerCreated,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later
from durahub.stored import NotRead, StoredInstance, StoredMessage
from durahub_migrate.bundle.writer import BundleWriter
from durahub_migrate.contents.indexed import IndexedContent, open_content
from durahub_migrate.moving.capabilities import (
    CLASSIC_HUB,
    OWN_STORE,
    UNPROBED_ENDPOINT,
    Capabilities,
)
from durahub_migrate.moving.settings import MoveSettings
from durahub_migrate.moving.units import Unit
from durahub_migrate.planning.planning import Planner
from durahub_migrate.planning.request import Request
from tests.bundle.bundles import GIVEN, HUB, NOON, an_instance

ENDED = later(NOON, 60)  # when the bundle was complete
LATER, EARLIER = later(NOON, 3600), later(NOON, 30)
PROBED = replace(UNPROBED_ENDPOINT, probed=True, backend=True, rewind_history=True)
TARGETS: dict[str, Capabilities] = {
    "own": OWN_STORE,
    "classic": CLASSIC_HUB,
    "endpoint": UNPROBED_ENDPOINT,
    "probed": PROBED,
}
OPERATION = "op"


@dataclass(frozen=True)
class Planned:
    """What a plan says."""

    units: tuple[Unit, ...]
    ending: dict[str, Any]

    @property
    def by_root(self) -> dict[str, Unit]:
        return {unit.root_id: unit for unit in self.units}

    def codes(self, root_id: str) -> dict[str, int]:
        """Return the losses of a tree with their counts."""
        return {loss.code: loss.count for loss in self.by_root[root_id].losses}


def bundled(
    folder: Path,
    instances: Iterable[StoredInstance],
    messages: Iterable[StoredMessage] = (),
    rejects: Iterable[NotRead] = (),
    *,
    frozen: bool = True,
    queues: dict[str, int] | None = None,
) -> None:
    """Write a bundle of these."""
    with BundleWriter(folder, GIVEN) as writer:
        for instance in instances:
            writer.add_instance(instance, "the test")
        for message in messages:
            writer.add_message(message)
        for reject in rejects:
            writer.add_reject(reject)
        writer.finish(replace(HUB, queues=queues or {}), ENDED, frozen=frozen)


@contextmanager
def content_of(
    folder: Path, instances: Iterable[StoredInstance], *others: Any, **said: Any
) -> Iterator[IndexedContent]:
    """Write a bundle and open it."""
    bundled(folder, instances, *others, **said)
    with open_content(folder) as content:
        yield content


def planned(
    folder: Path,
    instances: Iterable[StoredInstance],
    messages: Iterable[StoredMessage] = (),
    *,
    target: str | Capabilities = "own",
    ids: dict[str, str] | None = None,
    rejects: Iterable[NotRead] = (),
    queues: dict[str, int] | None = None,
    **settings: Any,
) -> Planned:
    """Return the plan of a bundle of these."""
    capabilities = TARGETS[target] if isinstance(target, str) else target
    request = Request(capabilities=capabilities, settings=MoveSettings(**settings), ids=ids or {})
    if not (folder / "manifest.json").exists():
        bundled(folder, instances, messages, rejects, queues=queues)
    with open_content(folder) as content:
        missing = [one.instance_id for one in content.rejects() if one.instance_id is not None]
        planner = Planner(content, request, missing)
        units = tuple(planner.units())
        return Planned(units, planner.ending())


# -- instances -----------------------------------------------------------------------------------


def running(
    *open_events: Event,
    root: str = "order-7",
    parent: str | None = None,
    turned: bool = True,
    started_by_client: bool = True,
    **others: Any,
) -> StoredInstance:
    """Return an orchestration that runs and has done *open_events* in its first turn.

    One that has not *turned* is in that turn; one that was not *started_by_client* has continued as new.
    """
    by = (
        Parent(name="Day", execution=Execution(parent, "e0"), task_schedule_id=0)
        if parent
        else None
    )
    history = (
        OrchestratorStarted(timestamp=NOON),
        ExecutionStarted(
            timestamp=NOON,
            execution=Execution(root, "e1"),
            name="Order",
            parent=by,
            generation=0 if started_by_client else None,
        ),
        *open_events,
        *([OrchestratorCompleted(timestamp=NOON)] if turned else ()),
    )
    row = {"status": "Running", "completed": None, "output": None, **others}
    return an_instance(root, history=history, **row)


def ended(root: str = "order-7", **others: Any) -> StoredInstance:
    """Return an orchestration that has completed."""
    return an_instance(root, **others)


def pending(root: str = "order-7", **others: Any) -> StoredInstance:
    """Return an orchestration that was asked for."""
    row = {"status": "Pending", "completed": None, "output": None, **others}
    return an_instance(root, history=(), **row)


def entity(state: str | None, root: str = "@counter@a") -> StoredInstance:
    """Return an entity; *state* is the text of its scheduler state."""
    history = (
        OrchestratorStarted(timestamp=NOON),
        ExecutionStarted(
            timestamp=NOON, execution=Execution(root, "e1"), name=root, input=state, generation=0
        ),
        OrchestratorCompleted(timestamp=NOON),
    )
    row = {"status": "Running", "completed": None, "output": None, "input": state, "name": root}
    return an_instance(root, history=history, **row)


def activity(number: int = 0) -> TaskScheduled:
    return TaskScheduled(event_id=number, timestamp=NOON, name="Pay")


def result(number: int = 0) -> TaskCompleted:
    return TaskCompleted(timestamp=NOON, task_scheduled_id=number, result='"paid"')


def timer(due: Ticks = LATER, number: int = 0) -> TimerCreated:
    return TimerCreated(event_id=number, timestamp=NOON, fire_at=due)


def child(instance_id: str = "order-7:1", number: int = 0) -> SubOrchestrationInstanceCreated:
    return SubOrchestrationInstanceCreated(
        event_id=number, timestamp=NOON, instance_id=instance_id, name="Order"
    )


def started(instance_id: str) -> ExecutionStarted:
    return ExecutionStarted(
        timestamp=NOON, execution=Execution(instance_id, "e9"), name="Order", generation=0
    )


def raised(name: str = "Approved", text: str = "true") -> EventRaised:
    return EventRaised(timestamp=NOON, name=name, input=text)


def sent(text: str, to: str = "@counter@a", name: str = OPERATION) -> EventSent:
    return EventSent(event_id=0, timestamp=NOON, instance_id=to, name=name, input=text)


def over() -> ExecutionCompleted:
    return ExecutionCompleted(event_id=9, timestamp=NOON, status=Status.Completed, result='"out"')


def queued(
    event: Event, to: str = "order-7", *, number: int = 1, deliveries: int = 0, **others: Any
) -> StoredMessage:
    """Return a message that was seen in a queue."""
    return StoredMessage(
        queue="orders-control-00",
        message_id=f"m{number}",
        message=Message(event=event, target=Execution(to, others.pop("execution", None))),
        deliveries=deliveries,
        **others,
    )

"""A small hub for the doctor, made of rows and messages as they are encoded for storage."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from durahub.classic import instance_rows
from durahub.classic.columns import Columns, Value
from durahub.classic.dialect import DTFX_2_9
from durahub.classic.doctor import rules
from durahub.classic.doctor.findings import Finding
from durahub.classic.doctor.ledger import Ledger
from durahub.classic.doctor.rules import waiting
from durahub.classic.doctor.snapshot import (
    HubFacts,
    InstanceFacts,
    QueueFacts,
    SeenMessage,
    hub_facts,
    instance_facts,
)
from durahub.classic.envelope import Envelope, Wrapper, decode, encode
from durahub.classic.history_rows import HistoryRow, sentinel
from durahub.classic.history_rows import encode as encode_row
from durahub.classic.keys import escape
from durahub.classic.names import HubNames
from durahub.classic.partitioning.evidence import Evidence
from durahub.classic.partitioning.table import LeaseRow
from durahub.classic.routing import control_index
from durahub.engine import state as states
from durahub.engine.commit import HistoryVersion
from durahub.engine.repairs import repair_of
from durahub.model.history import (
    Event,
    Execution,
    ExecutionCompleted,
    ExecutionStarted,
    OrchestratorCompleted,
    OrchestratorStarted,
    Status,
    TaskCompleted,
    TaskScheduled,
)
from durahub.model.message import Message
from durahub.model.ticks import Ticks, later, parse

NOW = parse("2026-01-15T09:30:00Z")
EXECUTION = "9d2c7a51f0b34e0c8f6d1a2b3c4d5e6f"
OLD = "00000000f0b34e0c8f6d1a2b3c4d5e6f"
NAMES = HubNames("Shop")
PARTITIONS = 2


def at(seconds: float) -> Ticks:
    return later(NOW, seconds)


def started(instance_id: str = "order-1", **fields: Any) -> ExecutionStarted:
    values: dict[str, Any] = {"timestamp": NOW, "name": "ProcessOrder", "version": ""} | fields
    return ExecutionStarted(execution=Execution(instance_id, EXECUTION), **values)


def episode(*events: Event) -> tuple[Event, ...]:
    """Return the events between the start of an episode and its end."""
    return (OrchestratorStarted(timestamp=at(1)), *events, OrchestratorCompleted(timestamp=at(2)))


def activity(number: int = 0) -> TaskScheduled:
    return TaskScheduled(event_id=number, timestamp=at(1), name="ChargeCard", version="")


def result(number: int = 0) -> TaskCompleted:
    return TaskCompleted(timestamp=at(1), task_scheduled_id=number, result='"ok"')


def end(number: int = 1, **fields: Any) -> ExecutionCompleted:
    values: dict[str, Any] = {"status": Status.Completed, "result": '"done"'} | fields
    return ExecutionCompleted(event_id=number, timestamp=at(1), **values)


FINISHED = (*episode(started(), activity()), *episode(result(), end()))


@dataclass
class Shop:
    """A hub with partitions ``00`` and ``01``. ``hidden`` tells how many messages of a queue are."""

    rows: dict[str, dict[str, Value]] = field(default_factory=dict)
    history: dict[str, list[dict[str, Value]]] = field(default_factory=dict)
    messages: list[SeenMessage] = field(default_factory=list)
    hidden: dict[str, int] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = tuple(LeaseRow(partition=queue) for queue in self.queues()[:-1])
        self.others.setdefault("leases", Evidence(rows))

    def queues(self) -> tuple[str, ...]:
        return (*NAMES.control_queues(PARTITIONS), NAMES.workitem_queue)

    def queue_of(self, instance_id: str) -> str:
        return NAMES.control_queue(control_index(instance_id, PARTITIONS))

    def has(self, *events: Event, instance_id: str = "order-1", execution: str = EXECUTION) -> None:
        """Store an instance with that history, and the row that goes with it."""
        key = escape(instance_id)
        rows = [
            encode_row(HistoryRow(event, execution, n), instance_id, DTFX_2_9)
            for n, event in enumerate(events)
        ]
        self.history[key] = [*rows, sentinel(instance_id, execution, at(3))]
        version = HistoryVersion(execution, len(events), None)
        repair = repair_of(version, states.read(events), None)
        assert repair is not None
        update = repair.update
        self.rows[key] = instance_rows.checkpoint(
            instance_id, update, NAMES.hub, input_text=None, output_text=update.output
        )

    def is_started(self, instance_id: str = "order-1", **fields: Any) -> ExecutionStarted:
        """Store the row of an instance that a client has started."""
        event = started(instance_id, **fields)
        self.rows[escape(instance_id)] = instance_rows.created(event, NAMES.hub, NOW, event.input)
        return event

    def sends(
        self,
        event: Event,
        instance_id: str = "order-1",
        *,
        execution: str | None = EXECUTION,
        queue: str | None = None,
        deliveries: int = 0,
    ) -> None:
        """Put a message into the queue that is its."""
        message = Message(event=event, target=Execution(instance_id, execution))
        text = encode(Envelope(message=message, activity_id="", sequence_number=1), DTFX_2_9)
        found = decode(text)
        assert not isinstance(found, Wrapper)
        work = isinstance(event, TaskScheduled)
        right = NAMES.workitem_queue if work else self.queue_of(instance_id)
        self.messages.append(
            SeenMessage(
                queue=queue or right,
                message_id=f"m{len(self.messages)}",
                deliveries=deliveries,
                envelope=found,
            )
        )

    def hides(self, queue: str, count: int = 1) -> None:
        self.hidden[queue] = self.hidden.get(queue, 0) + count

    def facts(self) -> HubFacts:
        queues = []
        for name in self.queues():
            seen = tuple(m for m in self.messages if m.queue == name)
            queues.append(QueueFacts(name, len(seen) + self.hidden.get(name, 0), seen))
        return hub_facts(NAMES, PARTITIONS, NOW, queues, **self.others)

    def instances(self, facts: HubFacts) -> list[InstanceFacts]:
        keys = {*self.rows, *self.history, *map(escape, facts.by_target)}
        found = {key: self._instance(key) for key in sorted(keys)}
        return [
            one.beside(
                {
                    other: found.get(escape(other), self._instance(escape(other)))
                    for other in rules.related_ids(one, facts)
                }
            )
            for one in found.values()
        ]

    def _instance(self, key: str) -> InstanceFacts:
        rows: Sequence[Columns] = self.history.get(key, ())
        return instance_facts(key, self.rows.get(key), rows, "etag")

    def found(self) -> list[Finding]:
        """Return what the rules find, those about large payloads left out."""
        facts = self.facts()
        ledger = Ledger(facts)
        found = list(rules.of_hub(facts))
        for instance in self.instances(facts):
            found += rules.of_instance(instance, facts)
            lost = (ledger.add(one) for one in waiting.awaited(instance, facts))
            found += [one for one in lost if one is not None]
        return [*found, *ledger.missing()]

    def names(self) -> list[str]:
        """Return the names of the rules that do not hold."""
        return sorted(finding.rule.name for finding in self.found())

    def change(self, index: int, instance_id: str = "order-1", **columns: Value | None) -> None:
        """Change columns of a history row (−1: the sentinel); ``None`` takes one away."""
        row = self.history[escape(instance_id)][index]
        row.update({name: value for name, value in columns.items() if value is not None})
        for name, value in columns.items():
            if value is None:
                row.pop(name, None)

    def change_row(self, instance_id: str = "order-1", **columns: Value | None) -> None:
        """Change columns of an instance row; ``None`` takes one away."""
        row = self.rows[escape(instance_id)]
        row.update({name: value for name, value in columns.items() if value is not None})
        for name, value in columns.items():
            if value is None:
                row.pop(name, None)

    def leaves_behind(self, *events: Event, first: int, instance_id: str = "order-1") -> None:
        """Put rows of an older execution behind the current ones."""
        rows = self.history[escape(instance_id)]
        older = [
            encode_row(HistoryRow(event, OLD, n), instance_id, DTFX_2_9)
            for n, event in enumerate(events, first)
        ]
        rows[-1:-1] = older


def broken(message: SeenMessage, problem: str) -> SeenMessage:
    """Return a message that cannot be read."""
    return replace(message, envelope=None, problem=problem, head="{")

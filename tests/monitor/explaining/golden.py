"""Recorded hubs as explanations take them: a day after, nobody at work, or with workers that hold all."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from durahub.model.ticks import Ticks, later, parse
from durahub_migrate.monitor.explaining import HubSeen, InstanceSeen, Owner, SeenQueue, explain
from durahub_migrate.monitor.health.owners import held
from durahub_migrate.monitor.partitions import Holding
from durahub_migrate.monitor.waiting import Explanation
from durahub_migrate.watching.looks.classic_seen import (
    hub_seen,
    instance_seen,
    queue_of,
    queue_seen,
)
from durahub_migrate.watching.sources.classic_rows import RowMaker
from tests.golden.examined import hub_of, instances_of
from tests.golden.recorded import FOLDER, RecordedHub, lines_of


@dataclass(frozen=True)
class Recorded:
    """What was recorded, in the form that explanations take."""

    hub: HubSeen
    instances: dict[str, InstanceSeen]

    def explained(self) -> Iterator[Explanation]:
        for instance_id in self.instances:
            yield explain(instance_id, self.instances, self.hub)


def recorded(found: RecordedHub, *, workers: bool) -> Recorded:
    """Return a recorded hub; with *workers* one holds every partition."""
    facts = hub_of(found)
    inserted = _inserted(found)
    queues = [_dated(queue_seen(queue), inserted) for queue in facts.queues.values()]
    control = [queue.name for queue in queues if "-control-" in queue.name]
    leases = held(facts.leases, control, facts.now)
    if workers:
        owner = Owner(holding=Holding.HELD, owner="worker")
        leases = replace(
            leases, owners=dict.fromkeys(control, owner), workers={"worker": tuple(control)}
        )
    hub = hub_seen(
        found.name,
        found.names.hub,
        facts.now,
        queues,
        facts.names.workitem_queue,
        leases,
        None,
    )
    maker = RowMaker(found.name, "http://storage", lambda _: None)
    instances = {}
    for one in instances_of(found, facts):
        row = maker.row(one.row_columns, facts.now)[0] if one.row_columns else None
        queue = queue_of(facts, one.instance_id)
        instances[one.instance_id] = instance_seen(one, row, queue)
    return Recorded(hub, instances)


def _inserted(found: RecordedHub) -> dict[str, Ticks]:
    """Return when each message could be seen, by its ID: timers later than they were put."""
    folder = FOLDER / found.name / "hub" / "queues"
    return {
        str(line["messageId"]): later(parse(str(line["insertionTime"])), float(line["visibleIn"]))
        for name in found.queue_and_table_names()[0]
        for line in lines_of(folder / f"{name}.jsonl")
    }


def _dated(queue: SeenQueue, inserted: dict[str, Ticks]) -> SeenQueue:
    messages = (replace(one, inserted=inserted[one.message_id]) for one in queue.messages)
    return replace(queue, messages=tuple(messages))

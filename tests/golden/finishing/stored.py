"""A hub as it lies in storage: what the .NET client would say of it, and what else is there."""

from dataclasses import dataclass
from typing import Any

from durahub.answers.dtfx_client import instance_answer
from durahub.answers.entities import entity_answer
from durahub.answers.long_texts import shortened
from durahub.classic.account import Account
from durahub.classic.names import HubNames
from durahub.classic.queues import Queues
from durahub.classic.storage_errors import StorageErrors
from durahub.storage import StorageOptions, open_storage
from durahub.stored import StoredInstance

Line = dict[str, Any]
Found = tuple[str, str, str]  # rule, where, detail
HELD = "partition held"


@dataclass(frozen=True)
class StoredHub:
    """What is in storage; *lines* and *entities* as in the expectations, by ID."""

    lines: dict[str, Line]
    entities: dict[str, Line]
    depths: dict[str, int]  # messages in each queue, by `short_name`, hidden ones among them
    visible: tuple[str, ...]  # texts of messages that nobody hides
    parts: frozenset[str]  # its queues, tables and containers


async def read_hub(names: HubNames, connection_string: str) -> StoredHub:
    """Return the hub as it is now."""
    instances: list[StoredInstance] = []
    async with open_storage(connection_string, StorageOptions()) as storage:
        reader = storage.reader(names.hub, names.tracking_prefix)
        await reader.open()
        async for one in reader.instances():
            assert isinstance(one, StoredInstance), one
            instances.append(one)
        await reader.close()
    async with Account.from_connection_string(connection_string, "the test") as account:
        queues = Queues(account.queue_wire, StorageErrors("", names.hub))
        prefix = names.hub.lower()
        listed = account.queues.list_queues(name_starts_with=f"{prefix}-")
        queue_names = [str(queue.name) async for queue in listed]
        containers = [one.name async for one in account.blobs.list_containers(f"{prefix}-")]
        tables = [one.name async for one in account.tables.list_tables()]
        depths = {short_name(one, names): await queues.depth(one) for one in queue_names}
        visible = [one.text for name in queue_names for one in await queues.peek(name)]
    return StoredHub(
        lines={one.instance_id: shortened(instance_answer(one)) for one in instances},
        entities={
            one.instance_id: shortened(entity_answer(one))
            for one in instances
            if one.instance_id.startswith("@")
        },
        depths=depths,
        visible=tuple(visible),
        parts=frozenset(
            [*queue_names, *containers, *(one for one in tables if one.lower().startswith(prefix))]
        ),
    )


def short_name(queue: str, names: HubNames) -> str:
    """Return a queue's name without the hub's: ``control-00``."""
    return queue[len(names.hub) + 1 :]


async def findings(names: HubNames, connection_string: str) -> frozenset[Found]:
    """Return what ``durahub hub doctor`` finds wrong with the hub, and who holds partitions of it."""
    async with open_storage(connection_string, StorageOptions()) as storage:
        report = await storage.doctor(names.hub, names.tracking_prefix).examine(grace=0)
    found = {(one.rule.name, one.where, one.detail) for one in report.findings if one.counts}
    return frozenset(found | {(HELD, worker, "") for worker in report.workers})

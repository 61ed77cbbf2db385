"""What a server still has in memory of instances that have ended, or sleep."""

import asyncio
from typing import Any

import pytest

from durahub.classic import copies, instance_memory
from durahub.classic.instance_memory import InstanceMemory
from durahub.dispatch.readings import REMEMBERED, Readings
from durahub.engine.readings import AS_IT_SEEMS
from durahub.model.history import Execution
from tests.budget.counted_hub import counted_hub
from tests.conftest import Storage

ENDED, ASLEEP = 40, 20
DAY = 86_400.0  # seconds


@pytest.mark.azurite
@pytest.mark.sdk
async def test_of_what_has_ended_or_sleeps_there_is_no_session_and_no_message(
    azurite: Storage,
) -> None:
    async with counted_hub(azurite) as hub:
        hub.seen.checkpoints.set()
        for _ in range(ASLEEP):
            await hub.start("py_sleeps", DAY)
        ids = [await hub.start("py_version") for _ in range(ENDED)]
        await asyncio.gather(*map(hub.ended, ids))
        await hub.quiet()

        task_hub: Any = hub.hub
        orchestrations, store = task_hub._orchestrations, task_hub._store
        assert orchestrations._sessions == {}
        assert (task_hub.messages_in_memory, task_hub.open_work_items) == (0, (0, 0, 0))
        assert task_hub._waits._waiting == {}
        # those are bounded by size; what has ended is not kept
        assert len(orchestrations.histories) == ASLEEP
        assert (len(store._held), len(store._fresh)) == (0, 0)
        assert store._serving.handover.alarms <= ASLEEP  # times, not messages
        assert len(store._serving.results) == 0
        assert len(store._memory._known) <= ENDED + ASLEEP + 2 <= instance_memory.MOST
        assert len(store._held._copies) <= copies.MOST


def test_what_is_remembered_of_instances_is_bounded() -> None:
    memory = InstanceMemory(row_refresh=10)
    for number in range(instance_memory.MOST + 5):
        memory.row_changed(f"order-{number}")  # of what is not known nothing is remembered
        memory._of(f"order-{number}")
    assert len(memory._known) == instance_memory.MOST
    assert not memory.knows("order-4")


def test_readings_are_bounded() -> None:
    readings = Readings()
    for number in range(REMEMBERED + 5):
        readings.note(Execution(f"order-{number}", ""), AS_IT_SEEMS)
    assert len(readings._found) == REMEMBERED

"""The recorded app, run by a worker of the Python SDK: what .NET made of it, and what clients may do."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import grpc
import pytest
from durabletask.client import OrchestrationState, OrchestrationStatus
from durabletask.history import (
    ExecutionCompletedEvent,
    ExecutionStartedEvent,
    HistoryEvent,
    TaskCompletedEvent,
    TaskScheduledEvent,
    TimerCreatedEvent,
)
from tests.conftest import Storage
from tests.golden.recorded import in_expectations
from tests.sdk.recorded_plays import (
    ONE_MORE_RETRY,
    Recorded,
    play,
    play_without_worker,
    recorded_instances,
)
from tests.sdk.travel_hub import TravelHub, refused, travel_hub, until

pytestmark = [pytest.mark.sdk, pytest.mark.azurite]

COMPLETED, TERMINATED = OrchestrationStatus.COMPLETED, OrchestrationStatus.TERMINATED
NOWHERE = "no-such-instance"
ODD_IDS = ("a/b\\c#d?e^f%20 g+h'i;j:k/", "人-ünïcode-🚀", "%2F&=<>\"'`{}|~!$()*,", "x" * 256)

SAID_BY_THE_SDK = re.compile(r"^(Sub-orchestration task #1 failed: )?[^:]+: Activity task #1 failed: ")
"""What the Python SDK puts before the message of a failed activity, and of a child failed by one."""


@pytest.fixture(scope="module")
def hub(azurite: Storage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TravelHub]:
    """A hub where everything recorded is being played, by one worker."""
    with travel_hub(azurite, tmp_path_factory.mktemp("state")) as hub:
        play_without_worker(hub)
        hub.start_worker()
        play(hub)
        yield hub


# --- while the recorded instances wait for their timers, what was not recorded ------------------


def test_a_fan_out_of_a_thousand_runs_each_activity_once(hub: TravelHub) -> None:
    hub.client.schedule_new_orchestration("FanOut", input=1000, instance_id="fan-out-1000")

    assert hub.ended("fan-out-1000").serialized_output == str(sum(k * k for k in range(1000)))
    history = hub.client.get_orchestration_history("fan-out-1000")
    scheduled = [e.event_id for e in history if isinstance(e, TaskScheduledEvent)]
    completed = [e.task_scheduled_id for e in history if isinstance(e, TaskCompletedEvent)]
    assert sorted(completed) == sorted(scheduled) == list(range(1, 1001))



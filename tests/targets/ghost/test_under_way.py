"""What is under way at a move in its harder forms ends as it would have at the source."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from durahub_migrate.moving.mover import Outcome
from durahub_migrate.targets.ghost.mover import GhostMover
from tests.endpoint.endpoints import KINDS, client_of, endpoint
from tests.targets.ghost import app
from tests.targets.ghost.plays import ENDS_WITHIN, PATIENCE, content_of, units_of
from tests.targets.ghost.plays import move as moved_by
from tests.targets.ghost.sent import HUB, Tell, Waits, filled, kinds, numbered, off_loop, running

pytestmark = pytest.mark.slow

OVERDUE = 8.0  # seconds: longer than filling takes, shorter than filling and waiting

WAITS: Waits = {
    "beaten-timer": (app.beaten_timer, str(OVERDUE), Counter(taskCompleted=1, taskScheduled=2)),
    "beaten-activity": (app.beaten_activity, "", Counter(timerFired=1, taskScheduled=1)),
    "keeper": (app.lock_keeper, "kept", Counter(entityLockGranted=1)),
    "later": (app.retried_later, str(OVERDUE), Counter(timerCreated=1)),
    "renewing": (app.renewing_parent, "renewing", Counter(subOrchestrationInstanceCreated=1)),
    "buffering": (app.buffered, "buffering", Counter(executionStarted=1)),
}
THEN: Waits = {
    "caller": (app.caller, "kept", Counter(entityOperationCalled=1)),
    "renewing-1": (None, None, Counter(taskCompleted=1)),
    "early": (app.early_sender, "buffering", Counter(eventSent=1)),
    "buffering": (None, None, Counter(eventRaised=1)),
}
GO: tuple[Tell, ...] = (
    ("beaten-activity", "go", 1),
    ("keeper", "go", 1),
    ("renewing-1", "go", 7),
    ("buffering", "begin", 1),
    ("early", "go", 1),
)
ENDS: dict[str, Any] = {
    "beaten-timer": [True, "did beaten-timer late"],
    "beaten-activity": [True, "did beaten-activity late"],
    "keeper": "kept",
    "later": "recovered later",
    "renewing": ["2.0", 7],
    "buffering": ["early", "did buffering"],
    "caller": 1,
}


@pytest.mark.parametrize("kind", KINDS)
async def test_it_ends_as_at_the_source(kind: str, tmp_path: Path) -> None:
    app.ran.clear()
    await filled(tmp_path, [(WAITS, ()), (THEN, ())])
    content = await content_of(tmp_path / "hub.db", HUB, tmp_path / "bundle")
    await asyncio.sleep(OVERDUE)  # now the timers are overdue that had not fired at the source
    before = Counter(app.ran)
    async with endpoint(kind) as address, client_of(address) as at_target:
        mover = GhostMover(at_target, numbered(kind), patience=PATIENCE)
        moved = await moved_by(mover, content, units_of(content))
        assert [one for _, _, one in moved if one.outcome is not Outcome.DONE] == []
        assert app.ran == before, "no activity runs because of the move"
        assert kinds(await at_target.history("beaten-timer"))["taskCompleted"] == 1
        async with running(address) as client:
            for instance_id, name, content_ in GO:
                await off_loop(client.raise_orchestration_event, instance_id, name, data=content_)
            found = {}
            for instance_id in ENDS:
                state = await off_loop(
                    client.wait_for_orchestration_completion, instance_id, timeout=ENDS_WITHIN
                )
                found[instance_id] = (
                    state.get_output() if state.failure_details is None else state.failure_details
                )
    if kind == "foreign":  # its backend lets calls into an entity that somebody else has locked
        assert found["caller"] in (0, 1)
        found["caller"] = ENDS["caller"]
    assert found == ENDS
    tries = {what: count for what, count in app.ran.items() if count != 1}
    assert tries == {'recover "later"': 2}, "it fails once by itself"

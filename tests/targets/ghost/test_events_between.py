"""Events that orchestrations have sent each other come once, also where execution IDs count for nothing."""

from collections import Counter
from pathlib import Path

import pytest

from durahub_migrate.moving.mover import Outcome
from durahub_migrate.targets.ghost.mover import GhostMover
from tests.endpoint.endpoints import KINDS, client_of, endpoint
from tests.targets.ghost import app
from tests.targets.ghost.plays import ENDS_WITHIN, PATIENCE, content_of, units_of
from tests.targets.ghost.plays import move as moved_by
from tests.targets.ghost.sent import HUB, filled, kinds, numbered, off_loop, running

pytestmark = pytest.mark.slow

RECEIVER = {
    "receiver": (app.approved_twice, "r", Counter(executionStarted=1)),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sender", [app.approver, app.busy_approver])
async def test_an_event_that_was_taken_does_not_come_again(
    kind: str, sender: object, tmp_path: Path
) -> None:
    senders = {"sender": (sender, "receiver", Counter(eventSent=1))}
    stands = {"receiver": (None, None, Counter(taskCompleted=1))}
    await filled(tmp_path, [(RECEIVER, ()), (senders, ()), (stands, ())])
    content = await content_of(tmp_path / "hub.db", HUB, tmp_path / "bundle")
    async with endpoint(kind) as address, client_of(address) as at_target:
        mover = GhostMover(at_target, numbered(kind), patience=PATIENCE)
        moved = await moved_by(mover, content, units_of(content))
        assert [one.outcome for _, _, one in moved if one.outcome is not Outcome.DONE] == []
        async with running(address) as client:
            if sender is app.approver:
                await off_loop(client.raise_orchestration_event, "sender", "go", data=1)
            state = await off_loop(
                client.wait_for_orchestration_completion, "sender", timeout=ENDS_WITHIN
            )
            assert state.failure_details is None
            history = await at_target.history("receiver")
            assert kinds(history)["eventRaised"] == 1
            await off_loop(client.raise_orchestration_event, "receiver", "approval", data=2)
            state = await off_loop(
                client.wait_for_orchestration_completion, "receiver", timeout=ENDS_WITHIN
            )
            assert state.get_output() == ["sender", "did r", 2]


FAR = Counter(taskScheduled=1)


@pytest.mark.parametrize("kind", KINDS)
async def test_what_children_have_told_their_parent_is_not_told_again(
    kind: str, tmp_path: Path
) -> None:
    await filled(
        tmp_path,
        [
            (
                {
                    "parent": (app.told_by_child, "child", Counter(eventSent=0, eventRaised=2)),
                    "child-1": (None, None, Counter(taskCompleted=1)),
                },
                [("child-1", "end", 1)],
            ),
            (
                {"parent": (None, None, Counter(subOrchestrationInstanceCompleted=1))},
                (),
            ),
        ],
    )
    content = await content_of(tmp_path / "hub.db", HUB, tmp_path / "bundle")
    async with endpoint(kind) as address, client_of(address) as at_target:
        mover = GhostMover(at_target, numbered(kind), patience=PATIENCE)
        moved = await moved_by(mover, content, units_of(content))
        assert [one for _, _, one in moved if one.outcome is not Outcome.DONE] == []
        async with running(address) as client:
            history = await at_target.history("parent")
            assert kinds(history)["eventRaised"] == 2
            await off_loop(client.raise_orchestration_event, "parent", "far", data="last")
            state = await off_loop(
                client.wait_for_orchestration_completion, "parent", timeout=ENDS_WITHIN
            )
            assert state.failure_details is None
            assert state.get_output() == [
                "quick",
                "did child quick",
                "slow",
                "did child-1",
                "last",
                "did child-2 late",
            ]


@pytest.mark.parametrize("kind", KINDS)
async def test_what_a_parent_has_told_its_child_is_not_told_again(
    kind: str, tmp_path: Path
) -> None:
    await filled(
        tmp_path,
        [
            (
                {
                    "parent": (app.tells_child, "child", Counter(eventSent=1)),
                    "child-1": (None, None, Counter(eventRaised=1)),
                },
                [("parent", "go", 1)],
            ),
            (
                {
                    "parent": (None, None, Counter(taskCompleted=1)),
                    "child-1": (None, None, Counter(eventRaised=2)),
                },
                (),
            ),
        ],
    )
    content = await content_of(tmp_path / "hub.db", HUB, tmp_path / "bundle")
    async with endpoint(kind) as address, client_of(address) as at_target:
        mover = GhostMover(at_target, numbered(kind), patience=PATIENCE)
        moved = await moved_by(mover, content, units_of(content))
        assert [one for _, _, one in moved if one.outcome is not Outcome.DONE] == []
        async with running(address) as client:
            history = await at_target.history("child-1")
            assert kinds(history)["eventRaised"] == 2
            await off_loop(client.raise_orchestration_event, "child-1", "word", data="last")
            state = await off_loop(
                client.wait_for_orchestration_completion, "parent", timeout=ENDS_WITHIN
            )
            assert state.failure_details is None
            assert state.get_output() == ["did child", ["early", "late", "last"]]

"""The closing sum of messages is counted by different parts of a move: what one forgets is missing."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import pytest
from click.testing import CliRunner

from durahub.model.history import EventRaised, Execution, ExecutionStarted
from durahub.model.message import Message
from durahub.model.ticks import Ticks
from durahub.stored import StoredMessage
from durahub_migrate.applying.events import Summary
from durahub_migrate.applying.reporting import Teller
from durahub_migrate.applying.session import Wanted, session
from durahub_migrate.applying.states import JobState
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.cli.apply_telling import TextTeller
from durahub_migrate.cli.job import job_commands
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.ledger import Ledger
from durahub_migrate.moving.mover import STAY, Moved, Phase
from durahub_migrate.moving.pace import Pace
from durahub_migrate.moving.plan import PlanHead
from durahub_migrate.moving.strategy import Strategy
from durahub_migrate.moving.units import Unit
from durahub_migrate.targets.scheduler_store import SchedulerStoreMover, scheduler_store_mover
from tests.applying.moves import a_move, instances
from tests.bundle.bundles import NOON, written


def to(target: str, number: int, **others: int) -> StoredMessage:
    event = EventRaised(timestamp=NOON, name="approved", input=str(number))
    return seen(Message(event=event, target=Execution(target)), number, **others)


def seen(message: Message, number: int, **others: int) -> StoredMessage:
    return StoredMessage(queue="q", message_id=str(number), message=message, **others)  # type: ignore[arg-type]


def a_start(number: int) -> StoredMessage:
    """Return the start by a client that died before it wrote the row."""
    target = Execution("new", "e1")
    event = ExecutionStarted(timestamp=NOON, execution=target, name="Order", input='"in"')
    return seen(Message(event=event, target=target), number)


MESSAGES = (
    to("live-0", 1),
    to("live-0", 2),
    to("live-0:1", 3),
    to("live-1", 4, deliveries=10),
    to("live-2", 5),
    to("live-3", 6),
    to("nobody", 7),
    a_start(8),
)


@dataclass
class Told(Teller):
    """Keeps how a run has ended."""

    summary: Summary | None = None

    def ended(self, summary: Summary) -> None:
        self.summary = summary


@dataclass
class Partial:
    """A content without the first message to one instance."""

    content: Content
    of: str

    def messages_to(self, instance_id: str) -> tuple[hb.InFlight, ...]:
        return self.content.messages_to(instance_id)[int(instance_id == self.of) :]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.content, name)


@dataclass
class Forgetful:
    """Does not see one message of one unit, and so does not tell of it either."""

    mover: SchedulerStoreMover
    of: str

    async def carry_out(self, phase: Phase, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        if unit.root_id == self.of:
            content = cast("Content", Partial(content, self.of))
        return await self.mover.carry_out(phase, unit, content, ledger)

    async def withdraw(self, unit: Unit, content: Content, ledger: Ledger) -> Moved:
        return await self.mover.withdraw(unit, content, ledger)

    async def deliver_strays(self, content: Content, ledger: Ledger) -> Moved:
        return await self.mover.deliver_strays(content, ledger)

    async def hand_over(self) -> None:
        await self.mover.hand_over()


def ended(folder: Path, forgets: str = "", *, aborts: bool = False) -> Summary:
    """Apply a plan that drains one tree, and take it back."""
    written(folder / "orders.hub", instances(), MESSAGES)
    move = a_move(folder, changed={"live-2": {"strategy": Strategy.DRAIN}})
    told = Told()

    @asynccontextmanager
    async def opening(
        head: PlanHead, job: str, content: Content, pace: Pace, clock: Callable[[], Ticks]
    ) -> AsyncIterator[Forgetful]:
        async with scheduler_store_mover(str(folder / "new.db"), "orders", job, clock) as mover:
            yield Forgetful(mover, forgets)

    async def run() -> None:
        wanted = Wanted(plan=move.plan)
        async with session(wanted, asyncio.Event(), opening, told, print, create=True) as opened:
            await opened.apply()
        if aborts:
            async with session(
                wanted, asyncio.Event(), opening, told, print, create=False
            ) as opened:
                await opened.abort(past_return=True)

    asyncio.run(run())
    assert told.summary is not None
    return told.summary


def test_every_message_is_in_one_place_of_the_sum(tmp_path: Path) -> None:
    summary = ended(tmp_path)
    assert summary.balance["messages"] == {
        "source": 8,
        "imported": 5,
        "left (poison)": 1,
        "left (for nobody)": 1,
        "drained": 1,
    }
    assert (summary.residue["messages"], summary.exit_status) == (0, 0)


def test_a_job_that_is_shown_has_the_same_messages_as_at_its_end(tmp_path: Path) -> None:
    summary = ended(tmp_path)
    done = CliRunner().invoke(
        job_commands, ["show", summary.plan, "--format", "json"], catch_exceptions=False
    )
    shown = json.loads(done.stdout)
    assert shown["messages"] == summary.messages
    assert shown["left"] == dict(summary.left)


def test_nothing_is_at_the_target_of_a_job_that_was_taken_back(tmp_path: Path) -> None:
    summary = ended(tmp_path, aborts=True)
    assert summary.state is JobState.ABORTED
    assert (summary.instances, summary.events, summary.messages) == (0, 0, 0)


def test_a_job_that_was_taken_back_does_not_say_that_nothing_is_left_where_messages_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    summary = replace(ended(tmp_path), state=JobState.ABORTED, left={})
    for left in ({}, {STAY: 4}):
        TextTeller(lambda: 0.0, quiet=True).ended(replace(summary, left=left))
    clean, with_rest = capsys.readouterr().out.split("state ")[1:]
    assert "nothing of it is at the target" in clean
    assert "nothing of it" not in with_rest
    assert f"4 {STAY}" in with_rest


def test_a_message_that_a_mover_drops_is_missing_and_the_run_has_differences(
    tmp_path: Path,
) -> None:
    summary = ended(tmp_path, forgets="live-0")
    assert summary.balance["messages"]["imported"] == 4
    assert (summary.residue["messages"], summary.exit_status) == (1, 1)

"""Runs a job in the test's own process."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from durahub_migrate.applying import job_rows, unit_fates
from durahub_migrate.applying.gear import Gear
from durahub_migrate.applying.job import look_at, open_job
from durahub_migrate.applying.patience import Patience
from durahub_migrate.applying.plan_file import OpenPlan
from durahub_migrate.applying.running import Running
from durahub_migrate.applying.settings import ApplySettings
from durahub_migrate.applying.states import JobState, UnitState
from durahub_migrate.applying.unit_fates import Group
from durahub_migrate.applying.watching import Watcher
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.moving.mover import Mover


@dataclass
class Script:
    """What is special about a run."""

    settings: ApplySettings = field(default_factory=ApplySettings)
    parallel: int = 2
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    watcher: Watcher = field(default_factory=Watcher)
    hooks: list[str] = field(default_factory=list)
    on_write: Callable[[str], object] = bool
    postponed: Callable[[], bool] = bool


@asynccontextmanager
async def a_run(plan: Path, mover: Mover, script: Script | None = None) -> AsyncIterator[Running]:
    """Open the job of *plan*; waits take no time."""
    script = script or Script()
    seconds = itertools.count(0.0, 1.0)

    async def hook(moment: str, state: JobState) -> None:
        script.hooks.append(moment)

    with OpenPlan(plan) as opened, open_content(opened.bundle) as content:
        async with open_job(
            opened,
            lambda: 0.0,
            create=True,
            stopping=script.stop.is_set,
            on_write=script.on_write,
        ) as journal:
            patience = Quick(
                seconds=script.settings.patience,
                stop=script.stop,
                clock=lambda: next(seconds),
                told=script.watcher.waits,
            )
            gear = Gear(
                journal=journal,
                mover=mover,
                content=content,
                settings=script.settings,
                unit_of=opened.unit_of,
                parallel=lambda: script.parallel,
                patience=patience,
                watcher=script.watcher,
            )
            yield Running(
                name="orders",
                gear=gear,
                settings=script.settings,
                now=lambda: 0.0,
                hook=hook,
                is_postponed=script.postponed,
                told=bool,
            )


class Quick(Patience):
    """A patience for which time passes at once."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        if self.stop.is_set():
            await super().sleep(0.0)


def units_by_state(plan: Path) -> dict[UnitState, int]:
    found: dict[UnitState, int] = {}
    for group in groups_of(plan):
        found[group.state] = found.get(group.state, 0) + group.units
    return found


def groups_of(plan: Path) -> list[Group]:
    with look_at(plan) as connection:
        return unit_fates.groups(connection)


def state_of(plan: Path) -> JobState:
    with look_at(plan) as connection:
        job = job_rows.job_of(connection)
        assert job is not None
        return job.state

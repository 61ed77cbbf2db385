"""A terminal before a hub in memory, for tests that press keys and read the screen."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from rich.text import Text
from textual.pilot import Pilot
from textual.widgets import Static
from textual.worker import WorkerCancelled

from durahub.address import StoreAddress, StoreKind
from durahub.dispatch.clock import system_clock
from durahub.storage import SqliteStorage
from durahub_migrate.acting.audit_log import AuditLog
from durahub_migrate.acting.watched import open_watched_actor
from durahub_migrate.monitor.access import User
from durahub_migrate.monitor.seam import Monitor
from durahub_migrate.tui.app import MonitorInTerminal
from durahub_migrate.tui.desk import Desk
from durahub_migrate.tui.screens.page import Page, Table
from durahub_migrate.watching.opening import monitor_of_storage
from durahub_migrate.watching.watched_hubs import WatchedHubs
from durahub_migrate.web.assembling import jobs_of
from durahub_migrate.web.sight import Sight
from durahub_migrate.web.who.granting import local_grants
from tests.monitor.watching.orders import AT_ONCE, HUB, until_found

KEY = f"{HUB}@memory"


class Terminal:
    """A terminal of which a test presses keys and reads what stands there."""

    def __init__(self, app: MonitorInTerminal, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def page(self) -> Page:
        assert isinstance(self.app.screen, Page), self.app.screen
        return self.app.screen

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.settled()

    async def settled(self) -> None:
        """Return when nothing is being loaded."""
        await self.pilot.pause()
        loading = [one for one in self.app.workers if one.group in ("load", "refresh")]
        if loading:
            with contextlib.suppress(WorkerCancelled):  # another load has taken its place
                await self.app.workers.wait_for_complete(loading)
        await self.pilot.pause()

    async def until(self, fact: Callable[[], bool]) -> None:
        """Return when something has become so; whoever waits for what never does waits for a time-out."""
        while not fact():
            await asyncio.sleep(0.02)  # other tasks have to have their turn
            await self.pilot.pause()

    def text(self, selector: str) -> str:
        shown = self.app.screen.query_one(selector, Static).content
        return shown.plain if isinstance(shown, Text) else str(shown)

    def rows(self, selector: str = "Table") -> list[list[str]]:
        table = self.app.screen.query(selector).first(Table)
        return [
            [cell.plain for cell in table.get_row_at(place)] for place in range(table.row_count)
        ]

    def screen_text(self) -> str:
        """Return everything that stands on the screen, as a terminal has it."""
        lines = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip) for strip in lines)


@contextlib.asynccontextmanager
async def terminal(
    monitor: Monitor,
    folder: Path,
    *,
    actions: bool = True,
    payloads: bool = True,
    require_reason: bool = False,
    size: tuple[int, int] = (80, 24),
) -> AsyncIterator[Terminal]:
    """Show *monitor* in a terminal for the body; the audit log is in *folder*."""
    grants = local_grants(actions=actions, payloads=payloads)
    async with contextlib.AsyncExitStack() as stack:
        audit = AuditLog(folder)
        stack.callback(audit.close)
        jobs = None
        if actions and isinstance(monitor, WatchedHubs):
            jobs = await stack.enter_async_context(jobs_of(monitor, folder, audit))
        desk = Desk(
            sight=Sight(monitor, User("eve", "terminal", grants)),
            audit=audit,
            clock=system_clock,
            jobs=jobs,
            require_reason=require_reason,
        )
        app = MonitorInTerminal(desk)
        pilot = await stack.enter_async_context(app.run_test(size=size))
        shown = Terminal(app, pilot)
        await shown.settled()
        yield shown


@contextlib.asynccontextmanager
async def hub_in_memory() -> AsyncIterator[tuple[SqliteStorage, WatchedHubs]]:
    """Watch a hub in memory on which may be acted, for the body."""
    async with SqliteStorage(":memory:") as storage:
        await storage.store(HUB).open(create=True)
        store = StoreAddress(StoreKind.SQLITE, ":memory:")
        async with monitor_of_storage(
            storage, store, AT_ONCE, open_actor=open_watched_actor
        ) as monitor:
            await until_found(monitor, 1)
            yield storage, monitor

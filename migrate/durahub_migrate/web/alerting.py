"""Puts alerts into a monitor: looks in the background, and who is told of what they find."""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from durahub.dispatch.clock import system_clock
from durahub.local.exclusive import acquire
from durahub_migrate.alerting.alerting import Alerting
from durahub_migrate.alerting.book import Book
from durahub_migrate.alerting.looking import Lookout
from durahub_migrate.alerting.settings import AlertSettings
from durahub_migrate.monitor.seam import Monitor
from durahub_migrate.web.configuring.settings import MonitorSettings

log = logging.getLogger(__name__)
LOCK = "alerts.lock"


@contextlib.asynccontextmanager
async def looking_out(
    monitor: Monitor, settings: MonitorSettings, folder: Path
) -> AsyncIterator[tuple[Lookout, Alerting | None]]:
    """Take looks for the body, and tell receivers if there are any. Raises `FileUnavailable`."""
    told = settings.alerts or AlertSettings(rules=())
    lookout = Lookout(
        monitor,
        system_clock,
        every=told.every,
        stuck_after=settings.stuck_after,
        rules=told.rules,
    )
    async with contextlib.AsyncExitStack() as stack:
        book = stack.enter_context(_book(folder)) if settings.alerts is not None else None
        alerting = None
        if book is not None:
            alerting = Alerting(told, book, system_clock, link=settings.public_url)
            await stack.enter_async_context(alerting.running())
        on_look = alerting.looked if alerting is not None else None
        looks = asyncio.create_task(lookout.run(on_look), name="look at hubs for alerts")
        try:
            yield lookout, alerting
        finally:
            looks.cancel()
            await asyncio.gather(looks, return_exceptions=True)


@contextlib.contextmanager
def _book(folder: Path) -> Iterator[Book | None]:
    """Give the body the book of alerts; none while another monitor has it, which then tells of alerts."""
    lock = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = acquire(folder / LOCK)
    except OSError as error:
        log.warning("alerts-not-kept", extra={"folder": str(folder), "error": error.strerror})
        yield Book(None)
        return
    if lock is None:
        log.warning("alerts-left-to-another-monitor", extra={"folder": str(folder)})
        yield None
        return
    try:
        yield Book(folder)
    finally:
        os.close(lock)

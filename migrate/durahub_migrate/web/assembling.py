"""Puts a monitor together: what watches, what acts, what is kept in its folder, the application."""

import contextlib
import getpass
import logging
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from starlette.applications import Starlette

from durahub.dispatch.clock import system_clock
from durahub.local.exclusive import acquire
from durahub_migrate.acting.audit_log import AuditLog
from durahub_migrate.acting.jobs.book import JobBook
from durahub_migrate.acting.jobs.counting import Found, of_index
from durahub_migrate.acting.jobs.service import Jobs
from durahub_migrate.acting.watched import ActorOfWatch, open_watched_actor
from durahub_migrate.alerting.metrics import MonitorMetrics
from durahub_migrate.watching.actor import OpenActor
from durahub_migrate.watching.options import MonitorOptions
from durahub_migrate.watching.prices import price_in
from durahub_migrate.watching.views_file import ViewsFile
from durahub_migrate.watching.watched_hubs import WatchedHubs
from durahub_migrate.web.alerting import looking_out
from durahub_migrate.web.application import application
from durahub_migrate.web.configuring.settings import MonitorSettings
from durahub_migrate.web.parts import Parts
from durahub_migrate.web.redacting import redaction

log = logging.getLogger(__name__)

OpenWatch = Callable[[MonitorOptions, OpenActor | None], AbstractAsyncContextManager[WatchedHubs]]
"""Begins to watch, for the body."""
INDEX = "index.sqlite"
LOCK = "index.lock"
ARCHIVES = "archives"
VIEWS = "views.json"


def local_name() -> str:
    """Return how the person at this machine is called: by the name of his account."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user may have no name
        return "local"


@contextlib.asynccontextmanager
async def assembled(
    settings: MonitorSettings, open_watch: OpenWatch, folder: Path
) -> AsyncIterator[Starlette]:
    """Run a monitor for the body, which gets its application. Raises `BadSetting`, `BadSource`."""
    redact = redaction(settings.redact)
    async with contextlib.AsyncExitStack() as stack:
        options = MonitorOptions(
            requests_per_second=settings.budget,
            index=stack.enter_context(_index(folder)),
            inputs=settings.inputs,
            price=price_in(settings.prices) if settings.prices is not None else None,
            stuck_after=settings.stuck_after,
        )
        audit = AuditLog(folder)
        stack.callback(audit.close)
        acts = settings.allows_actions
        actor = open_watched_actor if acts else None
        monitor = await stack.enter_async_context(open_watch(options, actor))
        jobs = await stack.enter_async_context(_jobs(monitor, folder, audit)) if acts else None
        lookout, alerting = await stack.enter_async_context(looking_out(monitor, settings, folder))
        metrics = MonitorMetrics(
            monitor,
            lookout,
            system_clock,
            alerting=alerting,
            jobs=jobs.all if jobs is not None else tuple,
            pages=lambda: app.state.web.pages,
        )
        app = application(
            monitor,
            settings.web(),
            logins=settings.logins(local_name()),
            parts=Parts(
                audit=audit,
                log=audit,
                jobs=jobs,
                archives=folder / ARCHIVES,
                views=ViewsFile(folder / VIEWS, system_clock),
                alerts=alerting.firing if alerting is not None else tuple,
                silencing=alerting,
                metrics=metrics,
                redact=redact,
                oidc=settings.oidc,
            ),
        )
        app.state.metrics = metrics
        if alerting is not None:
            alerting.listen(app.state.web.alert)
        stack.callback(app.state.web.close)
        yield app


@contextlib.asynccontextmanager
async def _jobs(monitor: WatchedHubs, folder: Path, audit: AuditLog) -> AsyncIterator[Jobs]:
    """Run jobs for the body; at its end they are paused."""

    def found(hub: str) -> Found:
        return lambda query: of_index(monitor.hub(hub).index, query)

    with JobBook(folder) as book:
        async with Jobs(
            book,
            lambda hub: ActorOfWatch(monitor.hub(hub)),
            found,
            audit,
            system_clock,
            address_of=lambda hub: monitor.hub(hub).ref.address,
        ) as jobs:
            yield jobs


@contextlib.contextmanager
def _index(folder: Path) -> Iterator[str | None]:
    """Give the body the file of the index; none while another monitor has it, or where it cannot be."""
    lock = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = acquire(folder / LOCK)
    except OSError as error:
        log.warning("monitor-folder-unusable", extra={"folder": folder, "error": error.strerror})
    if lock is None:
        yield None
        return
    try:
        yield str(folder / INDEX)
    finally:
        os.close(lock)


index_file, jobs_of = _index, _jobs
"""The monitor in a terminal is put together of them, too."""

"""``durahub monitor --tui``: the monitor in a terminal, put together of the same parts as the page."""

import contextlib
import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from durahub.dispatch.clock import system_clock
from durahub_migrate.acting.audit_log import AuditLog
from durahub_migrate.acting.data_folder import data_folder
from durahub_migrate.acting.watched import open_watched_actor
from durahub_migrate.monitor.access import User
from durahub_migrate.tui.installed import check_installed
from durahub_migrate.watching.opening import open_monitor
from durahub_migrate.watching.options import MonitorOptions
from durahub_migrate.watching.prices import price_in
from durahub_migrate.web.assembling import index_file, jobs_of, local_name
from durahub_migrate.web.configuring.settings import MonitorSettings
from durahub_migrate.web.redacting import redaction
from durahub_migrate.web.sight import Sight
from durahub_migrate.web.who.granting import local_grants

LOG = "terminal.log"
"""What is logged goes into this file of the data folder: the terminal is taken."""


async def watch_in_terminal(
    settings: MonitorSettings, sources: Sequence[str], level: str = "warning"
) -> None:
    """Watch *sources* until the user leaves. Raises `MissingPackage`, `BadSource`, `BadSetting`.

    Who sits at the terminal is who is at this machine: the settings' logins and grants are for others.
    """
    check_installed()
    from durahub_migrate.tui.app import MonitorInTerminal  # its package is an extra
    from durahub_migrate.tui.desk import Desk

    folder = data_folder(Path(settings.data) if settings.data is not None else None)
    acts = settings.allow_actions
    grants = local_grants(actions=acts, payloads=settings.payloads)
    redact = redaction(settings.redact)
    async with contextlib.AsyncExitStack() as stack:
        index = stack.enter_context(index_file(folder))
        stack.enter_context(_logged(folder, level))
        options = MonitorOptions(
            requests_per_second=settings.budget,
            index=index,
            inputs=settings.inputs,
            price=price_in(settings.prices) if settings.prices is not None else None,
            stuck_after=settings.stuck_after,
        )
        audit = AuditLog(folder)
        stack.callback(audit.close)
        actor = open_watched_actor if acts else None
        monitor = await stack.enter_async_context(open_monitor(sources, options, open_actor=actor))
        jobs = await stack.enter_async_context(jobs_of(monitor, folder, audit)) if acts else None
        desk = Desk(
            sight=Sight(monitor, User(local_name(), "terminal", grants), redact),
            audit=audit,
            clock=system_clock,
            jobs=jobs,
            stuck_after=settings.stuck_after,
            require_reason=settings.require_reason,
        )
        await MonitorInTerminal(desk).run_async()


@contextlib.contextmanager
def _logged(folder: Path, level: str) -> Iterator[None]:
    """Have what is logged written to a file for the body."""
    handler: logging.Handler
    try:
        handler = logging.FileHandler(folder / LOG, delay=True)
    except OSError:
        handler = logging.NullHandler()
    loggers = [logging.getLogger(name) for name in ("durahub", "durahub_migrate")]
    before = [(one.handlers, one.propagate, one.level) for one in loggers]
    for one in loggers:
        one.handlers, one.propagate = [handler], False
        one.setLevel(level.upper())
    try:
        yield
    finally:
        for one, (handlers, propagate, former) in zip(loggers, before, strict=True):
            one.handlers, one.propagate = handlers, propagate
            one.setLevel(former)
        handler.close()

"""The audit log: who did what, why, and what became of it."""

from dataclasses import dataclass
from typing import Protocol

from durahub_migrate.acting.audit_log import AuditPage, AuditQuery
from durahub_migrate.monitor.access import READ, AuditEntry
from durahub_migrate.web.call import Call
from durahub_migrate.web.operations import Kind, Operation, Parameter

PAGES = 50
"""So many pages of the log are read for one of a user who may see little of it."""


class ReadsAudit(Protocol):
    """A log that can be read: `durahub_migrate.acting.audit_log.AuditLog`."""

    def page(
        self, query: AuditQuery | None = None, *, count: int = 100, after: str | None = None
    ) -> AuditPage:
        """Return the newest entries that *query* wants, or those behind *after*."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntries:
    """Some entries, the newest first."""

    entries: tuple[AuditEntry, ...]
    after: str | None


class AuditHandlers:
    """Answers from the log."""

    def __init__(self, log: ReadsAudit | None) -> None:
        self._log = log

    def operations(self) -> list[Operation]:
        """Return what it answers."""
        return [
            Operation(
                method="GET",
                path="api/audit",
                about="What was done on hubs that the user may read, the newest first.",
                handler=self.page,
                gives=AuditEntries,
                parameters=(
                    Parameter(name="hub", about="the key of a hub"),
                    Parameter(name="user", about="the name of a user"),
                    Parameter(name="verb", about="an action"),
                    Parameter(name="after", about="the cursor of the page before"),
                    Parameter(
                        name="count",
                        about="entries of a page",
                        kind=Kind.WHOLE,
                        default=100,
                        least=1,
                        most=1_000,
                    ),
                ),
            )
        ]

    async def page(self, call: Call) -> AuditEntries:
        """Return a page, of which other hubs are left out."""
        given = call.given
        if self._log is None:
            return AuditEntries(entries=(), after=None)
        wanted = AuditQuery(hub=given["hub"], user=given["user"], verb=given["verb"])
        found: list[AuditEntry] = []
        after = given["after"]
        for _ in range(PAGES):
            page = self._log.page(wanted, count=given["count"] - len(found), after=after)
            found += [one for one in page.entries if call.sight.may(READ, one.hub)]
            after = page.after
            if after is None or len(found) >= given["count"]:
                break
        return AuditEntries(entries=tuple(found), after=after)

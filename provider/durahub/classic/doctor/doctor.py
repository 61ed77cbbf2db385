"""Examines a hub and repairs it: what ``durahub hub doctor`` calls."""

from collections.abc import AsyncIterator, Callable, Sequence
from random import Random

from durahub.classic.account import Account
from durahub.classic.dialect import DTFX_2_9_BASE64
from durahub.classic.doctor.examination import GRACE, Examination, Report
from durahub.classic.doctor.findings import Finding
from durahub.classic.doctor.reading import Reading
from durahub.classic.doctor.repairing import Outcome, Repairing
from durahub.classic.move_mark import MoveMark
from durahub.classic.names import HubNames, check_hub_name
from durahub.classic.options import ClassicOptions
from durahub.classic.parts import Parts, assemble
from durahub.classic.tracking import find_tables
from durahub.model.ticks import Ticks

READABLE_BY_ALL = DTFX_2_9_BASE64
"""Which workers a hub has is not known, and every version reads Base64."""


class Doctor:
    """Looks after one hub. The account stays its maker's to close.

    Without *tracking_prefix* the tables are those of the hub's name, or those in which its name is found.
    """

    def __init__(
        self,
        hub: str,
        account: Account,
        clock: Callable[[], Ticks],
        tracking_prefix: str | None = None,
    ) -> None:
        check_hub_name(hub)
        self._account = account
        self._names = HubNames(hub, tracking_prefix)
        self._clock = clock
        self._parts: Parts | None = None

    async def examine(
        self, *, grace: float = GRACE, progress: Callable[[int], object] = bool
    ) -> Report:
        """Look at everything; nothing is changed. Raises `HubNotFound`.

        *grace* are the seconds for which a blob that nothing names may be about to be named. *progress* is
        told how many instances were looked at.
        """
        parts = await self._assembled()
        await parts.resources.check_there()
        return await (await self._examination(parts, grace, progress)).run()

    async def repair(
        self, findings: Sequence[Finding], *, grace: float = GRACE
    ) -> AsyncIterator[Outcome]:
        """Repair those of *findings* that are still so; yield what became of each.

        Raises `HubBeingMoved`: while messages are held back, what waits for them only seems to be lost, and
        nothing names their blobs.
        """
        parts = await self._assembled()
        await self._mark(parts).check()
        examination = await self._examination(parts, grace)
        still = await examination.again(findings)
        keys = {finding.key for finding in still}
        async for outcome in Repairing(parts, self._clock).run(still):
            yield outcome
        for finding in findings:
            if finding.key not in keys:
                yield Outcome(finding, "it is no longer so")

    async def moving_job(self) -> str | None:
        """Return the job that moves instances into the hub, ``None`` if there is none."""
        return await self._mark(await self._assembled()).job()

    def _mark(self, parts: Parts) -> MoveMark:
        return MoveMark(self._names.hub, parts.blobs, parts.names.set_aside_container)

    async def _examination(
        self, parts: Parts, grace: float, progress: Callable[[int], object] = bool
    ) -> Examination:
        unfinished = await Repairing(parts, self._clock).unfinished()
        reading = Reading(parts, self._clock)
        return Examination(reading, grace=grace, unfinished=unfinished, progress=progress)

    async def _assembled(self) -> Parts:
        """Return what the hub consists of, its tables found."""
        if self._parts is None:
            options = ClassicOptions(
                tracking_prefix=self._names.tracking_prefix, dialect=READABLE_BY_ALL
            )
            parts = assemble(self._names, self._account, options, self._clock, Random())  # noqa: S311 (no secret hangs on it)
            names = await find_tables(self._account, parts.tables, self._names)
            if names != self._names:
                parts = assemble(names, self._account, options, self._clock, Random())  # noqa: S311 (no secret hangs on it)
            self._parts = parts
        return self._parts

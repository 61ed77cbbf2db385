"""Opens the jobs of ``durahub batch``, and the hub that one acts on."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from durahub.dispatch.clock import system_clock
from durahub.errors import BadRequest
from durahub_migrate.acting.actor import JobActor
from durahub_migrate.acting.audit_log import AuditLog
from durahub_migrate.acting.data_folder import data_folder
from durahub_migrate.acting.jobs.book import JobBook
from durahub_migrate.acting.jobs.counting import of_scan
from durahub_migrate.acting.jobs.service import Jobs
from durahub_migrate.cli.hub_opening import actor_of, place_of


@contextlib.asynccontextmanager
async def opened(
    address: str, folder: Path | None, requests_per_second: float
) -> AsyncIterator[tuple[str, Jobs]]:
    """Open a hub, and the jobs on it, for the body, which gets the hub's key."""
    async with actor_of(place_of(address), requests_per_second) as (key, actor):
        with book_of(folder, actor, address) as jobs:
            async with jobs:
                yield key, jobs


@contextlib.contextmanager
def book_of(
    folder: Path | None, actor: JobActor | None = None, address: str | None = None
) -> Iterator[Jobs]:
    """Open the jobs of a folder; without *actor* they can be looked at and steered, not run."""
    place = data_folder(folder)

    def actor_of(hub: str) -> JobActor:
        if actor is None or actor.hub != hub:
            raise BadRequest(f"hub {hub} is not open here")
        return actor

    with JobBook(place) as book:
        audit = AuditLog(place)
        try:
            yield Jobs(
                book,
                actor_of,
                lambda hub: lambda query: of_scan(actor_of(hub), query),
                audit,
                system_clock,
                address_of=lambda _: address,
            )
        finally:
            audit.close()


def address_of(number: int, folder: Path | None) -> str:
    """Return where the hub of a job is, as it was typed. Raises `BadRequest`."""
    with JobBook(data_folder(folder)) as book:
        job = book.job(number)
    if job.address is None:
        raise BadRequest(f"job {number} was made on the monitor's page; go on with it there")
    return job.address

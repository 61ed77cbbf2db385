"""Opens the target of a plan by what the environment says of accounts."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from durahub.accounts import account_at
from durahub.cli.access import access_of_environment
from durahub.cli.opening import resolve
from durahub.model.ticks import Ticks
from durahub_migrate.moving.content import Content
from durahub_migrate.moving.mover import Mover
from durahub_migrate.moving.pace import Pace
from durahub_migrate.moving.plan import PlanHead
from durahub_migrate.targets import opening
from durahub_migrate.targets.opening import Ways


@asynccontextmanager
async def open_mover(
    head: PlanHead, job: str, content: Content, pace: Pace, clock: Callable[[], Ticks]
) -> AsyncIterator[Mover]:
    """Open the target of a plan; see `durahub_migrate.targets.opening.open_mover`."""
    access = access_of_environment()
    ways = Ways(
        resolve=resolve,
        account=partial(account_at, access=access),
        identity=access.identity,
    )
    async with opening.open_mover(head, job, content, pace, clock, ways=ways) as mover:
        yield mover

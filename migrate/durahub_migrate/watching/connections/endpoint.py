"""The way to a hub behind an endpoint of the scheduler's protocol; its calls are counted as requests."""

import contextlib

from durahub.accounts import Access
from durahub_migrate.endpoint.opening import open_endpoint
from durahub_migrate.endpoint.wire import Patience
from durahub_migrate.monitor.seam import Ability
from durahub_migrate.moving.place import EndpointAddress
from durahub_migrate.watching.budget import RequestBudget
from durahub_migrate.watching.connecting import Found, Told
from durahub_migrate.watching.opened import OpenedHub
from durahub_migrate.watching.reading.endpoint_live import EndpointLive
from durahub_migrate.watching.sources.endpoint import EndpointRows

CAN = frozenset({Ability.HISTORY, Ability.ENTITIES, Ability.ACT})
_ATTEMPTS = 2


class BudgetedPace:
    """A `durahub_migrate.moving.pace.Pace`: every call waits for its turn in a budget."""

    def __init__(self, budget: RequestBudget) -> None:
        self._budget = budget

    async def take(self, actions: int = 1, size: int = 0) -> None:  # noqa: ARG002
        """Wait until a call may be sent."""
        await self._budget.take()

    def answered(self, seconds: float) -> None:
        """Forget it."""

    def refused(self, retry_after: float | None = None) -> None:
        """Forget it: the sweep waits by itself."""


class EndpointConnection:
    """A `Connection`. Raises `BadAddress`, `BadSetting` when it is opened."""

    def __init__(self, place: EndpointAddress, access: Access, told: Told) -> None:
        self._place = place
        self._access = access
        self._told = told
        self._opened = contextlib.AsyncExitStack()

    async def open(self) -> Found:
        """Find the endpoint: it answers to a call that asks for one instance."""
        told = self._told
        await self._opened.aclose()
        patience = Patience(deadline=told.answers_within, attempts=_ATTEMPTS)
        client = await self._opened.enter_async_context(
            open_endpoint(
                self._place,
                identity=self._access.identity,
                pace=BudgetedPace(told.budget),
                patience=patience,
            )
        )
        await client.instance_page(None, page=1)
        hub = OpenedHub(
            ref=told.ref,
            place=self._place,
            budget=told.budget,
            clock=told.clock,
            index=told.index,
            live=EndpointLive(client, told.ref.key, told.clock, told.limits),
            can=CAN,
            access=self._access,
            client=client,
        )
        return Found(EndpointRows(client, told.ref.key, told.clock, inputs=told.inputs), hub)

    async def close(self) -> None:
        """Close the channel."""
        await self._opened.aclose()

"""A call of the API: who calls, what he sees, with which parameters."""

from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from durahub.edge.web.paths import part
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.access import User
from durahub_migrate.monitor.seam import HubWatch
from durahub_migrate.web.operations import Given
from durahub_migrate.web.sight import Sight


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call. *body* is that of the operation's type."""

    request: Request
    sight: Sight
    given: Given
    body: Any
    now: Ticks

    @property
    def user(self) -> User:
        """Who calls."""
        return self.sight.user

    def part(self, name: str) -> str:
        """Return a part of the path."""
        return part(self.request, name)

    @property
    def key(self) -> str:
        """The key of the hub in the path, as the hub has it. Raises `HubNotFound`."""
        return self.hub.ref.key

    @property
    def hub(self) -> HubWatch:
        """The hub in the path. Raises `HubNotFound`."""
        return self.sight.hub(self.part("hub"))

"""What clients do with instances: each operation a few reads, then at most one message."""

from durahub.dispatch.editing import Editing
from durahub.dispatch.purging import Purging
from durahub.dispatch.rewinding import Rewinding
from durahub.dispatch.starting import LONGEST_ID, Starting, StartRequest, check_instance_id
from durahub.errors import BadRequest
from durahub.model.history import EventRaised, ExecutionResumed, ExecutionSuspended, Status

__all__ = ["LONGEST_ID", "Clients", "StartRequest", "check_instance_id"]


class Clients(Starting, Rewinding, Purging, Editing):
    """The client operations of one task hub."""

    async def raise_event(self, instance_id: str, name: str, input: str | None) -> None:  # noqa: A002 (the wire's word)
        """Send an external event. To an instance that has ended it has no effect."""
        check_instance_id(instance_id)
        if not name:
            raise BadRequest("an event needs a name")
        await self._send(instance_id, EventRaised(timestamp=self._clock(), name=name, input=input))

    async def suspend(self, instance_id: str, reason: str | None) -> None:
        """Ask an instance to pause; one that is suspended already is left alone."""
        event = ExecutionSuspended(timestamp=self._clock(), reason=reason)
        await self._send(instance_id, event, but_not=frozenset({Status.Suspended}))

    async def resume(self, instance_id: str, reason: str | None) -> None:
        """Ask a suspended instance to go on."""
        await self._send(instance_id, ExecutionResumed(timestamp=self._clock(), reason=reason))

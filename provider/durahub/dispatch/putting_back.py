"""Messages that no episode has used up: the store brings them again later, or deletes them."""

import asyncio
import logging
from collections.abc import Callable, Sequence

from durahub.dispatch.session import Session
from durahub.dispatch.tokens import ABANDON_PAUSE
from durahub.engine.commit import Delivery
from durahub.engine.entities.ids import is_entity
from durahub.engine.inbox import backoff, is_told
from durahub.errors import CheckpointLost, DurahubError, Malformed, Unavailable
from durahub.model.ticks import Ticks
from durahub.store import HubStore

log = logging.getLogger(__name__)


class PuttingBack:
    """What one hub's server does with messages that were not used up."""

    def __init__(
        self, store: HubStore, storage_pause: float, on_let_go: Callable[[], None]
    ) -> None:
        self._store = store
        self._storage_pause = storage_pause
        self._on_let_go = on_let_go
        self._drops: set[asyncio.Task[None]] = set()  # so that none is collected while it runs

    async def release(self, deliveries: Sequence[Delivery], delay: float) -> None:
        """Have the store bring messages again, *delay* seconds from now."""
        try:
            await self._store.release(deliveries, delay)
        except Unavailable as error:  # they come back by themselves when their time is over
            log.warning("release-failed", extra={"code": error.code})

    def keeps(self, session: Session, error: Exception) -> bool:
        """Tell whether messages wait in their *session*, in their order, until their episode is tried again.

        What is put back would be overtaken by what comes meanwhile. But where a commit is lost, messages to
        an orchestration may have been deleted with it, and others may be another server's by now.
        """
        if isinstance(error, CheckpointLost):
            return is_entity(session.instance_id) and self._store.owns(session.instance_id)
        return isinstance(error, Unavailable)

    async def give_up(self, session: Session, error: Exception) -> None:
        """Put back the messages of an episode that could not be run; the next delivery tries again."""
        batch = tuple(session.inbox.values())
        session.remove(batch)
        extra = {"instance_id": session.instance_id, "messages": len(batch)}
        if isinstance(error, DurahubError):
            log.warning("episode-put-back", extra={**extra, "why": str(error)})
        else:
            log.error("episode-failed", extra=extra, exc_info=error)
        for delivery in batch:
            pause = self._storage_pause
            if isinstance(error, Malformed) or not isinstance(error, DurahubError):
                pause = backoff(delivery.deliveries)
            await self.release((delivery,), pause)

    def leave(self, session: Session, instance_id: str, over_at: Ticks) -> None:
        """Delete, in a task, what in *session* was told to an instance that was over at *over_at*."""
        left = session.leave(lambda delivery: _is_left(delivery, instance_id, over_at))
        if left:
            task = asyncio.create_task(self._drop(left), name="drop what was left behind")
            self._drops.add(task)
            task.add_done_callback(self._drops.discard)
            self._on_let_go()

    async def _drop(self, left: Sequence[Delivery]) -> None:
        try:
            await self._store.discard(left)
        except DurahubError as error:  # they come again, and may wait for what is not there
            log.warning("drop-failed", extra={"messages": len(left), "why": str(error)})
            await self.release(left, ABANDON_PAUSE[0])


def _is_left(delivery: Delivery, instance_id: str, over_at: Ticks) -> bool:
    """Tell whether a message was told to an instance that was over at *over_at*."""
    message = delivery.message
    return (
        message.target.instance_id == instance_id
        and message.event.timestamp <= over_at
        and is_told(message)
    )

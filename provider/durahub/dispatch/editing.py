"""Changing what a row shows of an instance, past its orchestrator."""

from durahub.dispatch.client_base import ClientBase
from durahub.engine.entities.ids import is_entity
from durahub.errors import BadInstanceId, ChangedMeanwhile

TRIES = 5  # while checkpoints are written in between


class Editing(ClientBase):
    """The operation that edits a row."""

    async def set_custom_status(self, instance_id: str, text: str | None) -> None:
        """Write an orchestration's custom status: JSON text, or ``None`` for none.

        Its next checkpoint writes its own over it. Raises `InstanceNotFound`, `OverLimit`, `BadInstanceId`
        for an entity, which keeps its own things there, and `ChangedMeanwhile` if it is never still.
        """
        if is_entity(instance_id):
            raise BadInstanceId(instance_id, "an entity has no custom status that could be set")
        for _ in range(TRIES):
            row = await self._existing(instance_id, payloads=False)
            if await self._store.set_custom_status(instance_id, text, row):
                return
        raise ChangedMeanwhile(f"instance {instance_id!r}", "its row changes all the time")

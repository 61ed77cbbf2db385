"""An instance as its row tells it."""

from dataclasses import dataclass

from durahub.model.history import Execution, ExecutionStarted, Status, Tags
from durahub.model.ticks import Ticks


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """The latest generation of an instance, as clients see it.

    ``custom_status`` is JSON text, or ``None`` where the row has none or the text ``null``.
    ``output`` is the row's: the result, the failure as text, or — while the instance is
    suspended or was resumed — the reason for that. ``etag`` guards a replacement. ``parent_id`` is the
    orchestration that started it; rows in Azure Storage do not tell.
    """

    instance_id: str
    execution_id: str | None
    name: str | None
    version: str | None
    status: Status
    created: Ticks
    last_updated: Ticks
    input: str | None = None
    output: str | None = None
    custom_status: str | None = None
    completed: Ticks | None = None
    scheduled_start: Ticks | None = None
    generation: int | None = None
    tags: Tags | None = None
    etag: str | None = None
    parent_id: str | None = None

    @property
    def start(self) -> ExecutionStarted:
        """What started it, as far as the row tells."""
        return ExecutionStarted(
            timestamp=self.created,
            execution=Execution(self.instance_id, self.execution_id),
            name=self.name,
            version=self.version,
            input=self.input,
            tags=self.tags,
            scheduled_start=self.scheduled_start,
            generation=self.generation,
        )

"""An instance as lists show it and the index keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from durahub.model.ticks import Ticks

HEAD = 512
"""Characters of a text that the index keeps; the whole is read live."""
ENDED = frozenset({"Completed", "Failed", "Terminated", "Canceled"})
STATUSES = (
    "Pending",
    "Running",
    "Suspended",
    "Completed",
    "Failed",
    "Terminated",
    "Canceled",
    "ContinuedAsNew",
)


class Kind(Enum):
    """What an instance is."""

    ORCHESTRATION = "orchestration"
    ENTITY = "entity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An instance: what is in its row, and what was learned of it besides.

    *status* is the row's own word, one of `STATUSES` as a rule. *custom_status*, *output* and *input* are
    heads of at most `HEAD` characters; *input* is there only if inputs are indexed. *partition* is the index
    of its control queue (``None`` where there are none). *parent_id* is known once its history was read,
    or at once where the store tells. *bytes* is about what its row and payloads take, if known. *seen* is
    when the sweep saw it last. Of an entity *name* and *key* are those of ``@name@key``, *locked_by* is the
    orchestration that holds its lock.
    """

    hub: str  # the key of its HubRef
    instance_id: str
    kind: Kind = Kind.ORCHESTRATION
    execution_id: str | None = None
    name: str | None = None
    version: str | None = None
    status: str = "Pending"
    created: Ticks | None = None
    updated: Ticks | None = None
    completed: Ticks | None = None
    scheduled_start: Ticks | None = None
    custom_status: str | None = None
    output: str | None = None
    input: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    parent_id: str | None = None
    generation: int | None = None
    partition: int | None = None
    bytes: int | None = None
    key: str | None = None
    locked_by: str | None = None
    seen: Ticks | None = None

    @property
    def is_ended(self) -> bool:
        """Whether it has ended."""
        return self.status in ENDED


@dataclass(frozen=True, slots=True)
class RowPage:
    """Some rows in the order that was asked for. *after* is the cursor of the next page, ``None`` at the end.

    *total* is how many rows there are in all, ``None`` where counting was not asked for.
    """

    rows: tuple[Row, ...]
    after: str | None
    total: int | None = None


@dataclass(frozen=True, slots=True)
class Sort:
    """The order of a list: by a field of the query language, then by hub and ID."""

    field: str = "created"
    descending: bool = True

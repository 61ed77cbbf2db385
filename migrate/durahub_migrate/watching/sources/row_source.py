"""What every source of rows is: pages of a whole sweep, pages of changes, one row."""

from dataclasses import dataclass
from typing import Protocol

from durahub_migrate.monitor.row import Row


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsRead:
    """A page of rows. *position* is where the next begins, ``None`` at the end.

    *unread* are sentences about rows that cannot be read, or only in part. *mark* is from where on changes
    have to be asked for once this reading is whole: that of its first page counts.
    """

    rows: tuple[Row, ...]
    position: str | None = None
    mark: str | None = None
    unread: tuple[str, ...] = ()


class RowSource(Protocol):
    """Reads the rows of one hub, in pages of one request each. Raises `Unavailable`, `HubNotFound`.

    Positions and marks are texts in the source's own form; who keeps them may hand them to a later process.
    """

    @property
    def changes_are_told(self) -> bool:
        """Whether `changes` has everything but deletions; else who was active must be asked one by one."""

    @property
    def is_still(self) -> bool:
        """Whether nothing ever changes."""

    async def page(self, position: str | None) -> RowsRead:
        """Return a page of all rows; the first without a position. Raises `BadRequest` for one of another."""

    async def changes(self, mark: str, position: str | None, *, active: bool) -> RowsRead:
        """Return a page of the rows that have changed since *mark*, as far as the store tells.

        With *active* those that have not ended are among them, changed or not.
        """

    async def row(self, instance_id: str) -> Row | None:
        """Return one row as it is now."""

    async def count(self) -> int | None:
        """Return how many rows there are, where that costs nothing."""

"""Instances that were just started: what their first episode would read is known.

That a row could be *inserted* shows that the ID was not in use: a history is never without a row, for the
commit that begins it writes both, and a purge deletes both. Only this process writes the file, so what it
has not written since is as it was.
"""

from collections import OrderedDict

from durahub.model.instance import Instance

MOST = 5_000  # instances; each is forgotten with its first commit


class FreshStarts:
    """Rows, without payloads, of instances of which nothing was written but their start; bounded."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._rows: OrderedDict[str, Instance] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rows)

    def note(self, row: Instance) -> None:
        """Remember a row that was inserted; the oldest of too many is forgotten."""
        self._rows[row.instance_id] = row
        if len(self._rows) > self._most:
            self._rows.popitem(last=False)

    def row(self, instance_id: str) -> Instance | None:
        """Return the row of an instance without a history, ``None`` where the file has to be asked."""
        return self._rows.get(instance_id)

    def forget(self, instance_id: str) -> None:
        """Forget an instance of which something was written."""
        self._rows.pop(instance_id, None)

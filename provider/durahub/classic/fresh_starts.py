"""Instances that this server has just started: what their first episode would read is known.

That their row could be *inserted* shows that the ID was not in use, so there is no history, and the row is
as it was written. Both hold for as long as the start message has never left this server's hands: nobody else
can have begun the execution. Should a history be there all the same (a purge of another program broke off
before it), the first checkpoint fails, for it inserts the sentinel; from then on storage is asked.
"""

from collections import OrderedDict

from durahub.classic.held import Held, HeldMessages, Stage
from durahub.model.instance import Instance

MOST = 5_000  # instances; each is forgotten with its first checkpoint


class FreshStarts:
    """Rows of instances that await their first episode here, the oldest forgotten first."""

    def __init__(self, held: HeldMessages, most: int = MOST) -> None:
        self._held = held
        self._most = most
        self._rows: OrderedDict[str, tuple[Instance, Held]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rows)

    def note(self, row: Instance, message: Held) -> None:
        """Remember a *row* that was inserted, whose start *message* is to be handed over from memory."""
        self._rows[row.instance_id] = row, message
        if len(self._rows) > self._most:
            self._rows.popitem(last=False)

    def row(self, instance_id: str) -> Instance | None:
        """Return the row of an instance without a history, ``None`` where storage has to be asked."""
        found = self._rows.get(instance_id)
        if found is None:
            return None
        row, message = found
        in_hand = self._held.find(message.delivery.key) is message
        if not in_hand or message.stage not in (Stage.PLACED, Stage.HELD):
            del self._rows[instance_id]
            return None
        return row

    def forget(self, instance_id: str) -> None:
        """Forget an instance of which something was written."""
        self._rows.pop(instance_id, None)

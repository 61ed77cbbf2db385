"""An instance as it is to stand at the target, with all that has to be on its way."""

from collections import Counter
from dataclasses import dataclass, field, replace

from durahub.model.message import Message
from durahub.stored import StoredInstance, StoredMessage


@dataclass(slots=True, kw_only=True)
class Complete:
    """An instance as it is to stand at the target, and all that has to be on its way.

    *messages* go to instances, *activities* to workers. *left* counts seen messages that are not among them,
    *doubts* what was decided without evidence, each by reason.
    """

    instance: StoredInstance
    messages: list[StoredMessage] = field(default_factory=list)
    activities: list[StoredMessage] = field(default_factory=list)
    left: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)

    @property
    def taken(self) -> int:
        """How many of its messages were seen: those that are `made` have no ID."""
        return sum(bool(one.message_id) for one in (*self.messages, *self.activities))


def made(message: Message) -> StoredMessage:
    """Return a message that nobody has seen; it is due as it says."""
    return StoredMessage(
        queue="", message_id="", message=replace(message, due=None), due=message.due
    )

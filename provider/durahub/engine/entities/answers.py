"""Which messages to an orchestration answer its requests to entities; orchestration semantics 4.2.

An answer can overtake the checkpoint that holds its request, and can come twice; Python fails an
orchestration whose call is answered a second time. One whose request no history holds in the end answers
a turn that was lost: the turn that came instead may ask under another ID, and nobody waits for it.
"""

from collections.abc import Set

from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import guid_of, guid_text
from durahub.model.history import EventRaised
from durahub.model.message import Message

UNASKED_PATIENCE = 8
"""The delivery at which an answer is given up, or a grant back, that no turn has asked for: the checkpoint of
one that has may still be on its way."""


def entity_answer_of(message: Message) -> str | None:
    """Return the GUID of the request that *message* answers, ``None`` if no entity has sent it."""
    event, sender = message.event, message.sender
    if not isinstance(event, EventRaised) or event.name is None or sender is None:
        return None
    return guid_text(event.name) if is_entity(sender.instance_id) else None


def is_named_by_request(message: Message) -> bool:
    """Tell whether an entity has sent *message* and its name is the GUID of a request, not a user's."""
    event = message.event
    name = event.name if isinstance(event, EventRaised) else None
    return entity_answer_of(message) is not None and guid_of(name or "") is not None


class EntityAnswers:
    """The GUIDs of an execution's *requests*, and the names of the events that it has got, *raised*.

    GUIDs are in their usual form. ``None`` stands for a message that is no answer.
    """

    def __init__(self, requests: Set[str], raised: Set[str]) -> None:
        self._requests = requests
        self._raised = raised
        self._noted: set[str] = set()

    def is_early(self, answer: str | None) -> bool:
        """Tell whether the request is not in the history."""
        return answer is not None and answer not in self._requests

    def is_repeated(self, answer: str | None) -> bool:
        """Tell whether the request has been answered."""
        return answer is not None and (answer in self._raised or answer in self._noted)

    def note(self, answer: str | None) -> None:
        """Note that the request is answered now."""
        if answer is not None:
            self._noted.add(answer)

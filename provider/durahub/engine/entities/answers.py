"""Which messages to an orchestration answer its requests to entities; orchestration semantics 4.2.

An answer can overtake the checkpoint that holds its request, and can come twice; Python fails an
orchestration whose call is answered a second time.
"""

from collections.abc import Iterable
from functools import cached_property

from durahub.engine.entities.calls import request_sent
from durahub.engine.entities.ids import is_entity
from durahub.engine.entities.messages import guid_text
from durahub.model.history import EventRaised, EventSent
from durahub.model.message import Message


def entity_answer_of(message: Message) -> str | None:
    """Return the GUID of the request that *message* answers, ``None`` if no entity has sent it."""
    event, sender = message.event, message.sender
    if not isinstance(event, EventRaised) or event.name is None or sender is None:
        return None
    return guid_text(event.name) if is_entity(sender.instance_id) else None


class EntityAnswers:
    """The requests of an execution, among what it *sent*, and the names of the events it has got.

    ``None`` stands for a message that is no answer.
    """

    def __init__(self, sent: Iterable[EventSent], raised: Iterable[str]) -> None:
        self._sent = sent
        self._raised = raised

    def is_early(self, answer: str | None) -> bool:
        """Tell whether the request is not in the history."""
        return answer is not None and answer not in self._asked

    def is_repeated(self, answer: str | None) -> bool:
        """Tell whether the request has been answered."""
        return answer is not None and answer in self._answered

    def note(self, answer: str | None) -> None:
        """Note that the request is answered now."""
        if answer is not None:
            self._answered.add(answer)

    @cached_property
    def _asked(self) -> frozenset[str]:
        requests = (request_sent(event) for event in self._sent)
        return frozenset(guid_text(request.id) for request in requests if request is not None)

    @cached_property
    def _answered(self) -> set[str]:
        return {guid_text(name) for name in self._raised}

"""Messages on their way into queues: numbered, encoded, moved to a blob where they are too large."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from durahub.classic.blobs import Container
from durahub.classic.dialect import Dialect
from durahub.classic.envelope import Envelope, encode, encode_wrapper, to_queue_text
from durahub.classic.payloads import is_large_message, message_blob, pack
from durahub.model.message import Message


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message ready for its queue; *blob* is where it stands if the queue's text only names it."""

    text: str
    blob: str | None


class Outbox:
    """Prepares what this process sends. *make_guid* returns a new GUID with dashes."""

    def __init__(
        self, container: Container, dialect: Dialect, make_guid: Callable[[], str]
    ) -> None:
        self._container = container
        self._dialect = dialect
        self._make_guid = make_guid
        self._sequence = itertools.count(1)

    async def prepare(self, message: Message) -> Outgoing:
        """Return *message* as queue text; a large one is written to its blob first."""
        envelope = Envelope(
            message=message, activity_id=self._make_guid(), sequence_number=next(self._sequence)
        )
        text = encode(envelope, self._dialect)
        if not is_large_message(text):
            return Outgoing(to_queue_text(text, self._dialect), None)
        blob = message_blob(message.target.instance_id, envelope.activity_id, message.event.type)
        await self._container.write(blob, pack(text))
        return Outgoing(to_queue_text(encode_wrapper(blob), self._dialect), blob)

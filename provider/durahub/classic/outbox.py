"""Messages on their way into queues: numbered, encoded, moved to a blob where they are too large."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass

from durahub.classic.dialect import Dialect
from durahub.classic.envelope import Envelope, encode, encode_wrapper, to_queue_text
from durahub.classic.large_payloads import LargePayloads
from durahub.classic.payloads import is_large_message, message_blob
from durahub.model.message import Message


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message ready for *queue*; *blob* is where it stands if its *text* only names that.

    *sent_id* is that of its envelope.
    """

    message: Message
    queue: str
    text: str
    blob: str | None
    sent_id: str | None = None


class Outbox:
    """Prepares what this process sends. *make_guid* returns a new GUID with dashes."""

    def __init__(
        self, payloads: LargePayloads, dialect: Dialect, make_guid: Callable[[], str]
    ) -> None:
        self._payloads = payloads
        self._dialect = dialect
        self._make_guid = make_guid
        self._sequence = itertools.count(1)

    async def prepare(self, message: Message, queue: str) -> Outgoing:
        """Return *message* as queue text; a large one is written to its blob first."""
        envelope = Envelope(
            message=message, activity_id=self._make_guid(), sequence_number=next(self._sequence)
        )
        text = encode(envelope, self._dialect)
        if not is_large_message(text):
            queue_text = to_queue_text(text, self._dialect)
            return Outgoing(message, queue, queue_text, None, envelope.sent_id)
        target = message.target.instance_id
        blob = message_blob(target, envelope.activity_id, message.event.type)
        await self._payloads.write(blob, text)
        wrapper = to_queue_text(encode_wrapper(blob), self._dialect)
        return Outgoing(message, queue, wrapper, blob, envelope.sent_id)

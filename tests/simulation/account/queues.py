"""The queue service: messages that are hidden while somebody has them, and come again.

Source: the REST reference of Azure Storage, *Queue service*. A queue promises neither order nor that a
message comes only once: `Disorder` says how far it makes use of that.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol
from uuid import UUID
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from tests.simulation.account.exchange import Refused, Reply, Request, xml_reply
from tests.simulation.account.instants import Instants

MOST_AT_ONCE = 32
MOST_BYTES = 65_536


@dataclass(slots=True)
class Stored:
    """A message."""

    message_id: str
    text: str
    inserted: float
    visible_at: float
    receipt: str
    deliveries: int = 0


class Disorder(Protocol):
    """What a queue may do, and does at times."""

    def order(self, visible: list[Stored]) -> list[Stored]:
        """Return in which order those that are visible come; some may be missing."""

    def hidden_for(self, seconds: float) -> float:
        """Return how long a message stays hidden that should be for so long."""

    def seen(self, queue: str, now: Sequence[Stored]) -> Sequence[Stored]:
        """Return what a look at a queue, or a count of it, shows: what is there, or was."""


class InOrder:
    """A queue as one would like it."""

    def order(self, visible: list[Stored]) -> list[Stored]:
        return visible

    def hidden_for(self, seconds: float) -> float:
        return seconds

    def seen(self, queue: str, now: Sequence[Stored]) -> Sequence[Stored]:
        return now


@dataclass(slots=True)
class Queue:
    """A queue's messages by their IDs, in the order in which they came."""

    messages: dict[str, Stored] = field(default_factory=dict)


class QueueService:
    """The queues of an account. ``on_delete`` is told of every message that is deleted."""

    def __init__(self, instants: Instants, disorder: Disorder | None = None) -> None:
        self._instants = instants
        self.disorder: Disorder = disorder or InOrder()
        self.queues: dict[str, Queue] = {}
        self._numbers = itertools.count(1)
        self.on_delete: Callable[[str, Stored], None] = lambda queue, message: None

    def handle(self, request: Request) -> Reply:
        """Do what *request* says. Raises `Refused`."""
        if request.is_listing:
            return self._list(request.query.get("prefix", ""))
        name, _, rest = request.path.partition("/")
        if not rest:
            return self._queue_itself(request, name)
        queue = self._queue(name)
        _, _, message_id = rest.partition("/")
        if message_id:
            return self._message(request, name, queue, message_id)
        match request.method:
            case "POST":
                return self._put(request, queue)
            case "GET" if request.query.get("peekonly") == "true":
                return self._peek(request, name, queue)
            case "GET":
                return self._receive(request, queue)
            case _:
                queue.messages.clear()
                return Reply(204)

    # -- queues --------------------------------------------------------------------------------

    def _queue_itself(self, request: Request, name: str) -> Reply:
        if request.method == "PUT":
            if name in self.queues:
                return Reply(204)
            self.queues[name] = Queue()
            return Reply(201)
        queue = self._queue(name)
        if request.method == "DELETE":
            del self.queues[name]
            return Reply(204)
        seen = self.disorder.seen(name, tuple(queue.messages.values()))
        return Reply(200, {"x-ms-approximate-messages-count": str(len(seen))})

    def _list(self, prefix: str) -> Reply:
        names = sorted(name for name in self.queues if name.startswith(prefix))
        listed = "".join(f"<Queue><Name>{name}</Name></Queue>" for name in names)
        text = f"<Queues>{listed}</Queues><NextMarker />"
        return xml_reply(200, f"<EnumerationResults>{text}</EnumerationResults>")

    def _queue(self, name: str) -> Queue:
        try:
            return self.queues[name]
        except KeyError:
            raise Refused(404, "QueueNotFound") from None

    # -- messages ------------------------------------------------------------------------------

    def _put(self, request: Request, queue: Queue) -> Reply:
        text = ET.fromstring(request.body).findtext("MessageText") or ""
        if len(text.encode()) > MOST_BYTES:
            raise Refused(413, "RequestBodyTooLarge")
        now = self._instants.now()
        delay = float(request.query.get("visibilitytimeout", 0))
        number = next(self._numbers)
        message_id = str(UUID(int=0x5B1F << 112 | number))
        stored = Stored(message_id, text, now, now + delay, f"receipt+{number}")
        queue.messages[message_id] = stored
        return self._answer(201, [stored], with_receipt=True)

    def _receive(self, request: Request, queue: Queue) -> Reply:
        most = min(int(request.query.get("numofmessages", 1)), MOST_AT_ONCE)
        seconds = float(request.query.get("visibilitytimeout", 30))
        now = self._instants.now()
        visible = [one for one in queue.messages.values() if one.visible_at <= now]
        found = self.disorder.order(visible)[:most]
        for message in found:
            message.visible_at = now + self.disorder.hidden_for(seconds)
            message.receipt = f"receipt+{next(self._numbers)}"
            message.deliveries += 1
        return self._answer(200, found, with_receipt=True, with_text=True)

    def _peek(self, request: Request, name: str, queue: Queue) -> Reply:
        most = min(int(request.query.get("numofmessages", 1)), MOST_AT_ONCE)
        now = self._instants.now()
        seen = self.disorder.seen(name, tuple(queue.messages.values()))
        found = [one for one in seen if one.visible_at <= now][:most]
        return self._answer(200, found, with_receipt=False, with_text=True)

    def _message(self, request: Request, name: str, queue: Queue, message_id: str) -> Reply:
        message = queue.messages.get(message_id)
        if message is None:
            raise Refused(404, "MessageNotFound")
        if message.receipt != request.query.get("popreceipt"):
            raise Refused(400, "PopReceiptMismatch")
        if request.method == "DELETE":
            del queue.messages[message_id]
            self.on_delete(name, message)
            return Reply(204)
        if request.body:
            message.text = ET.fromstring(request.body).findtext("MessageText") or ""
        delay = float(request.query["visibilitytimeout"])
        message.visible_at = self._instants.now() + delay
        message.receipt = f"receipt+{next(self._numbers)}"
        visible_at = self._instants.http(message.visible_at)
        return Reply(
            204, {"x-ms-popreceipt": message.receipt, "x-ms-time-next-visible": visible_at}
        )

    def _answer(
        self,
        status: int,
        messages: Sequence[Stored],
        *,
        with_receipt: bool,
        with_text: bool = False,
    ) -> Reply:
        texts = []
        for one in messages:
            text = (
                f"<MessageId>{one.message_id}</MessageId>"
                f"<InsertionTime>{self._instants.http(one.inserted)}</InsertionTime>"
                "<ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime>"
            )
            if with_receipt:
                text += (
                    f"<PopReceipt>{one.receipt}</PopReceipt>"
                    f"<TimeNextVisible>{self._instants.http(one.visible_at)}</TimeNextVisible>"
                )
            if with_text:
                text += (
                    f"<DequeueCount>{one.deliveries}</DequeueCount>"
                    f"<MessageText>{escape(one.text)}</MessageText>"
                )
            texts.append(f"<QueueMessage>{text}</QueueMessage>")
        return xml_reply(status, f"<QueueMessagesList>{''.join(texts)}</QueueMessagesList>")

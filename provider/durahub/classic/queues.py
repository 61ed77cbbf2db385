"""Queue messages on the wire: put, get, update, delete. Classic layout 2.1, 9.2, 9.7.

The answers are small XML texts. A message that is gone, or that somebody else has received since (its
pop receipt no longer counts), is an ordinary answer here, not an error.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

from durahub.classic.storage_errors import StorageErrors, UnreadableAnswer, response_code
from durahub.classic.transport import API_VERSION
from durahub.classic.wire import Wire

LONGEST_DELAY = 7 * 86_400  # seconds: the service refuses more
MOST_AT_ONCE = 32
_HEADERS = {"x-ms-version": API_VERSION, "Accept": "application/xml"}
_XML = {**_HEADERS, "Content-Type": "application/xml"}
_GONE = frozenset({"MessageNotFound", "PopReceiptMismatch"})


@dataclass(frozen=True, slots=True)
class Receipt:
    """The right to change a message, until somebody else receives it.

    ``repeated``: it was put more than once, so that a copy of it may be there.
    """

    queue: str
    message_id: str
    pop_receipt: str
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Received:
    """A message as it was received; ``deliveries`` counts from 1, ``inserted`` in whole seconds."""

    receipt: Receipt
    text: str
    deliveries: int
    inserted: datetime


@dataclass(frozen=True, slots=True)
class Peeked:
    """A message that was looked at; ``inserted`` in whole seconds, ``deliveries`` so far (0: none)."""

    text: str
    inserted: datetime
    message_id: str = ""
    deliveries: int = 0


class Queues:
    """The messages of a hub's queues."""

    def __init__(self, wire: Wire, errors: StorageErrors) -> None:
        self._wire = wire
        self._errors = errors

    async def put(self, queue: str, text: str, delay: int) -> Receipt:
        """Put a message that never expires, visible in *delay* seconds."""
        path = f"{queue}/messages?visibilitytimeout={delay}&messagettl=-1"
        with self._errors.translated():
            response = await self._wire.send("POST", path, headers=_XML, content=_body(text))
            self._errors.unless(response, 201)
            messages = _messages(response.content)
            if not messages:
                raise UnreadableAnswer
        message_id, pop_receipt = (_text(messages[0], one) for one in ("MessageId", "PopReceipt"))
        return Receipt(queue, message_id, pop_receipt, response.repeated)

    async def receive(self, queue: str, most: int, visibility: int) -> list[Received]:
        """Receive up to *most* messages (32 at most) and hide them for *visibility* seconds."""
        path = f"{queue}/messages?numofmessages={most}&visibilitytimeout={visibility}"
        with self._errors.translated():
            response = await self._wire.send("GET", path, headers=_HEADERS)
            self._errors.unless(response, 200)
            return [_received(queue, message) for message in _messages(response.content)]

    async def peek(self, queue: str) -> list[Peeked]:
        """Look at the first 32 visible messages and leave them where they are."""
        path = f"{queue}/messages?peekonly=true&numofmessages=32"
        with self._errors.translated():
            response = await self._wire.send("GET", path, headers=_HEADERS)
            self._errors.unless(response, 200)
            return [
                Peeked(
                    text=message.findtext("MessageText") or "",
                    inserted=_inserted(message),
                    message_id=_text(message, "MessageId"),
                    deliveries=_deliveries(message),
                )
                for message in _messages(response.content)
            ]

    async def depth(self, queue: str) -> int:
        """Return about how many messages a queue has, those that are hidden among them."""
        with self._errors.translated():
            response = await self._wire.send("GET", f"{queue}?comp=metadata", headers=_HEADERS)
            self._errors.unless(response, 200)
        return int(response.headers["x-ms-approximate-messages-count"])

    async def update(
        self, receipt: Receipt, visibility: int, text: str | None = None
    ) -> Receipt | None:
        """Make a message visible in *visibility* seconds, with another *text* or the one it has.

        ``None``: it is not ours.
        """
        path = f"{_path(receipt)}&visibilitytimeout={visibility}"
        with self._errors.translated():
            if text is None:
                response = await self._wire.send("PUT", path, headers=_HEADERS)
            else:
                response = await self._wire.send("PUT", path, headers=_XML, content=_body(text))
            if response.status_code in (400, 404) and response_code(response) in _GONE:
                return None
            self._errors.unless(response, 204)
        return replace(receipt, pop_receipt=response.headers["x-ms-popreceipt"])

    async def delete(self, receipt: Receipt) -> bool:
        """Delete a message; ``False`` if it is not ours (or is gone)."""
        with self._errors.translated():
            response = await self._wire.send("DELETE", _path(receipt), headers=_HEADERS)
            if response.status_code in (400, 404) and response_code(response) in _GONE:
                return False
            self._errors.unless(response, 204)
        return True


def _body(text: str) -> bytes:
    return f"<QueueMessage><MessageText>{escape(text)}</MessageText></QueueMessage>".encode()


def _path(receipt: Receipt) -> str:
    pop_receipt = quote(receipt.pop_receipt, safe="")
    return f"{receipt.queue}/messages/{receipt.message_id}?popreceipt={pop_receipt}"


def _received(queue: str, message: ET.Element) -> Received:
    return Received(
        receipt=Receipt(queue, _text(message, "MessageId"), _text(message, "PopReceipt")),
        text=message.findtext("MessageText") or "",
        deliveries=_deliveries(message),
        inserted=_inserted(message),
    )


def _messages(content: bytes) -> list[ET.Element]:
    """Return the messages of an answer. Raises `UnreadableAnswer`."""
    try:
        found = ET.fromstring(content)  # noqa: S314 (expat bounds what entities become)
    except (ET.ParseError, ValueError, LookupError):  # (an encoding that there is not)
        raise UnreadableAnswer from None
    if found.tag != "QueueMessagesList":
        raise UnreadableAnswer
    return list(found)


def _deliveries(message: ET.Element) -> int:
    try:
        return int(message.findtext("DequeueCount") or 0)
    except ValueError:
        raise UnreadableAnswer from None


def _inserted(message: ET.Element) -> datetime:
    try:
        return parsedate_to_datetime(_text(message, "InsertionTime"))
    except (ValueError, TypeError, IndexError, OverflowError):
        raise UnreadableAnswer from None


def _text(message: ET.Element, name: str) -> str:
    return message.findtext(name) or ""

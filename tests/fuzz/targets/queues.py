"""What lies in queues: messages in the forms of all writers of the layout, and the payloads they name."""

import contextlib
from typing import Any

from yarl import URL

from durahub.classic import envelope
from durahub.classic.asked import Answer, Asked
from durahub.classic.dialect import DTFX_1_17, DTFX_2_9
from durahub.classic.payloads import blob_name_of, blob_url, candidates, unpack
from durahub.classic.queues import Queues
from durahub.classic.storage_errors import StorageErrors
from durahub.classic.tables import Tables
from durahub.edge import event_bodies
from durahub.engine.entities.messages import due_of_name, guid_of
from durahub.errors import DurahubError
from durahub.scheduler import event_proto
from tests.fuzz.target import JSON, TIMES, clean_text_of, finished, target

CONTAINER = "https://acme.blob.core.windows.net/hub-largemessages"


@target(
    "queue-text", words=(*JSON, *TIMES, b"DurableTask.Core.History.", b"Event, DurableTask.Core")
)
def queue_text(data: bytes) -> None:
    """The text of a queue message: JSON or its Base64. What is read, is written and read the same."""
    text = envelope.from_queue_text(clean_text_of(data))
    found = envelope.decode(text)
    if isinstance(found, envelope.Wrapper):
        assert envelope.decode(envelope.encode_wrapper(found.blob_name)) == found
        return
    for dialect in (DTFX_2_9, DTFX_1_17):
        written = envelope.encode(found, dialect)
        sent = envelope.to_queue_text(written, dialect)
        again = envelope.decode(envelope.from_queue_text(sent))
        assert isinstance(again, envelope.Envelope)
        if dialect is DTFX_2_9:
            assert again == found
        else:
            assert again.message.target == found.message.target


@target("queue-message-on", words=(*JSON, *TIMES))
def queue_message_on(data: bytes) -> None:
    """A message of a strange writer goes all the way: into a scheduler's file, and to a worker."""
    found = envelope.decode(clean_text_of(data))
    if isinstance(found, envelope.Wrapper):
        return
    event = found.message.event
    stored = event_proto.encode(event)
    assert event_proto.decode(stored.body, stored.extra, "here") == event
    event_bodies.execution_to_proto(found.message.target)


@target("payload-blob", words=(b"\x1f\x8b\x08\x00",), memory=4 * 1024 * 1024, factor=64)
def payload_blob(data: bytes) -> None:
    """The content of a blob with a large text: gzip. A bomb is refused before it is unpacked."""
    unpack(data, "a-blob", limit=64 * 1024)


@target(
    "payload-address",
    words=(CONTAINER.encode(), b"%2F", b"%FF", b"http://", b"/hub-largemessages/"),
)
def payload_address(data: bytes) -> None:
    """The address of a blob in a row. One that was written is read as the same name."""
    text = clean_text_of(data)
    for name in candidates(text, CONTAINER):
        assert name
    blob_name_of(text, CONTAINER)
    if text:
        assert blob_name_of(blob_url(CONTAINER, text), CONTAINER) == text


@target("event-names", words=TIMES)
def event_names(data: bytes) -> None:
    """The name of an event raised at an entity, which may hold a time, and the GUID of a request."""
    text = clean_text_of(data)
    due_of_name(text)
    due_of_name(f"op@{text}")
    found = guid_of(text)
    assert found is None or guid_of(found) == found


class OneAnswer:
    """A connection to storage on which every request gets the same answer."""

    def __init__(self, content: bytes, status: int = 200) -> None:
        self._content = content
        self._status = status

    async def send(self, method: str, path: str, **more: Any) -> Answer:
        asked = Asked(method, URL("https://acme.queue.core.windows.net"), f"/{path}", "", {}, None)
        return Answer(self._status, {}, self._content, asked)


ERRORS = StorageErrors("acme", "hub")


@target("queue-answer", words=(b"<QueueMessagesList>", b"<QueueMessage>", b"<DequeueCount>", b"</"))
def queue_answer(data: bytes) -> None:
    """The XML in which storage gives messages; a proxy may have cut it, or answered itself."""
    wire: Any = OneAnswer(data)
    queues = Queues(wire, ERRORS)
    with contextlib.suppress(DurahubError):
        finished(queues.peek("hub-control-00"))
    finished(queues.receive("hub-control-00", 32, 300))


@target("queue-put-answer", words=(b"<QueueMessagesList>", b"<PopReceipt>", b"</"))
def queue_put_answer(data: bytes) -> None:
    """The XML in which storage says how a message was put."""
    wire: Any = OneAnswer(data, 201)
    finished(Queues(wire, ERRORS).put("hub-control-00", "{}", 0))


@target("table-page", words=(*JSON, b'{"value":[{"PartitionKey":"a","RowKey":""}]}'))
def table_page(data: bytes) -> None:
    """The JSON in which storage gives a page of rows, and a row."""
    wire: Any = OneAnswer(data)
    tables = Tables(wire, ERRORS)
    with contextlib.suppress(DurahubError):
        finished(tables.get("hubInstances", "a", ""))
    finished(tables.query("hubInstances", ""))

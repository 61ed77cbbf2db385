"""Documents: an instance with its history as one file, and such a file looked at without any hub."""

import asyncio
import re
from dataclasses import dataclass

import orjson
from starlette.responses import Response

from durahub.errors import BadRequest, InstanceNotFound
from durahub_migrate.monitor.access import PAYLOADS
from durahub_migrate.monitor.histories import SequenceDiagram, Timeline
from durahub_migrate.monitor.seam import Detail
from durahub_migrate.monitor.telling.document import (
    InstanceDocument,
    document_text,
    read_document,
)
from durahub_migrate.monitor.telling.document_redaction import redacted_document
from durahub_migrate.monitor.telling.event_views import event_page
from durahub_migrate.monitor.telling.redaction import nothing
from durahub_migrate.monitor.telling.sequence import sequence_of
from durahub_migrate.monitor.telling.timeline import timeline_of
from durahub_migrate.web.call import Call
from durahub_migrate.web.handlers.details import ID, HistoryPage, history_page
from durahub_migrate.web.operations import Media, Operation

MOST_EVENTS = 5_000  # of a document that are shown at once


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedDocument:
    """What pages show of an instance, of a document."""

    detail: Detail
    events: HistoryPage
    timeline: Timeline
    sequence: SequenceDiagram


def operations() -> list[Operation]:
    """Return what is answered here."""
    return [
        Operation(
            method="GET",
            path="api/hubs/{hub}/document",
            about="An instance with history and payloads as a file, to look at anywhere.",
            handler=document,
            gives=Media("docs/instance-document.md describes the form", ("application/json",)),
            parameters=(ID,),
        ),
        Operation(
            method="POST",
            path="api/documents",
            about="Shows such a file; nothing of it is kept.",
            handler=opened,
            takes=object,
            gives=OpenedDocument,
        ),
    ]


async def document(call: Call) -> Response:
    """Return an instance as a document. It is all payloads, so they have to be granted."""
    hub, instance_id = call.hub, call.given.text("id")
    call.sight.need(PAYLOADS, hub.ref.key)
    detail = await hub.detail(instance_id)
    if detail is None:
        raise InstanceNotFound(instance_id)
    made = InstanceDocument(
        hub=hub.ref, made=call.now, detail=detail, history=await hub.history(instance_id)
    )
    redact = call.sight.showing().redact
    text = await asyncio.to_thread(
        lambda: document_text(made if redact is nothing else redacted_document(made, redact))
    )
    name = re.sub(r"[^\w.-]+", "_", instance_id[:80], flags=re.ASCII)
    return Response(
        text,
        media_type="application/json",
        headers={"content-disposition": f'attachment; filename="{name}.durahub.json"'},
    )


async def opened(call: Call) -> OpenedDocument:
    """Show a document. What its maker let be seen, is seen. Raises `BadDocument`."""
    try:
        text = orjson.dumps(call.body)
    except TypeError as error:  # it is nested deeper than can be written again
        raise BadRequest(f"the document cannot be read: {error}") from None
    return await asyncio.to_thread(_opened, text)


def _opened(text: bytes) -> OpenedDocument:
    found = read_document(text)
    return OpenedDocument(
        detail=found.detail,
        events=history_page(event_page(found.history, count=MOST_EVENTS), found.history),
        timeline=timeline_of(found.history, now=found.made),
        sequence=sequence_of(found.history),
    )

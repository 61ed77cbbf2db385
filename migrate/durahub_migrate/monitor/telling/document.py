"""The document of an instance: its row, its history and its payloads as one JSON text, to look at anywhere.

Format ``durahub-instance``, version 1, described in ``docs/instance-document.md``; the schema beside this
file is made of the types. What was written is read back to the same values; only numbers that JSON does not
have (``NaN``) come back as texts.
"""

import json
from dataclasses import dataclass

from durahub.errors import BadDocument
from durahub.model.json_text import write
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.hub import HubRef
from durahub_migrate.monitor.seam import Detail, LiveHistory
from durahub_migrate.monitor.telling.plain_values import NotFitting, fitting_members, plain

FORMAT = "durahub-instance"
VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceDocument:
    """An instance as it was at *made*; *redacted* tells that texts went through a hook.

    Source: what a `durahub_migrate.monitor.seam.HubWatch` tells of an instance, of a bundle's, too.
    """

    hub: HubRef
    made: Ticks
    detail: Detail
    history: LiveHistory
    redacted: bool = False


def document_text(document: InstanceDocument) -> str:
    """Return the JSON text of a document, in one line."""
    members = plain(document, InstanceDocument)
    return write({"format": FORMAT, "version": VERSION, **members}) + "\n"


def read_document(text: str | bytes) -> InstanceDocument:
    """Return the document in a JSON text. Raises `BadDocument`, naming the place that does not fit."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadDocument("the file", f"it is not JSON: {type(error).__name__}") from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise BadDocument("format", f"{FORMAT!r} belongs here")
    if found.get("version") != VERSION:
        raise BadDocument("version", f"this release reads version {VERSION}")
    try:
        return fitting_members(found, InstanceDocument, "")
    except NotFitting as error:
        raise BadDocument(error.place.removeprefix("."), error.problem) from None
    except RecursionError:
        raise BadDocument("the file", "it is nested too deeply") from None

"""Names of the tables and keys under which an assessment keeps its notes in the book.

A key is a JSON array of texts, the source's address first, so that several hubs can be assessed at once.
"""

import json
from typing import Any

HUB = "assessment.hub"  # [source] → JSON
STATUS = "assessment.status"  # [source, kind, name, status]
SUM = "assessment.sum"  # [source, kind, name, measure]
MOST = "assessment.most"  # [source, kind, name, measure]
ROWS = "assessment.rows"  # [source, name, row, row, …]: how many are in exactly these rows
ITEMS = "assessment.items"  # [source, row]: messages and signals
SEEN = "assessment.seen"  # [source, queue]
STEPS = "assessment.steps"  # [source, hour, step]: hours since the Unix epoch
CREATED = "assessment.created"  # [source, day]: bytes of the instances that were created on it
BLOBS = "assessment.blobs"  # [source]: bytes of the large-message container
FOUND = "assessment.found"  # [source, kind, name, code, severity, "live" | "ended" | ""]
FILES = "assessment.files"  # [source, code, severity]

ORCHESTRATION = "orchestration"
ENTITY = "entity"
OF_HUB = "hub"  # the kind of what is not an instance, in FOUND
UNNAMED = "?"  # the kind of an instance whose name a joining rule did not tell

LIVE, ENDED = "live", "ended"


def largest_payloads(source: str) -> str:
    """Return the table of a hub's largest payloads."""
    return f"assessment.payloads {source}"


def longest_ids(source: str) -> str:
    """Return the table of a hub's longest instance IDs."""
    return f"assessment.ids {source}"


def names(source: str) -> str:
    """Return the table of the names of instances that joining rules observed: ID → JSON [name, live]."""
    return f"assessment.names {source}"


def key(*parts: object) -> str:
    """Return the key of *parts*."""
    return json.dumps([str(part) for part in parts])


def parts_of(text: str) -> list[str]:
    """Return the parts of a key."""
    parts: list[Any] = json.loads(text)
    return [str(part) for part in parts]

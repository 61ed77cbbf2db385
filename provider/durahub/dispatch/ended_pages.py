"""Pages of ended instances, and the cursor between them: the end time and ID of a page's last instance.

It names a place, not a row: it holds when that instance is purged and when the server starts again.
"""

import base64
import json
from dataclasses import dataclass

from durahub.errors import BadRequest
from durahub.model.json_text import loads
from durahub.model.ticks import Ticks
from durahub.store import Ended


@dataclass(frozen=True, slots=True)
class EndedPage:
    """Some IDs, and the cursor behind the last; ``None`` at the end."""

    ids: tuple[str, ...]
    cursor: str | None


def cursor_of(last: Ended) -> str:
    """Return the cursor of the page that begins behind *last*."""
    text = json.dumps([last.completed, last.instance_id], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode("ascii")


def place_of(cursor: str) -> Ended:
    """Return what `cursor_of` was given. Raises `BadRequest` for a text that is no cursor."""
    try:
        completed, instance_id = loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (ValueError, TypeError):
        completed = instance_id = None
    known = isinstance(completed, int) and isinstance(instance_id, str)
    if not known or completed.bit_length() > 63:
        raise BadRequest("the last instance key is not one of this hub's")
    return Ended(Ticks(completed), instance_id)

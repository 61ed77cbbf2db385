"""A text of an event, by the name of its attribute."""

from durahub.errors import BadRequest
from durahub.model.failure import Failure
from durahub.model.failure_json import failure_object
from durahub.model.history import Event
from durahub.model.json_text import write


def member_of(event: Event, member: str) -> str | None:
    """Return a text of an event; a failure as JSON. Raises `BadRequest` for what is no text."""
    found = getattr(event, member, None) if member.isidentifier() else None
    match found:
        case None | str():
            return found
        case Failure():
            return write(failure_object(found))
    raise BadRequest(f"{member!r} of the event is no payload")

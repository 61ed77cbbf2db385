"""Messages that clients send to entities."""

from durahub.engine.entities.messages import (
    RELEASE,
    REQUEST,
    Release,
    Request,
    delayed_name,
    due_of_name,
    guid_of,
    release_text,
    request_text,
)
from durahub.errors import BadRequest
from durahub.model.history import EventRaised, Execution, Trace
from durahub.model.message import Message
from durahub.model.ticks import Ticks

ORPHANED = "fix-orphaned-lock"  # the ID in a release that cleaning sends


def signal_message(
    instance_id: str,
    name: str,
    input: str | None,  # noqa: A002 (the field's word)
    *,
    request_id: str,
    now: Ticks,
    scheduled: Ticks | None = None,
    trace: Trace | None = None,
    requested: Ticks | None = None,
) -> Message:
    """Return an operation that nobody waits for. Raises `BadRequest` if *request_id* is no GUID.

    What is *scheduled* later than the cap of delays arrives early, and the entity sends it on.
    """
    number = guid_of(request_id)
    if number is None:
        raise BadRequest("the request ID of a signal is not a GUID")
    request = Request(
        id=number,
        operation=name,
        signal=True,
        input=input,
        due=scheduled,
        trace=trace,
        requested=requested,
    )
    event_name = REQUEST if scheduled is None else delayed_name(scheduled, now)
    raised = EventRaised(timestamp=now, name=event_name, input=request_text(request))
    return Message(event=raised, target=Execution(instance_id), due=due_of_name(event_name))


def release_orphan(instance_id: str, holder: str, now: Ticks) -> Message:
    """Return what frees an entity of the lock of *holder*, which runs no more."""
    text = release_text(Release(holder, ORPHANED))
    raised = EventRaised(timestamp=now, name=RELEASE, input=text)
    return Message(event=raised, target=Execution(instance_id))

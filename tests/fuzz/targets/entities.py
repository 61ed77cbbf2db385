"""What entities send and keep: requests, answers, releases, the sorter's state, and their IDs."""

import contextlib

from durahub.engine.entities import messages
from durahub.engine.entities.clients import signal_message
from durahub.engine.entities.ids import is_entity, name_of, parse_entity_id
from durahub.engine.entities.reading import entity_of
from durahub.engine.entities.scheduler_state import (
    scheduler_state_of,
    scheduler_state_text,
    status_of,
    status_text,
)
from durahub.errors import BadMessage
from durahub.model.history import Status
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks
from tests.fuzz.target import JSON, TIMES, clean_text_of, target, text_of

NOW = Ticks(639_000_000_000_000_000)
WORDS = (*JSON, *TIMES, b"op@", b"release", b"9d2c7a51-f0b3-4e0c-8f6d-1a2b3c4d5e6f")


@target("entity-messages", words=WORDS)
def entity_messages(data: bytes) -> None:
    """A request to an entity, its answer, the release of a lock: read, written and read the same."""
    text = clean_text_of(data)
    with contextlib.suppress(BadMessage):
        request = messages.request_of(text)
        assert messages.request_of(messages.request_text(request)) == request
    with contextlib.suppress(BadMessage):
        response = messages.response_of(text)
        assert messages.response_of(messages.response_text(response)) == response
    release = messages.release_of(text)
    assert messages.release_of(messages.release_text(release)) == release


@target(
    "entity-state", words=(*WORDS, b"exists", b"queue", b"sorter", b"lockedBy", b"entityExists")
)
def entity_state(data: bytes) -> None:
    """The state of an entity's sorter, and the status in its row. One that is read is written the same."""
    text = clean_text_of(data)
    status = status_of(text)
    assert status_of(status_text(status)) == status
    row = Instance(
        instance_id="@a@b",
        execution_id="e",
        name="@a",
        version=None,
        status=Status.Running,
        created=NOW,
        last_updated=NOW,
        input=text,
        custom_status=text,
    )
    entity_of(row, with_state=True)
    state = scheduler_state_of(text)
    again = scheduler_state_of(scheduler_state_text(state))
    assert again.state == state.state
    assert again.status == state.status


@target("entity-id", words=(b"@", b"@@", b"@Counter@a", b"\xc4\xb0"))
def entity_id(data: bytes) -> None:
    """The ID of an entity. Its parts make up the whole."""
    text = text_of(data)
    if not is_entity(text):
        return
    name_of(text)
    found = parse_entity_id(text)
    assert parse_entity_id(f"@{found.name}@{found.key}") == found


@target("signal", words=WORDS)
def signal(data: bytes) -> None:
    """A signal of a client: it goes out in a form that an entity reads."""
    name, _, given = clean_text_of(data).partition("\n")
    sent = signal_message("@a@b", name, given or None, request_id=name, now=NOW)
    event = sent.event
    messages.request_of(getattr(event, "input", None))

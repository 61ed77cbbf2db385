"""A turn for the wire, without building again what an earlier turn has built.

A turn goes out with the whole history before it. Its past events are kept as the bytes that were sent last
time, with the work item's `Projected`; only what is new since then is made and added. So a turn costs as
much as it has new events, and a copy of its bytes. A protobuf message may have its fields in any order,
and the entries of a repeated field one after the other: bytes of parts, joined, are the whole.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.duration_pb2 import Duration

from durahub.dispatch.work import OrchestratorWork
from durahub.edge.entity_events import EntityEvents
from durahub.edge.traces import span_to_proto
from durahub.edge.wellknown import put_text
from durahub.model.history import Event, EventSent, ExecutionStarted

STREAMED_ABOVE = 1024 * 1024
"""Bytes of past events above which a worker that can is made to fetch them."""

REORDER_WINDOW = 30 * 60
"""Seconds within which an entity puts messages in order; a worker that labels them itself needs it."""

Show = Callable[
    [Sequence[Event], ExecutionStarted | None, EntityEvents | None], list[pb.HistoryEvent]
]
"""Returns what a worker is sent of events; the requests to entities are those of the whole history."""

# Without the window .NET fails every orchestration; without the message, every entity call.
_ALWAYS = pb.OrchestratorRequest(
    entityParameters=pb.OrchestratorEntityParameters(
        entityMessageReorderWindow=Duration(seconds=REORDER_WINDOW)
    )
).SerializeToString()
_FETCH_THE_PAST = pb.OrchestratorRequest(requiresHistoryStreaming=True).SerializeToString()

_LENGTH_DELIMITED = 2  # protobuf's wire type of a message within a message
_REQUEST = pb.WorkItem.DESCRIPTOR.fields_by_name["orchestratorRequest"].number
_REQUEST_TAG = bytes([_REQUEST << 3 | _LENGTH_DELIMITED])


@dataclass(eq=False, slots=True)
class PastEvents:
    """The past events of one execution as they are sent. *entities* is ``None`` where DTFx's are."""

    show: Show
    started: ExecutionStarted
    entities: EntityEvents | None
    count: int = 0  # events of the history that are in it, shown or not
    sent: bytearray = field(default_factory=bytearray)

    def add(self, events: Sequence[Event]) -> None:
        """Add the events that follow."""
        if not events:
            return
        if self.entities is not None:
            for event in events:
                self.entities.add(event)
        shown = self.show(events, self.started, self.entities)
        self.sent += pb.OrchestratorRequest(pastEvents=shown).SerializeToString()
        self.count += len(events)


def past_events(
    work: OrchestratorWork, show: Show, *, native_entities: bool, keep: bool = True
) -> PastEvents:
    """Return the past events of a turn, all that is kept of them made before, and *keep* them."""
    past = work.projected.value
    if (
        not keep
        or not isinstance(past, PastEvents)
        or past.show is not show
        or past.count > len(work.past)
        or (past.entities is not None) is not native_entities
        or not (past.started is work.started or past.started == work.started)
    ):
        past = PastEvents(show, work.started, EntityEvents() if native_entities else None)
    past.add(work.past[past.count :])
    if keep:
        work.projected.value, work.projected.size = past, len(past.sent)
    return past


def with_new(past: PastEvents, new: Sequence[Event]) -> EntityEvents | None:
    """Return the requests to entities of a history and of its new events, which hardly ever hold any."""
    if past.entities is None or not any(isinstance(event, EventSent) for event in new):
        return past.entities
    both = past.entities.copy()
    for event in new:
        both.add(event)
    return both


def turn_item(
    work: OrchestratorWork,
    past: PastEvents,
    new: Sequence[pb.HistoryEvent],
    *,
    may_fetch: bool,
    must_fit: bool,
    most_bytes: int,
) -> bytes:
    """Return the work item; a worker that *may_fetch* a large past does so.

    Where it *must_fit* into *most_bytes*, the past is left out of what does not.
    """
    head = pb.OrchestratorRequest(instanceId=work.instance_id, newEvents=new)
    put_text(head.executionId, work.execution_id)
    span = span_to_proto(work.started.trace)
    if span is not None:
        head.orchestrationTraceContext.CopyFrom(span)
    request = head.SerializeToString()
    token = pb.WorkItem(completionToken=work.token).SerializeToString()
    if not must_fit or len(past.sent) <= STREAMED_ABOVE:
        item = _item(request, past.sent, _ALWAYS, token)
        if not must_fit or len(item) <= most_bytes:
            return item
    fetch = _FETCH_THE_PAST if may_fetch and past.sent else b""
    return _item(request, fetch, _ALWAYS, token)


def _item(request: bytes, past: bytes | bytearray, rest: bytes, token: bytes) -> bytes:
    length = _varint(len(request) + len(past) + len(rest))
    return b"".join((_REQUEST_TAG, length, request, past, rest, token))


def _varint(number: int) -> bytes:
    """Return a length as protobuf writes it: seven bits a byte, the lowest first."""
    groups = bytearray()
    while number > 0x7F:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)

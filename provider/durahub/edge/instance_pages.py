"""Pages of instances that every client can receive.

A page is bounded by count and by bytes. Only the hub can say where the next page begins, so a page that
turns out too large is asked for again, shorter; the hub then gives the token that belongs to its end.
"""

from dataclasses import replace

from durabletask.internal import orchestrator_service_pb2 as pb

from durahub.edge.hub import Hub
from durahub.edge.instances import states_of
from durahub.edge.statuses import statuses_from_proto
from durahub.edge.wellknown import filled_text, string_value, text_of, ticks_of
from durahub.store import InstanceQuery

MOST_BYTES = 4 * 1024 * 1024 - 64 * 1024
"""Bytes of a page; clients receive 4 MiB, some of which a long token may need."""

DEFAULT_COUNT = 100
MOST_WITH_PAYLOADS = 100
MOST_WITHOUT = 1_000

_FRAMING = 5  # bytes around a state in its page, at most


async def page(
    hub: Hub, wanted: pb.InstanceQuery, most_bytes: int = MOST_BYTES
) -> pb.QueryInstancesResponse:
    """Return a page of instances; without a token it is the last.

    The hub is the one that was called, whatever ``taskHubNames`` says. An instance that is too large
    by itself makes a page of its own.
    """
    query = instance_query(wanted)
    while True:
        answer = await hub.query(query)
        states = await states_of(hub, answer.instances, payloads=query.payloads)
        fitting = _fitting(states, most_bytes)
        if fitting == len(states):
            return pb.QueryInstancesResponse(
                orchestrationState=states, continuationToken=string_value(answer.token or None)
            )
        query = replace(query, page_size=fitting)


def instance_query(wanted: pb.InstanceQuery) -> InstanceQuery:
    """Return the query. An empty token, which .NET may send, is none."""
    payloads = wanted.fetchInputsAndOutputs
    count = wanted.maxInstanceCount if wanted.maxInstanceCount > 0 else DEFAULT_COUNT
    return InstanceQuery(
        statuses=statuses_from_proto(wanted.runtimeStatus),
        created_from=ticks_of(wanted, "createdTimeFrom"),
        created_to=ticks_of(wanted, "createdTimeTo"),
        prefix=text_of(wanted, "instanceIdPrefix") or "",
        payloads=payloads,
        page_size=min(count, MOST_WITH_PAYLOADS if payloads else MOST_WITHOUT),
        token=filled_text(wanted, "continuationToken"),
    )


def _fitting(states: list[pb.OrchestrationState], most_bytes: int) -> int:
    """Return how many of *states*, from the first, fit into a page; at least one."""
    filled = 0
    for count, state in enumerate(states):
        filled += state.ByteSize() + _FRAMING
        if filled > most_bytes:
            return max(count, 1)
    return len(states)

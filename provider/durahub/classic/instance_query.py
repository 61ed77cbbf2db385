"""Queries over the Instances table as OData conditions, and the tokens of their pages; layout 11.2."""

import base64
import json

from durahub.classic.columns import Columns, DateTime
from durahub.classic.keys import escape, unescape
from durahub.classic.tables import Continuation, literal
from durahub.errors import BadPartitionKey, BadRequest
from durahub.model.history import Status
from durahub.model.instance import Instance
from durahub.model.json_text import loads
from durahub.model.ticks import to_round_trip_text
from durahub.store import Ended, EndedQuery, InstanceQuery

NOT_ENTITIES = "PartitionKey lt '@' or PartitionKey ge 'A'"
ENTITIES = "PartitionKey ge '@' and PartitionKey lt 'A'"


def condition(query: InstanceQuery, hub: str | None) -> str:
    """Return the filter of *query*; with *hub* only rows of that hub, where several share a table."""
    parts = []
    if query.created_from is not None:
        parts.append(f"CreatedTime ge datetime'{to_round_trip_text(query.created_from)}'")
    if query.created_to is not None:
        parts.append(f"CreatedTime le datetime'{to_round_trip_text(query.created_to)}'")
    if query.statuses:
        names = {status.name for status in query.statuses}
        if Status.Running in query.statuses:
            names.add(Status.ContinuedAsNew.name)  # which reads as Running
        parts.append(" or ".join(f"RuntimeStatus eq '{name}'" for name in sorted(names)))
    if hub is not None:
        parts.append(f"TaskHubName eq {literal(hub)}")
    if query.prefix:
        key = escape(query.prefix)
        parts.append(f"PartitionKey ge {literal(key)}")
        after = _after(key)
        if after:
            parts.append(f"PartitionKey lt {literal(after)}")
    if query.entities:
        parts.append(ENTITIES)
    elif not query.prefix or query.prefix.startswith("@"):
        parts.append(NOT_ENTITIES)
    return " and ".join(f"({part})" for part in parts)


def ended_condition(query: EndedQuery, hub: str | None) -> str:
    """Return the filter of *query*: more than it means, for Azurite compares times by the millisecond."""
    names = sorted(status.name for status in query.statuses)
    parts = [" or ".join(f"RuntimeStatus eq '{name}'" for name in names), NOT_ENTITIES]
    bounds = [query.completed_from, query.after.completed if query.after is not None else None]
    lowest = max((bound for bound in bounds if bound is not None), default=None)
    if lowest is not None:
        parts.append(f"CompletedTime ge datetime'{to_round_trip_text(lowest)}'")
    if query.completed_to is not None:
        parts.append(f"CompletedTime le datetime'{to_round_trip_text(query.completed_to)}'")
    if hub is not None:
        parts.append(f"TaskHubName eq {literal(hub)}")
    return " and ".join(f"({part})" for part in parts)


def ended(query: EndedQuery, columns: Columns) -> Ended | None:
    """Return what a row found tells of an end, ``None`` if *query* does not mean it."""
    key, completed = columns.get("PartitionKey"), columns.get("CompletedTime")
    if not isinstance(key, str) or not isinstance(completed, DateTime):
        return None
    try:
        one = Ended(completed.ticks, unescape(key))
    except BadPartitionKey:
        one = Ended(completed.ticks, key)
    early = query.completed_from is not None and one.completed < query.completed_from
    late = query.completed_to is not None and one.completed >= query.completed_to
    seen = query.after is not None and one <= query.after
    return None if early or late or seen else one


def matches(query: InstanceQuery, instance: Instance) -> bool:
    """Tell whether a row that was found is meant: Azurite compares times by the millisecond only."""
    return (
        instance.instance_id.startswith(query.prefix)
        and (query.created_from is None or instance.created >= query.created_from)
        and (query.created_to is None or instance.created <= query.created_to)
    )


def _after(key: str) -> str:
    """Return the first key behind all that begin with *key*, in the order of UTF-16; ``""``: none."""
    while key:
        code = ord(key[-1]) + 1
        if code == 0xD800:
            code = 0xE000  # a half of a pair cannot be sent; what lies between is sorted out later
        if code <= 0x10FFFF and code != 0x10000:
            return key[:-1] + chr(code)
        key = key[:-1]
    return ""


def encode_token(start: Continuation | None) -> str | None:
    """Return the token of a page, opaque to its holder; ``None`` at the end."""
    if start is None:
        return None
    text = json.dumps([start.partition_key, start.row_key])
    return base64.urlsafe_b64encode(text.encode()).decode("ascii")


def decode_token(token: str) -> Continuation:
    """Return where a page begins. Raises `BadRequest` if the token is none of ours."""
    try:
        found = loads(base64.urlsafe_b64decode(token.encode("ascii")))
        partition_key, row_key = found
    except (ValueError, TypeError, RecursionError):
        raise BadRequest("the continuation token is not one of this hub's") from None
    if not isinstance(partition_key, str) or not isinstance(row_key, str | None):
        raise BadRequest("the continuation token is not one of this hub's")
    return Continuation(partition_key, row_key)

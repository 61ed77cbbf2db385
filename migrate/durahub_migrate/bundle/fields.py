"""What protobuf messages cannot hold of a value: *extras*, JSON texts by the names of its attributes."""

import json
from collections.abc import Mapping
from typing import Any

from durahub.model.json_text import loads
from durahub.scheduler.proto_fields import ProtoField, beyond, moment, plain, tags, text

STATE_FIELDS: Mapping[str, ProtoField] = {
    "instance_id": plain("instanceId"),
    "name": plain("name"),
    "version": text("version"),
    "scheduled_start": moment("scheduledStartTimestamp", optional=True),
    "created": moment("createdTimestamp", optional=True),
    "last_updated": moment("lastUpdatedTimestamp", optional=True),
    "input": text("input"),
    "output": text("output"),
    "custom_status": text("customStatus"),
    "execution_id": text("executionId"),
    "completed": moment("completedTimestamp", optional=True),
    "tags": tags("tags"),
    "generation": beyond(),
}
"""How the attributes of a `StoredInstance` stand in an ``OrchestrationState``; all but its status."""


def extras_of(found: Mapping[str, Any]) -> dict[str, str]:
    """Return what does not fit into a message as it is written: ASCII, members sorted."""
    return {
        name: json.dumps(one, separators=(",", ":"), sort_keys=True) for name, one in found.items()
    }


def values_of(extras: Mapping[str, str]) -> dict[str, Any]:
    """Undo `extras_of`. Raises `ValueError`."""
    return {name: loads(one) for name, one in extras.items()}

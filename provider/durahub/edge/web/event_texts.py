"""Histories as JSON for the scheduler's API: the events that clients of gRPC see too."""

from typing import Any

from durahub.edge.entity_events import EntityEvents
from durahub.edge.hub import Hub
from durahub.edge.projection import for_clients
from durahub.edge.web.protojson import json_of_message
from durahub.model.history import ExecutionStarted


async def history_json(hub: Hub, instance_id: str, execution_id: str) -> list[dict[str, Any]]:
    """Return the events of an execution, each with ``eventId``, ``timestamp`` and its own member."""
    events = [event async for event in hub.history(instance_id, execution_id)]
    started = next((one for one in events if isinstance(one, ExecutionStarted)), None)
    entities = EntityEvents.of(events)
    shown = (for_clients(event, started, entities) for event in events)
    return [json_of_message(message) for message in shown if message is not None]

"""An entity as the provider's entity queries tell it, and as Durable Functions' client does."""

from typing import Any

from durahub.edge.web.functions_values import value_of_text
from durahub.engine.entities.scheduler_state import scheduler_state_of, status_of
from durahub.model.ticks import to_round_trip_text
from durahub.stored import StoredInstance


def entity_answer(stored: StoredInstance, *, functions: bool = False) -> dict[str, Any]:
    """Return an entity; *functions* adds what the extension's list and read say of its state.

    A row is written anew with each batch, so its creation is the entity's last change. Raises
    `BadMessage` if its scheduler state cannot be read.
    """
    status = status_of(stored.custom_status)
    state = scheduler_state_of(stored.input).state
    changed = stored.created
    answer: dict[str, Any] = {
        "entityId": stored.instance_id,
        "lastModifiedTime": None if changed is None else to_round_trip_text(changed),
        "backlogQueueSize": status.backlog,
        "lockedBy": status.locked_by,
        "state": state,
    }
    if functions:
        value = value_of_text(state)
        answer |= {"listed": value, "exists": state is not None, "read": value}
    return answer

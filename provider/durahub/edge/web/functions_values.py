"""Payloads and rows as Durable Functions shows them; names and order are those of its payloads."""

from typing import Any

from durahub.engine.entities.ids import parse_entity_id
from durahub.engine.entities.work import Entity
from durahub.model import json_text
from durahub.model.history import Status
from durahub.model.instance import Instance
from durahub.model.ticks import Ticks, to_text

PENDING_CODE = 202
RETRY_AFTER = "5"  # seconds, of a status that is not final

_UNENDED = frozenset({Status.Running, Status.Pending, Status.ContinuedAsNew, Status.Suspended})


def value_of_text(text: str | None) -> Any:
    """Return the JSON value of a payload; what is no JSON, as a termination's reason, is a text."""
    if text is None:
        return None
    stripped = text.strip()
    try:
        return json_text.read(stripped) if stripped else ""
    except ValueError:
        return stripped


def instance_json(
    instance: Instance,
    *,
    show_input: bool = True,
    history: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return the status of an instance; ``historyEvents`` only where there is a *history*.

    Until an instance has ended, its Output holds why it was suspended or resumed: that is not shown.
    """
    output = instance.output if instance.status.is_terminal else None
    shown = {
        "name": instance.name,
        "instanceId": instance.instance_id,
        "runtimeStatus": instance.status.name,
        "input": value_of_text(instance.input) if show_input else None,
        "customStatus": value_of_text(instance.custom_status),
        "output": value_of_text(output),
        "createdTime": second_text(instance.created),
        "lastUpdatedTime": second_text(instance.last_updated),
    }
    return shown if history is None else shown | {"historyEvents": history}


def second_text(ticks: Ticks) -> str:
    """Return a time without what is finer than a second: ``2026-01-31T12:00:00Z``."""
    return f"{to_text(ticks)[:19]}Z"


def is_unended(status: Status) -> bool:
    """Whether callers are told to ask again."""
    return status in _UNENDED


def entity_json(entity: Entity) -> dict[str, Any]:
    """Return an entity of a list; its state is null unless it was asked for."""
    name, key = parse_entity_id(entity.instance_id)
    return {
        "entityId": {"name": name, "key": key},
        "lastOperationTime": to_text(entity.last_modified),
        "state": value_of_text(entity.state),
    }

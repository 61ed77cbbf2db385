"""An instance as it is now, in the form in which the index keeps it."""

from durahub.engine.entities.ids import is_entity, parse_entity_id
from durahub.engine.entities.scheduler_state import status_of
from durahub.errors import BadInstanceId
from durahub.model.instance import Instance
from durahub_migrate.monitor.row import HEAD, Kind, Row


def row_of(hub: str, instance: Instance) -> Row:
    """Return the row of an instance that was just read, without payloads."""
    entity = is_entity(instance.instance_id)
    name, key = instance.name, None
    if entity:
        try:
            name, key = parse_entity_id(instance.instance_id)
        except BadInstanceId:
            name, key = instance.instance_id, None
    status = instance.custom_status
    return Row(
        hub=hub,
        instance_id=instance.instance_id,
        kind=Kind.ENTITY if entity else Kind.ORCHESTRATION,
        execution_id=instance.execution_id,
        name=name,
        version=instance.version,
        status=instance.status.name,
        created=instance.created,
        updated=instance.last_updated,
        completed=instance.completed,
        scheduled_start=instance.scheduled_start,
        custom_status=status[:HEAD] if status is not None and not entity else None,
        tags=dict(instance.tags or {}),
        parent_id=instance.parent_id,
        generation=instance.generation,
        key=key,
        locked_by=status_of(status).locked_by if entity else None,
    )

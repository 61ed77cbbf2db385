"""An entity as clients see it, read off its row."""

from durahub.engine.entities.scheduler_state import scheduler_state_of, status_of
from durahub.engine.entities.work import Entity
from durahub.errors import BadMessage
from durahub.model.instance import Instance


def entity_of(row: Instance, *, with_state: bool) -> Entity:
    """Return the entity of a row, which must have its payloads *with_state*.

    A row is written anew with each batch, so its creation is the entity's last change. A state that
    cannot be read is left out: it must not hide the other entities of a page.
    """
    return Entity(
        instance_id=row.instance_id,
        last_modified=row.created,
        status=status_of(row.custom_status),
        state=_state_of(row) if with_state else None,
    )


def _state_of(row: Instance) -> str | None:
    try:
        return scheduler_state_of(row.input).state
    except BadMessage:
        return None

"""What is told of an instance, from the texts of its row: those of an entity are read apart."""

from durahub.engine.entities.scheduler_state import scheduler_state_of
from durahub.errors import BadMessage
from durahub_migrate.monitor.row import Kind, Row
from durahub_migrate.monitor.seam import Detail

_FAILED = "Failed"
_LOCK = "(lock)"


def detail_of(
    row: Row,
    *,
    input_text: str | None,
    output_text: str | None,
    custom_status: str | None,
    failure: str | None = None,
    missing: tuple[tuple[str, str], ...] = (),
    lock_is_orphaned: bool | None = None,
) -> Detail:
    """Return an instance; *input_text* of an entity is its scheduler state."""
    if row.kind is Kind.ENTITY:
        return _entity(row, input_text, custom_status, missing, lock_is_orphaned)
    if failure is None and row.status == _FAILED:
        failure = output_text
    return Detail(
        row=row,
        input=input_text,
        output=output_text,
        custom_status=custom_status,
        failure=failure,
        missing=missing,
    )


def _entity(
    row: Row,
    scheduler_state: str | None,
    custom_status: str | None,
    missing: tuple[tuple[str, str], ...],
    lock_is_orphaned: bool | None,
) -> Detail:
    state: str | None = None
    operations: tuple[str, ...] = ()
    locked_by = row.locked_by
    try:
        found = scheduler_state_of(scheduler_state)
    except BadMessage as error:
        missing = (*missing, ("state", error.problem))
    else:
        state = found.state
        operations = tuple(one.operation or _LOCK for one in found.queue)
        locked_by = found.locked_by or locked_by
    return Detail(
        row=row,
        custom_status=custom_status,
        state=state,
        operations=operations,
        locked_by=locked_by,
        lock_is_orphaned=lock_is_orphaned if locked_by is not None else None,
        missing=missing,
    )

"""An instance of a job as a row of the book of jobs. An ID is any text, so its bytes are kept."""

from typing import Any

from durahub.model.ticks import Ticks
from durahub_migrate.acting.jobs.items import Item, State

ITEM = "seq, id, status, execution, state, archived, updated, sentence, new_id, instances, rows, at"


def item_of(row: tuple[Any, ...]) -> Item:
    """Return the instance of a row with the columns of `ITEM`."""
    seq, id_, status, execution, state, archived, updated, sentence, new_id, *counts, at = row
    return Item(
        seq=seq,
        instance_id=text_of(id_),
        status=status,
        execution_id=execution,
        state=State(state),
        archived=archived,
        updated=time_of(updated),
        sentence=sentence,
        new_id=new_id,
        instances=counts[0],
        rows=counts[1],
        at=time_of(at),
    )


def columns_of(item: Item) -> tuple[object, ...]:
    """Return the row of an instance, with the columns of `ITEM`."""
    return (
        item.seq,
        item.instance_id.encode("utf-8", "surrogatepass"),
        item.status,
        item.execution_id,
        item.state.value,
        item.archived,
        item.updated,
        item.sentence,
        item.new_id,
        item.instances,
        item.rows,
        item.at,
    )


def text_of(stored: bytes) -> str:
    """Return the ID that a row has."""
    return stored.decode("utf-8", "surrogatepass")


def time_of(stored: int | None) -> Ticks | None:
    """Return a time that a row has, or has not."""
    return Ticks(stored) if stored is not None else None

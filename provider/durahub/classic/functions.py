"""Whether a hub is one of Durable Functions, which its instance rows show."""

from durahub.classic import instance_query
from durahub.classic.names import HubNames
from durahub.classic.stored_rows import shows_functions
from durahub.classic.tables import Tables

SAMPLE = 1000  # rows that are looked at to tell whose hub it is
SAMPLE_OF_ENTITIES = 20  # fewer, for their inputs are looked at
_OF_WRITERS = ("PartitionKey", "RowKey", "Name", "Version", "Generation")
_OF_ENTITIES = ("PartitionKey", "RowKey", "Input")


async def is_of_functions(tables: Tables, names: HubNames) -> bool:
    """Tell whether the first rows show that Durable Functions writes this hub. Raises `HubNotFound`."""
    for condition, select, most in (
        (instance_query.NOT_ENTITIES, _OF_WRITERS, SAMPLE),
        (instance_query.ENTITIES, _OF_ENTITIES, SAMPLE_OF_ENTITIES),
    ):
        rows, _ = await tables.query(names.instances_table, condition, select=select, most=most)
        if any(shows_functions(row.columns) for row in rows):
            return True
    return False

"""What a row takes in storage, as Azure Tables counts it, about."""

from durahub.classic.columns import Columns

_ENTITY_OVERHEAD, _COLUMN_OVERHEAD = 4, 8  # bytes: what is counted beside names and values


def row_size(columns: Columns) -> int:
    """Return about how many bytes Azure Tables counts for a row."""
    size = _ENTITY_OVERHEAD
    for name, value in columns.items():
        size += _COLUMN_OVERHEAD + 2 * len(name)
        size += 2 * len(value) + 4 if isinstance(value, str) else 8
    return size

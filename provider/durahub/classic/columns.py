"""Table rows with exact values, and their OData JSON.

The SDK's own datetimes stop at microseconds, and a lost tick changes an orchestrator's clock. So rows
are kept as mappings of ``str``, ``bool``, ``int`` (Int32), `Int64`, ``float`` and `DateTime`, and are
turned into the JSON of the service, and back, here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from durahub.errors import BadRow
from durahub.model.json_text import whole
from durahub.model.ticks import Ticks, parse, to_round_trip_text

ANNOTATION = "@odata.type"
EARLIEST = parse("1601-01-01T00:00:00Z")  # the service refuses a row with an earlier time


@dataclass(frozen=True, slots=True)
class DateTime:
    """A value of the type Edm.DateTime, exact to the tick."""

    ticks: Ticks


@dataclass(frozen=True, slots=True)
class Int64:
    """A value of the type Edm.Int64. The layout has none, but a stranger's column may."""

    value: int


@dataclass(frozen=True, slots=True)
class Other:
    """A value of a type that the layout does not use, as it came: Guid, Binary."""

    edm_type: str
    text: Any


Value: TypeAlias = str | bool | int | float | DateTime | Int64 | Other
Columns: TypeAlias = Mapping[str, Value]
_PLAIN = (str, int, float)  # bool is an int


def to_odata(columns: Columns) -> dict[str, Any]:
    """Return the entity as the service takes it, with its type annotations."""
    entity: dict[str, Any] = {}
    for name, value in columns.items():
        if isinstance(value, _PLAIN):
            entity[name] = value
            continue
        match value:
            case DateTime():
                entity[name] = to_round_trip_text(max(value.ticks, EARLIEST))
                entity[name + ANNOTATION] = "Edm.DateTime"
            case Int64():
                entity[name] = str(value.value)
                entity[name + ANNOTATION] = "Edm.Int64"
            case Other():
                entity[name] = value.text
                entity[name + ANNOTATION] = value.edm_type
    return entity


def from_odata(entity: Mapping[str, Any]) -> dict[str, Value]:
    """Return the columns of an entity as the service gives it; null columns and metadata are left out.

    Raises `BadRow` where a value does not fit its type.
    """
    columns: dict[str, Value] = {}
    for name, value in entity.items():
        if value is None or name.startswith("odata.") or name.endswith(ANNOTATION):
            continue
        edm_type = entity.get(name + ANNOTATION)
        if edm_type is None and isinstance(value, str):
            columns[name] = whole(value)
            continue
        try:
            columns[name] = _value(edm_type, value)
        except (ValueError, TypeError):
            key = f"{entity.get('PartitionKey')}/{entity.get('RowKey')}"
            raise BadRow(key, f"column {name} is no {edm_type}") from None
    return columns


def _value(edm_type: str | None, value: Any) -> Value:
    match edm_type:
        case None | "Edm.String" | "Edm.Boolean" | "Edm.Double":
            if not isinstance(value, str | bool | int | float):
                raise TypeError
            return whole(value) if isinstance(value, str) else value
        case "Edm.Int32":
            return int(value)
        case "Edm.DateTime":
            return DateTime(parse(value))
        case "Edm.Int64":
            return Int64(int(value))
        case _:
            return Other(edm_type, value)

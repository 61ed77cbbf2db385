"""JSON schemas of the monitor's values, from their dataclasses: what `json_form.to_json` writes, exactly."""

import inspect
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

from durahub.model.ticks import Ticks
from durahub_migrate.monitor.json_form import camel

Schema = dict[str, Any]
_PLAIN: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    object: {},
    Any: {},
    None: {"type": "null"},
    type(None): {"type": "null"},
    Ticks: {"type": "string", "format": "date-time"},
}


class Schemas:
    """Makes schemas; dataclasses and enums become components that others refer to."""

    def __init__(self) -> None:
        self.components: dict[str, Schema] = {}

    def of(self, kind: Any) -> Schema:
        """Return the schema of values of *kind*, a type as in an annotation. Raises `TypeError`."""
        if kind in _PLAIN:
            return dict(_PLAIN[kind])
        if isinstance(kind, type) and (is_dataclass(kind) or issubclass(kind, Enum)):
            return self._component(kind)
        arguments = get_args(kind)
        origin = get_origin(kind)
        if origin is Union or origin is types.UnionType:
            return self._union(arguments)
        if origin is typing.Literal:
            return {"enum": list(arguments)}
        if origin is tuple:
            return self._tuple(arguments)
        if origin in (frozenset, set):
            return {"type": "array", "items": self.of(arguments[0]), "uniqueItems": True}
        if isinstance(origin, type) and issubclass(origin, Mapping):
            return {"type": "object", "additionalProperties": self.of(arguments[1])}
        if isinstance(origin, type) and issubclass(origin, Sequence):
            return {"type": "array", "items": self.of(arguments[0])}
        raise TypeError(f"{kind!r} has no schema")

    def _union(self, arguments: tuple[Any, ...]) -> Schema:
        parts = [self.of(one) for one in arguments]
        plain = [part["type"] for part in parts if set(part) == {"type"}]
        if len(plain) == len(parts) and all(isinstance(one, str) for one in plain):
            return {"type": plain}
        return {"anyOf": parts}

    def _tuple(self, arguments: tuple[Any, ...]) -> Schema:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return {"type": "array", "items": self.of(arguments[0])}
        parts = [self.of(one) for one in arguments]
        return {
            "type": "array",
            "prefixItems": parts,
            "items": False,
            "minItems": len(parts),
        }

    def _component(self, kind: type) -> Schema:
        name = kind.__name__
        reference = {"$ref": f"#/components/schemas/{name}"}
        if name in self.components:
            return reference
        about = inspect.cleandoc(kind.__doc__ or "")
        if issubclass(kind, Enum):
            self.components[name] = {
                "type": "string",
                "enum": [one.value for one in kind],
                "description": about,
            }
            return reference
        schema = self.components[name] = {"type": "object", "description": about}
        hints = get_type_hints(kind)
        assert is_dataclass(kind)  # noqa: S101 (for the types)
        members = {camel(one.name): self.of(hints[one.name]) for one in fields(kind)}
        schema |= {
            "properties": members,
            "required": list(members),
            "additionalProperties": False,
        }
        return reference

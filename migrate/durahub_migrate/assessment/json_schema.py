"""The schema of the report's JSON form, made of the types themselves.

``python -m durahub_migrate.assessment.json_schema`` prints it; ``assessment.schema.json`` is what it prints.
"""

import json
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

from durahub_migrate.assessment.assessment import VERSION, Assessment
from durahub_migrate.assessment.json_form import member_name

_PLAIN: Mapping[type, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    NoneType: "null",
}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the report. Members are never left out, and no others are added."""
    definitions: dict[str, Any] = {}
    root = _of(Assessment, definitions)
    definitions["Assessment"]["properties"]["version"] = {"const": VERSION}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Assessment of durahub lint --report",
        **root,
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """Return the schema as it is shipped."""
    return json.dumps(schema(), indent=2) + "\n"


def _of(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if get_origin(kind) is tuple:
        return _of_tuple(get_args(kind), definitions)
    if get_origin(kind) is UnionType or isinstance(kind, UnionType):
        return {"anyOf": [_of(one, definitions) for one in get_args(kind)]}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return {"enum": [member.value for member in kind]}
    if is_dataclass(kind):
        return _of_dataclass(kind, definitions)
    return {"type": _PLAIN[kind]}


def _of_tuple(members: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    if len(members) == 2 and members[1] is Ellipsis:
        return {"type": "array", "items": _of(members[0], definitions)}
    items = [_of(one, definitions) for one in members]
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}


def _of_dataclass(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__
    if name not in definitions:
        definitions[name] = {}
        hints = get_type_hints(kind)
        properties = {
            member_name(one.name): _of(hints[one.name], definitions) for one in fields(kind)
        }
        definitions[name] = {
            "description": " ".join((kind.__doc__ or "").split()),
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}


if __name__ == "__main__":
    sys.stdout.write(schema_text())

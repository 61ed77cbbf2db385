"""The schema of documents of instances, made of the types themselves.

``python -m durahub_migrate.monitor.telling.document_schema`` prints it; ``instance-document.schema.json`` is
what it prints.
"""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from enum import Enum, IntEnum
from types import NoneType
from typing import Any, get_args, get_origin

from durahub.model.failure import Json
from durahub.model.history import EVENT_CLASSES, Event
from durahub.model.ticks import Ticks
from durahub_migrate.monitor.json_form import camel
from durahub_migrate.monitor.telling.document import FORMAT, VERSION, InstanceDocument
from durahub_migrate.monitor.telling.plain_values import members_of

_PLAIN: Mapping[Any, str] = {
    str: "string",
    int: "integer",
    float: "number",
    bool: "boolean",
    NoneType: "null",
}


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a document. Further members may come with later releases."""
    definitions: dict[str, Any] = {}
    _of(InstanceDocument, definitions)
    document = definitions["InstanceDocument"]
    document["properties"] = {
        "format": {"const": FORMAT},
        "version": {"const": VERSION},
        **document["properties"],
    }
    document["required"] = ["format", "version", *document["required"]]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Document of an instance",
        "$ref": "#/$defs/InstanceDocument",
        "$defs": dict(sorted(definitions.items())),
    }


def schema_text() -> str:
    """Return the schema as it is shipped."""
    return json.dumps(schema(), indent=2) + "\n"


def _of(hint: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    if hint is Any or hint == Json or isinstance(hint, str):
        return {}
    if hint == Event:
        return {"oneOf": [_event(kind, definitions) for kind in EVENT_CLASSES.values()]}
    if hint is Ticks:
        return {"type": "string", "format": "date-time"}
    if hint in _PLAIN:
        return {"type": _PLAIN[hint]}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return {"enum": [one.name if issubclass(hint, IntEnum) else one.value for one in hint]}
    if isinstance(hint, type) and is_dataclass(hint):
        return _dataclass(hint, definitions)
    origin, parts = get_origin(hint), get_args(hint)
    if origin in (tuple, Sequence):
        return _items(parts, definitions)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {"type": "object", "additionalProperties": _of(parts[1], definitions)}
    return {"anyOf": [_of(one, definitions) for one in parts]}


def _items(parts: tuple[Any, ...], definitions: dict[str, Any]) -> dict[str, Any]:
    if len(parts) == 1 or parts[-1] is Ellipsis:
        return {"type": "array", "items": _of(parts[0], definitions)}
    items = [_of(one, definitions) for one in parts]
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}


def _event(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    found = _dataclass(kind, definitions)
    definition = definitions[kind.__name__]
    definition["properties"] = {"type": {"const": kind.__name__}, **definition["properties"]}
    definition["required"] = list(dict.fromkeys(["type", *definition["required"]]))
    return found


def _dataclass(kind: type, definitions: dict[str, Any]) -> dict[str, Any]:
    name = kind.__name__
    if name not in definitions:
        definitions[name] = {}
        definitions[name] = {
            "description": " ".join((kind.__doc__ or "").split()),
            "type": "object",
            "properties": {
                camel(one): _of(hint, definitions) for one, hint in members_of(kind).items()
            },
            "required": [
                camel(one.name)
                for one in fields(kind)
                if one.default is MISSING and one.default_factory is MISSING
            ],
        }
    return {"$ref": f"#/$defs/{name}"}


if __name__ == "__main__":
    sys.stdout.write(schema_text())

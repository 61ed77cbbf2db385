"""The OpenAPI document of the API, from the table of its operations."""

import re
from collections.abc import Iterable
from dataclasses import MISSING, fields
from typing import Any

from durahub_migrate.monitor.json_form import camel
from durahub_migrate.web.csrf import HEADER
from durahub_migrate.web.operations import Kind, Media, Operation, Parameter
from durahub_migrate.web.schemas import Schema, Schemas
from durahub_migrate.web.shapes import Problem

_TYPES: dict[Kind, Schema] = {
    Kind.TEXT: {"type": "string"},
    Kind.TEXTS: {"type": "array", "items": {"type": "string"}},
    Kind.WHOLE: {"type": "integer"},
    Kind.NUMBER: {"type": "number"},
    Kind.FLAG: {"enum": ["0", "1", "true", "false"]},
}
PROBLEMS = {
    "400": "the request means nothing",
    "401": "nobody is logged in",
    "403": "not granted, or a request that another page may have sent",
    "404": "it does not exist, or the user may not see it",
    "409": "refused in this state",
    "413": "too large",
    "429": "the budget of requests is spent",
    "500": "internal error",
    "502": "storage holds what cannot be read, or refuses",
    "503": "storage does not answer",
}


def document(operations: Iterable[Operation]) -> Schema:
    """Return the document, OpenAPI 3.1."""
    schemas = Schemas()
    problem = schemas.of(Problem)
    paths: dict[str, Schema] = {}
    for operation in operations:
        described = _operation(operation, schemas, problem)
        paths.setdefault(f"/{operation.path}", {})[operation.method.lower()] = described
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "durahub monitor",
            "version": "1",  # of the API
            "description": "Task hubs: what is in them, why instances wait, actions on them.",
        },
        "servers": [{"url": "."}],
        "security": [{}, {"token": []}],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _operation(operation: Operation, schemas: Schemas, problem: Schema) -> Schema:
    parameters = [_path_parameter(name) for name in re.findall(r"\{(\w+)\}", operation.path)]
    parameters += [_parameter(one) for one in operation.parameters]
    changes = operation.method != "GET"
    if changes:
        parameters.append(
            {
                "name": "X-Durahub-Csrf",
                "in": "header",
                "description": f"The token of api/session ({HEADER}); not needed with a bearer's token.",
                "schema": {"type": "string"},
            }
        )
    found: Schema = {
        "operationId": operation.name,
        "summary": operation.about,
        "parameters": parameters,
        "responses": {
            "200": {"description": operation.about, "content": _content(operation.gives, schemas)},
            "default": {
                "description": "; ".join(f"{status}: {text}" for status, text in PROBLEMS.items()),
                "content": {"application/json": {"schema": problem}},
            },
        },
    }
    if operation.takes is not None:
        schema = _taken(operation.takes, schemas)
        found["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": schema}},
        }
    return found


def _content(gives: Any, schemas: Schemas) -> Schema:
    if isinstance(gives, Media):
        return {one: {"schema": _of_file(one, gives.about)} for one in gives.types}
    return {"application/json": {"schema": schemas.of(gives)}}


def _of_file(media_type: str, about: str) -> Schema:
    return {
        "type": "object" if media_type == "application/json" else "string",
        "description": about,
    }


def _taken(kind: type, schemas: Schemas) -> Schema:
    """Return the schema of a body: as that of an answer, but what has a default may be left out."""
    reference = schemas.of(kind)
    if kind is object:
        return reference
    schema = schemas.components[kind.__name__]
    schema["required"] = [
        camel(one.name)
        for one in fields(kind)
        if one.default is MISSING and one.default_factory is MISSING
    ]
    return reference


def _path_parameter(name: str) -> Schema:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}


def _parameter(one: Parameter) -> Schema:
    schema = dict(_TYPES[one.kind])
    if one.choices:
        schema["enum"] = list(one.choices)
    if one.least is not None:
        schema["minimum"] = one.least
    if one.most is not None:
        schema["maximum"] = one.most
    if one.default is not None and one.kind is not Kind.FLAG:
        schema["default"] = one.default
    return {
        "name": one.name,
        "in": "query",
        "required": one.required,
        "description": one.about,
        "schema": schema,
    }

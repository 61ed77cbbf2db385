"""Bodies of requests: JSON objects, read as dataclasses. What does not fit is named with its member."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, fields
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import orjson
from starlette.requests import Request

from durahub.errors import BadRequest, OverLimit
from durahub_migrate.monitor.json_form import camel

T = TypeVar("T")
MOST = 32 * 1024 * 1024
"""Bytes of a body: a history that is shown without being stored is the largest."""


async def read_body(request: Request) -> Any:
    """Return the JSON of a request. Raises `BadRequest`, `OverLimit`."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if kind != "application/json":
        # A form of another page can send every other type without asking first.
        raise BadRequest("the body has to be JSON: Content-Type: application/json")
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST:
            raise OverLimit("the body", size, MOST)
        parts.append(part)
    try:
        return orjson.loads(b"".join(parts))
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None


def fitted(kind: type[T], value: Any, where: str = "the body") -> T:
    """Return a JSON object as a dataclass, any JSON where that is `object`. Raises `BadRequest`."""
    if kind is object:
        return value  # type: ignore[no-any-return]
    if not isinstance(value, dict):
        raise BadRequest(f"{where} is a JSON object")
    hints = get_type_hints(kind)
    by_name = {camel(one.name): one for one in fields(kind)}  # type: ignore[arg-type]
    for name in value:
        if name not in by_name:
            raise BadRequest(f"{where} has no member {name[:40]!r}; it has {', '.join(by_name)}")
    found = {}
    for name, one in by_name.items():
        if name in value:
            found[one.name] = _fitted(hints[one.name], value[name], name)
        elif one.default is MISSING and one.default_factory is MISSING:
            raise BadRequest(f"{where} lacks the member {name}")
    return kind(**found)


def _fitted(kind: Any, value: Any, name: str) -> Any:
    origin, arguments = get_origin(kind), get_args(kind)
    if origin is Union or origin is types.UnionType:
        if value is None and type(None) in arguments:
            return None
        (kind,) = (one for one in arguments if one is not type(None))
        return _fitted(kind, value, name)
    if kind in (object, Any):
        return value
    if isinstance(kind, type) and issubclass(kind, Enum):
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(str(one.value) for one in kind)
            raise BadRequest(f"{name} is one of {known}, not {str(value)[:40]!r}") from None
    if origin is tuple and isinstance(value, list):
        return tuple(_fitted(arguments[0], one, name) for one in value)
    if isinstance(origin, type) and issubclass(origin, Mapping) and isinstance(value, dict):
        return {key: _fitted(arguments[1], one, name) for key, one in value.items()}
    if kind is float and isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    if kind in (str, int, bool) and type(value) is kind:
        return value
    wanted = {str: "a text", int: "a whole number", bool: "true or false", float: "a number"}
    raise BadRequest(f"{name} has to be {wanted.get(kind, 'of another form')}")

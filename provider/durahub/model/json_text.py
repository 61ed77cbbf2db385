r"""JSON as Newtonsoft writes it, and a parser that cannot be talked into anything.

No spaces; escaped are ``"``, ``\\``, U+0000-U+001F, U+0085, U+2028 and U+2029, with lower-case hex. So
far this is what .NET writes; U+FFFE, U+FFFF and halves of surrogate pairs are escaped as well, because
the queue service answers in XML, which cannot hold them: a message with one could never be received.

What is read is whole: a half of a surrogate pair becomes U+FFFD, as .NET's own does when it is stored,
for neither UTF-8 nor a worker's protobuf message can hold it.
"""

import json
import math
import re
from collections.abc import Mapping
from typing import Any

import orjson

from durahub.errors import BadMessage

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)
_ESCAPED = re.compile("[\u0085\u2028\u2029\ufffe\uffff\ud800-\udfff]")
_HALF = re.compile("[\ud800-\udfff]")

DEEPEST = 200
"""Levels of what is read. What was read is written again somewhere, at times far down the stack."""


class Deep(ValueError):
    """JSON that is nested more deeply than `DEEPEST`."""


def write(value: Any) -> str:
    """Return *value* as JSON text; members stand in the order of the mapping."""
    try:
        text = _ENCODER.encode(value)
    except ValueError:
        return write(_without_nan(value))
    return _escaped(text)


def write_plain(value: Any) -> str:
    """Return what `write` returns of a *value* without fractions: orjson spells those in its own way.

    A whole number beyond 64 bits and a half of a surrogate pair, which it refuses, are written as well.
    """
    try:
        return _escaped(orjson.dumps(value).decode("utf-8"))
    except TypeError:
        return write(value)


def _escaped(text: str) -> str:
    if text.isascii():
        return text
    return _ESCAPED.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _without_nan(value: Any) -> Any:
    """Return *value* with the numbers that JSON lacks as Newtonsoft's texts for them."""
    match value:
        case dict():
            return {name: _without_nan(one) for name, one in value.items()}
        case list():
            return [_without_nan(one) for one in value]
        case float() if math.isnan(value):
            return "NaN"
        case float() if math.isinf(value):
            return "Infinity" if value > 0 else "-Infinity"
    return value


def loads(text: str | bytes) -> Any:
    """Return the value of JSON *text* as `json.loads` does, which has no error of its own for all of it.

    Raises `ValueError` alone, also where it is nested too deeply: a stranger's kilobyte of brackets is
    no more than a text that is not JSON.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def read(text: str) -> Any:
    """Return the value of JSON *text*. Raises `ValueError`, `Deep` where it is nested too deeply."""
    try:
        value = json.loads(text)
        if text.count("[") + text.count("{") > DEEPEST and _is_deep(
            value
        ):  # in texts they count, too
            raise Deep("nested too deeply")
        has_halves = "\\ud" in text or "\\uD" in text  # perhaps: they come as escapes only
        return _whole(value) if has_halves else value
    except RecursionError:
        raise Deep("nested too deeply") from None


def _is_deep(value: Any) -> bool:
    level = [value]
    for _ in range(DEEPEST):
        level = [
            one
            for outer in level
            if isinstance(outer, dict | list)
            for one in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(one, dict | list)
        ]
        if not level:
            return False
    return True


def whole(text: str) -> str:
    """Return *text* with U+FFFD for each half of a surrogate pair."""
    return text if text.isascii() else _HALF.sub("\ufffd", text)


def _whole(value: Any) -> Any:
    match value:
        case str():
            return whole(value)
        case dict():
            return {whole(name): _whole(one) for name, one in value.items()}
        case list():
            return [_whole(one) for one in value]
    return value


def read_object(text: str) -> dict[str, Any]:
    """Return the object in *text*. Raises `BadMessage` if it is none."""
    try:
        value = read(text)
    except ValueError as error:
        raise BadMessage(f"not JSON: {error}") from None
    if not isinstance(value, dict):
        raise BadMessage(f"a JSON {type(value).__name__} where an object belongs")
    return value


def member(json_object: Mapping[str, Any], name: str) -> Any:
    """Return a member, its name in any case as .NET reads it; ``None`` if absent."""
    if name in json_object:
        return json_object[name]
    folded = name.casefold()
    for found, value in json_object.items():
        if found.casefold() == folded:
            return value
    return None

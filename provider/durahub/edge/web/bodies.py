"""The bodies of requests, and what stands in them. Whatever is wrong is a `BadRequest`.

No message quotes a body: it may be a payload.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from starlette.requests import Request

from durahub.errors import BadRequest, OverLimit, TooDeep, TooMany
from durahub.model import json_text
from durahub.model.json_text import member
from durahub.model.ticks import Ticks, parse

MOST_BYTES = 16 * 1024 * 1024
"""Bytes of a body. The limits of the hub come later, and are lower where they are DTS's."""

MOST_ITEMS = 1_000
"""Entries of a list of IDs, or of a map of events; each is at least one write."""

WHAT = "the body of the request"


async def text_body(request: Request) -> str:
    """Return the body as text. Raises `OverLimit` before too much of it is kept."""
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated) > MOST_BYTES:
        raise OverLimit(WHAT, int(stated), MOST_BYTES)
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MOST_BYTES:
            raise OverLimit(WHAT, len(body), MOST_BYTES)
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRequest(f"{WHAT} is not UTF-8") from None


async def json_body(request: Request) -> Any:
    """Return the body's JSON value; an empty body is an empty object."""
    text = await text_body(request)
    return parsed(text) if text.strip() else {}


async def object_body(request: Request) -> dict[str, Any]:
    """Return the body's JSON object; an empty body is an empty one."""
    value = await json_body(request)
    if not isinstance(value, dict):
        raise BadRequest(f"{WHAT} is not a JSON object")
    return value


async def ids_body(request: Request) -> tuple[str, ...]:
    """Return the IDs that are the body, a JSON array."""
    return texts(await json_body(request), WHAT)


def parsed(text: str) -> Any:
    """Return the value of JSON *text*."""
    try:
        return json_text.read(text)
    except json_text.Deep:
        raise TooDeep(WHAT, json_text.DEEPEST) from None
    except ValueError as error:
        place = getattr(error, "lineno", None)
        where = f" (line {place}, column {getattr(error, 'colno', 0)})" if place else ""
        raise BadRequest(f"{WHAT} is not JSON{where}") from None


def texts(value: Any, what: str) -> tuple[str, ...]:
    """Return a JSON array of texts."""
    if not isinstance(value, Sequence) or not all(isinstance(one, str) for one in value):
        raise BadRequest(f"{what} is not a JSON array of texts")
    if isinstance(value, str):
        raise BadRequest(f"{what} is a text, not an array of texts")
    if len(value) > MOST_ITEMS:
        raise TooMany("IDs", len(value), MOST_ITEMS)
    return tuple(value)


def text_member(found: Mapping[str, Any], name: str) -> str | None:
    """Return a text, its name in any case; ``None`` where it is null or missing."""
    value = member(found, name)
    if value is not None and not isinstance(value, str):
        raise BadRequest(f"{name} is not a text")
    return value


def object_member(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return an object, empty where it is null or missing."""
    value = member(found, name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise BadRequest(f"{name} is not an object")
    return value


def flag_member(found: Mapping[str, Any], name: str, *, default: bool) -> bool:
    """Return a truth value."""
    value = member(found, name)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise BadRequest(f"{name} is neither true nor false")
    return value


def number_member(found: Mapping[str, Any], name: str, *, default: int, most: int) -> int:
    """Return a whole number from 0; what is above *most* counts as *most*."""
    value = member(found, name)
    if value is None:
        return default
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadRequest(f"{name} is not a whole number from 0")
    return min(value, most)


def time_member(found: Mapping[str, Any], name: str) -> Ticks | None:
    """Return a time; ``None`` where it is null, empty or missing."""
    text = text_member(found, name)
    if not text:
        return None
    try:
        return parse(text)
    except ValueError:
        raise BadRequest(f"{name} is not a date-time like 2026-01-31T12:00:00Z") from None

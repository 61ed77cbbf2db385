"""Failures as JSON objects: DTFx's ``FailureDetails``, in messages, rows and entities' answers."""

from collections.abc import Mapping
from typing import Any

from durahub.model.failure import Failure
from durahub.model.json_text import member

DEEPEST = 64  # causes of causes, and values in properties; what lies deeper is left out


class NotAFailure(ValueError):
    """A member of a failure has another type than DTFx writes."""


def failure_object(
    failure: Failure, *, head: Mapping[str, Any] | None = None, properties: bool = True
) -> dict[str, Any]:
    """Return the object. *head* is put in front of it and of each cause (for a ``$type``).

    Writers before Core 3.5 know no *properties*.
    """
    inner = failure.inner
    written: dict[str, Any] = dict(head or {}) | {
        "ErrorType": failure.error_type,
        "ErrorMessage": failure.message,
        "StackTrace": failure.stack_trace,
        "InnerFailure": failure_object(inner, head=head, properties=properties) if inner else None,
        "IsNonRetriable": failure.non_retriable,
    }
    if properties:
        written["Properties"] = None if failure.properties is None else dict(failure.properties)
    return written


def read_failure(found: Mapping[str, Any], depth: int = 1) -> Failure:
    """Return the failure of an object; ``$type`` members are skipped. Raises `NotAFailure`."""
    inner = member(found, "InnerFailure")
    properties = member(found, "Properties")
    return Failure(
        error_type=_text(found, "ErrorType") or "",
        message=_text(found, "ErrorMessage") or "",
        stack_trace=_text(found, "StackTrace"),
        inner=read_failure(inner, depth + 1)
        if isinstance(inner, dict) and depth < DEEPEST
        else None,
        non_retriable=bool(member(found, "IsNonRetriable")),
        properties=_shallow(properties, DEEPEST) if isinstance(properties, dict) else None,
    )


def _shallow(value: Any, levels: int) -> Any:
    """Return *value* without ``$type`` members, and null for what lies *levels* down."""
    match value:
        case dict() | list() if levels == 0:
            return None
        case dict():
            return {k: _shallow(v, levels - 1) for k, v in value.items() if k != "$type"}
        case list():
            return [_shallow(one, levels - 1) for one in value]
    return value


def _text(found: Mapping[str, Any], name: str) -> str | None:
    value = member(found, name)
    if value is not None and not isinstance(value, str):
        raise NotAFailure(f"{name} is not a text")
    return value

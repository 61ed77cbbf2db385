"""The report as JSON; ``assessment.schema.json`` beside this file is its schema."""

import json
from dataclasses import asdict
from enum import Enum
from typing import Any

from durahub_migrate.assessment.assessment import Assessment


def json_text(assessment: Assessment) -> str:
    """Return the report as JSON text, indented."""
    return json.dumps(json_value(assessment), indent=2) + "\n"


def json_value(assessment: Assessment) -> dict[str, Any]:
    """Return the report as plain values."""
    plain: dict[str, Any] = _plain(asdict(assessment))
    return plain


def member_name(field: str) -> str:
    """Return the member that a field becomes: ``not_evaluated`` is ``notEvaluated``, as in lint's results."""
    first, *rest = field.split("_")
    return first + "".join(word.capitalize() for word in rest)


def _plain(value: Any) -> Any:
    match value:
        case dict():
            return {member_name(key): _plain(one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case Enum():
            return value.value
        case _:
            return value

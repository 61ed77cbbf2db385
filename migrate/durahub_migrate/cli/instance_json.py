"""Instances in JSON, as the commands print them: the monitor's members, and those that scripts rely on."""

from typing import Any

from durahub.model.failure import Failure
from durahub_migrate.cli.listing import Listed
from durahub_migrate.monitor.json_form import to_json
from durahub_migrate.monitor.row import Row


def row_json(row: Row) -> dict[str, Any]:
    """Return a row; *lastUpdated* is the older name of *updated*. What is not known is ``None``."""
    found: dict[str, Any] = to_json(row)
    return {**found, "lastUpdated": found["updated"], "tags": found["tags"] or None}


def listed_json(one: Listed) -> dict[str, Any]:
    """Return an instance that was found, its texts whole."""
    return {
        **row_json(one.row),
        "customStatus": one.custom_status,
        "input": one.input,
        "output": one.output,
    }


def failure_json(failure: Failure) -> dict[str, Any]:
    """Return a failure with its causes."""
    return {
        "errorType": failure.error_type,
        "message": failure.message,
        "stackTrace": failure.stack_trace,
        "nonRetriable": failure.non_retriable,
        "properties": failure.properties,
        "inner": failure_json(failure.inner) if failure.inner else None,
    }

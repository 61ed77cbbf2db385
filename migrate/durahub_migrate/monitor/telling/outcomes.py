"""How a group of events, and each attempt in it, has ended."""

from collections.abc import Mapping

from durahub.model.history import Status

COMPLETED, FAILED, OPEN = "completed", "failed", "open"
FIRED, CANCELED = "fired", "canceled"

OF_STATUS: Mapping[Status, str] = {
    Status.Completed: COMPLETED,
    Status.ContinuedAsNew: COMPLETED,
    Status.Failed: FAILED,
}
"""Of the states that an instance ends in."""

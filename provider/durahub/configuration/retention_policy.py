"""Retention policies as Azure Resource Manager has them: JSON text to `Retention`.

The whole resource is read as well as its ``properties`` or the bare list. Source: scheduler protocol 4.2.
"""

from typing import Any

from durahub.engine.retention import Retention
from durahub.errors import BadSettingsFile
from durahub.model.history import Status
from durahub.model.json_text import loads

DAY = 86_400.0
MOST_DAYS = 90  # what DTS takes
STATES = {status.name: status for status in sorted(Status) if status.is_terminal}
_LIST = "retentionPolicies"


def read_policy(text: str, file: str) -> Retention:
    """Return the policy. Raises `BadSettingsFile` with the place of what is wrong."""
    try:
        content = loads(text)
    except ValueError as error:
        raise BadSettingsFile(file, "", f"not JSON: {error}") from None
    entries = content
    for name in ("properties", _LIST):
        if isinstance(entries, dict) and name in entries:
            entries = entries[name]
    if not isinstance(entries, list):
        raise BadSettingsFile(file, _LIST, "expected a list of policies")
    general: float | None = None
    by_status: dict[Status, float | None] = {}
    seen: set[object] = set()
    for index, entry in enumerate(entries):
        where = f"{_LIST}[{index}]"
        status, period = _entry(entry, file, where)
        if status in seen:
            raise BadSettingsFile(file, where, "a second policy for the same state")
        seen.add(status)
        if status is None:
            general = period
        else:
            by_status[status] = period
    return Retention(general, by_status)


def _entry(entry: Any, file: str, where: str) -> tuple[Status | None, float]:
    if not isinstance(entry, dict):
        raise BadSettingsFile(file, where, "expected an object with retentionPeriodInDays")
    days = entry.get("retentionPeriodInDays")
    if isinstance(days, bool) or not isinstance(days, int) or not 0 <= days <= MOST_DAYS:
        raise BadSettingsFile(
            file,
            f"{where}.retentionPeriodInDays",
            f"expected a whole number from 0 to {MOST_DAYS}, found {days!r}",
        )
    state = entry.get("orchestrationState")
    if state is None:
        return None, days * DAY
    if not isinstance(state, str) or state not in STATES:
        raise BadSettingsFile(
            file,
            f"{where}.orchestrationState",
            f"expected {', '.join(STATES)}, found {state!r}",
        )
    return STATES[state], days * DAY

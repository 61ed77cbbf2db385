"""The scenarios that the apps in other languages run, and the feature that each of them shows.

The apps are in ``tests/sdk/js`` and ``tests/sdk/java``; a driver there runs scenarios by these names.
"""

from typing import Any

import pytest

EVERYWHERE = {
    "chain": "activities, one after another",
    "fan_out": "activities side by side",
    "many_at_once": "many instances at once",
    "timer": "timers",
    "timer_loses_to_event": "timer against event",
    "events_keep_their_order": "external events",
    "event_between_orchestrations": "events between orchestrations",
    "children": "sub-orchestrations",
    "child_ids": "IDs of sub-orchestrations",
    "child_failure": "failures of sub-orchestrations",
    "activity_failure": "failures of activities",
    "unknown_orchestrator": "orchestrators that no worker knows",
    "retries": "retries",
    "retry_handler": "retry handlers",
    "continue_as_new": "continue-as-new",
    "continue_as_new_keeps_events": "continue-as-new keeps events",
    "custom_status": "custom status",
    "suspend_and_resume": "suspend and resume",
    "terminate": "terminate",
    "scheduled_start": "scheduled start",
    "guids": "deterministic GUIDs",
    "restart": "restart",
    "purge": "purge",
    "purge_by_filter": "purge by filter",
    "query_pages": "query by page",
    "query_by_status_and_time": "query by status and time",
    "id_reuse": "reuse of instance IDs",
    "unknown_instance": "unknown instances",
    "payloads": "large payloads",
}
JS = {
    **EVERYWHERE,
    "event_to_unknown": "unknown instances",
    "terminate_children": "terminate with sub-orchestrations",
    "purge_children": "purge with sub-orchestrations",
    "tags": "tags",
    "version": "versions",
    "rewind": "rewind",
    "list_instance_ids": "list of ended instances",
    "history": "history",
    "entity_signals": "entities: signals",
    "entity_calls": "entities: calls",
    "entity_failure": "entities: failed operations",
    "entity_unknown": "entities: unknown and malformed IDs",
    "entity_delayed_signal": "entities: delayed signals",
    "entity_delete": "entities: deletion",
    "entity_locks": "entities: locks",
    "entity_locked_by": "entities: who holds a lock",
    "entity_signals_entity": "entities: signals between entities",
    "entity_starts_orchestration": "entities: starting orchestrations",
    "entity_query": "entities: queries",
    "entity_clean": "entities: cleaning",
    "entity_bad_id": "entities: unknown and malformed IDs",
}
JAVA = {
    **EVERYWHERE,
    "plain_client": "clients that name no hub",
    "task_hubs": "task hubs made by clients",
}


CALLED_TOO = {  # by the scenario, or by the worker before it can serve any
    ("js", "chain"): ("Hello",),
    ("js", "suspend_and_resume"): ("WaitForInstanceStart",),
    ("java", "suspend_and_resume"): ("WaitForInstanceStart",),
}


def of(sdk: str, scenarios: dict[str, str]) -> list[Any]:
    """Return each scenario as a pytest parameter that claims its feature."""
    return [
        pytest.param(
            name,
            id=name,
            marks=pytest.mark.feature(feature, sdk=sdk, rpcs=CALLED_TOO.get((sdk, name), ())),
        )
        for name, feature in scenarios.items()
    ]

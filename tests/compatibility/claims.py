"""Short ways to claim features."""

import pytest


def dtfx(feature: str, *rpcs: str) -> pytest.MarkDecorator:
    """Return the claim of a feature of ``BackendService``, carried by *rpcs* of it."""
    named = tuple(f"BackendService.{rpc}" for rpc in rpcs)
    return pytest.mark.feature(feature, sdk="wire", rpcs=named)


def recorded(transcript: str, store: str) -> list[pytest.MarkDecorator]:
    """Return what the replay of a recording of the .NET SDK claims; nothing for recorded faults."""
    feature = FEATURE_OF.get(transcript)
    return [pytest.mark.feature(feature, sdk="dotnet", store=store)] if feature else []


FEATURE_OF = {
    "activity-chain": "activities, one after another",
    "fan-out": "activities side by side",
    "timers": "timers",
    "external-event": "external events",
    "sub-orchestration": "sub-orchestrations",
    "activity-failure": "failures of activities",
    "activity-failure-properties": "failures of activities",
    "not-registered": "orchestrators that no worker knows",
    "retry-policy": "retries",
    "continue-as-new": "continue-as-new",
    "custom-status": "custom status",
    "versioned-registration": "versions",
    "versioning-client-default": "versions",
    "versioning-strict-reject": "versions",
    "large-output": "large payloads",
    "chunked-completion": "large payloads",
    "unknown-instance": "unknown instances",
    "scheduled-start": "scheduled start",
    "tags": "tags",
    "duplicate-start": "reuse of instance IDs",
    "suspend-resume": "suspend and resume",
    "terminate": "terminate",
    "restart": "restart",
    "rewind": "rewind",
    "history-streaming": "history",
    "queries": "query by page",
    "purge": "purge",
    "entity-call-signal": "entities: calls",
    "entity-batch": "entities: signals",
    "entity-failure": "entities: failed operations",
    "entity-delayed-signal": "entities: delayed signals",
    "entity-delete": "entities: deletion",
    "entity-lock": "entities: locks",
    "entity-starts-orchestration": "entities: starting orchestrations",
    "entity-queries": "entities: queries",
    "plain-grpc": "clients that name no hub",
    "scheduled-tasks": "scheduled tasks",
}

"""What every call needs: one table for both gRPC services and the HTTP APIs. What is not in it is denied.

A gRPC method is named by its path, ``/TaskHubSidecarService/Hello``; a route by its API, method and path:
``scheduler GET /ping``. Tests hold the table against the services' descriptors and the routes.
"""

from collections.abc import Mapping
from typing import TypeAlias

from durahub.authorization.roles import Need

Needs: TypeAlias = frozenset[Need]
"""Any one of them will do. None at all is a call that nobody may make."""
Requirements: TypeAlias = Mapping[str, Needs]

CONNECT = frozenset({Need.CONNECT})
READ = frozenset({Need.READ})
WORK = frozenset({Need.WORK})
WRITE = frozenset({Need.WRITE})
NOBODY: Needs = frozenset()

FOR_WORK = "#work"
"""Stands behind the path of a method that is called for a work item: its history is the worker's.

It is told to nobody but the principal on whose stream that work item is out.
"""


def _all(prefix: str, needs: Needs, names: str) -> dict[str, Needs]:
    return {f"{prefix}{name}": needs for name in names.split()}


_SIDECAR = "/TaskHubSidecarService/"
_BACKEND = "/durabletask.protos.backend.v1.BackendService/"

GRPC: Requirements = {
    **_all(_SIDECAR, CONNECT, "Hello"),
    **_all(
        _SIDECAR,
        READ,
        "GetInstance WaitForInstanceStart WaitForInstanceCompletion QueryInstances ListInstanceIds "
        "StreamInstanceHistory GetEntity QueryEntities",
    ),
    **_all(
        _SIDECAR,
        WORK,
        f"GetWorkItems StreamInstanceHistory{FOR_WORK} CompleteActivityTask "
        "CompleteOrchestratorTask CompleteEntityTask AbandonTaskActivityWorkItem "
        "AbandonTaskOrchestratorWorkItem AbandonTaskEntityWorkItem",
    ),
    **_all(
        _SIDECAR,
        WRITE,
        "StartInstance RewindInstance RestartInstance RaiseEvent TerminateInstance SuspendInstance "
        "ResumeInstance PurgeInstances SignalEntity CleanEntityStorage CreateTaskHub DeleteTaskHub "
        "SkipGracefulOrchestrationTerminations",
    ),
    **_all(_BACKEND, CONNECT, "Ping GetMetrics"),
    **_all(
        _BACKEND,
        READ,
        "GetInstance GetEntity QueryInstances QueryEntities WaitForInstance StreamInstanceHistory",
    ),
    **_all(
        _BACKEND,
        WORK,
        f"GetWorkItems GetOrchestrationRuntimeState StreamInstanceHistory{FOR_WORK} "
        "CompleteActivityWorkItem AbandonActivityWorkItem CompleteOrchestrationWorkItem "
        "CompleteOrchestrationWorkItemWithExtendedSession AbandonOrchestrationWorkItem "
        "ReleaseOrchestrationWorkItem CompleteEntityWorkItem "
        "CompleteEntityWorkItemWithExtendedSession AbandonEntityWorkItem ReleaseEntityWorkItem "
        "BeginWorkerDrain",
    ),
    **_all(
        _BACKEND,
        WRITE,
        "CreateInstance AddEvent AddEvents PurgeInstances RestartInstance CleanEntityStorage "
        "SkipGracefulOrchestrationTerminations",
    ),
}

_SCHEDULER_ROUTES: Requirements = {
    "GET /ping": CONNECT,
    "GET /workers": READ,
    "POST /orchestrations/query": READ,
    "GET /orchestrations/{id}": READ,
    "GET /orchestrations/{id}/payloads": READ,
    "GET /orchestrations/{id}/executions/{execution}/history": READ,
    "POST /entities/query": READ,
    "GET /entities/{id}": READ,
    "GET /entities/{id}/state": READ,
    "GET /schedules": READ,
    "GET /schedules/{id}": READ,
    "POST /orchestrations": WRITE,
    "DELETE /orchestrations/{id}": WRITE,
    "POST /orchestrations/{id}/restart": WRITE,
    "POST /orchestrations/{id}/history": WRITE,
    "POST /orchestrations/addhistoryevents": WRITE,
    "POST /orchestrations/forceterminate": WRITE,
    "DELETE /orchestrations/purge": WRITE,
    "DELETE /entities/delete": WRITE,
    "DELETE /entities/{id}": WRITE,
    "POST /schedules": WRITE,
    "DELETE /schedules/{id}": WRITE,
    "POST /schedules/{id}/pause": WRITE,
    "POST /schedules/{id}/resume": WRITE,
}
_FUNCTIONS_ROUTES: Requirements = {
    "GET /instances": READ,
    "GET /instances/{instanceId}": READ,
    "GET /entities": READ,
    "GET /entities/{entityName}": READ,
    "GET /entities/{entityName}/{entityKey}": READ,
    "DELETE /instances": WRITE,
    "DELETE /instances/{instanceId}": WRITE,
    "POST /instances/{instanceId}/{operation}": WRITE,
    "POST /instances/{instanceId}/{operation}/{eventName}": WRITE,
    "POST /orchestrators/{functionName}": WRITE,
    "POST /orchestrators/{functionName}/{instanceId}": WRITE,
    "POST /entities/{entityName}": WRITE,
    "DELETE /entities/{entityName}": WRITE,
    "POST /entities/{entityName}/{entityKey}": WRITE,
    "DELETE /entities/{entityName}/{entityKey}": WRITE,
}
METRICS = "metrics GET /metrics"
"""It tells of all hubs, so it needs a role on ``*``."""

REQUIREMENTS: Requirements = {
    **GRPC,
    **{f"scheduler {route}": needs for route, needs in _SCHEDULER_ROUTES.items()},
    **{f"functions {route}": needs for route, needs in _FUNCTIONS_ROUTES.items()},
    METRICS: READ,
}

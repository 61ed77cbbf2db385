"""What the compatibility table has rows for: features by group, each with the RPCs that carry it.

A test claims one with ``@pytest.mark.feature(TITLE, sdk=SDK)``. A title that is not here is an error.
"""

from collections.abc import Mapping

from durabletask.internal import orchestrator_service_pb2 as sidecar

from durahub.edge.backend import backend_service_pb2 as backend

SDKS = {
    "python": "Python",
    "js": "JavaScript",
    "java": "Java",
    "dotnet": ".NET (recorded)",
    "wire": "plain gRPC",
}
STORES = {"classic": "Azure Storage", "sqlite": "SQLite"}

START = ("StartInstance", "WaitForInstanceCompletion")
RUN = (*START, "GetWorkItems", "CompleteOrchestratorTask")
TURN = (*RUN, "CompleteActivityTask")
EVENTS = (*RUN, "RaiseEvent")
SIGNALS = ("SignalEntity", "GetEntity", "GetWorkItems", "CompleteEntityTask")
CALLS = (*RUN, "CompleteEntityTask")

Rpcs = tuple[str, ...]

GROUPS: Mapping[str, Mapping[str, Rpcs]] = {
    "Orchestrations": {
        "activities, one after another": TURN,
        "activities side by side": TURN,
        "many instances at once": TURN,
        "timers": RUN,
        "timer against event": EVENTS,
        "external events": EVENTS,
        "events between orchestrations": RUN,
        "sub-orchestrations": RUN,
        "IDs of sub-orchestrations": RUN,
        "failures of activities": TURN,
        "failures of sub-orchestrations": TURN,
        "orchestrators that no worker knows": RUN,
        "retries": TURN,
        "retry handlers": TURN,
        "continue-as-new": RUN,
        "continue-as-new keeps events": EVENTS,
        "custom status": (*EVENTS, "GetInstance"),
        "deterministic GUIDs": RUN,
        "versions": RUN,
        "large payloads": TURN,
        "orchestrations of mixed kinds, by the hundred": (*TURN, "RaiseEvent", "SignalEntity"),
    },
    "Management": {
        "state of an instance": ("GetInstance",),
        "waits for start and end": ("WaitForInstanceStart", "WaitForInstanceCompletion"),
        "unknown instances": (
            "GetInstance",
            "TerminateInstance",
            "SuspendInstance",
            "ResumeInstance",
            "RaiseEvent",
        ),
        "scheduled start": START,
        "tags": (*START, "GetInstance"),
        "reuse of instance IDs": START,
        "suspend and resume": ("SuspendInstance", "ResumeInstance"),
        "terminate": ("TerminateInstance",),
        "terminate with sub-orchestrations": ("TerminateInstance",),
        "termination without the worker": ("SkipGracefulOrchestrationTerminations",),
        "restart": ("RestartInstance",),
        "rewind": ("RewindInstance",),
        "history": ("StreamInstanceHistory",),
        "query by page": ("QueryInstances",),
        "query by status and time": ("QueryInstances",),
        "list of ended instances": ("ListInstanceIds",),
        "purge": ("PurgeInstances",),
        "purge with sub-orchestrations": ("PurgeInstances",),
        "purge by filter": ("PurgeInstances",),
        "task hubs made by clients": ("CreateTaskHub",),
        "task hubs deleted by clients": ("DeleteTaskHub",),
    },
    "Entities": {
        "entities: signals": SIGNALS,
        "entities: calls": CALLS,
        "entities: failed operations": CALLS,
        "entities: delayed signals": SIGNALS,
        "entities: deletion": SIGNALS,
        "entities: locks": CALLS,
        "entities: who holds a lock": (*CALLS, "GetEntity"),
        "entities: signals between entities": SIGNALS,
        "entities: starting orchestrations": (*SIGNALS, "CompleteOrchestratorTask"),
        "entities: large state": SIGNALS,
        "entities: queries": ("QueryEntities",),
        "entities: cleaning": ("CleanEntityStorage",),
        "entities: unknown and malformed IDs": ("GetEntity", "SignalEntity"),
    },
    "Workers": {
        "greeting": ("Hello",),
        "work-item filters": ("GetWorkItems",),
        "workers of two languages on one hub": TURN,
        "workers killed and started again": ("GetWorkItems",),
        "work given back": (
            "AbandonTaskActivityWorkItem",
            "AbandonTaskOrchestratorWorkItem",
            "AbandonTaskEntityWorkItem",
        ),
        "clients that name no hub": ("StartInstance", "GetWorkItems"),
    },
    "DTFx and Durable Functions (`BackendService`)": {
        "DTFx: orchestrations and activities": (),
        "DTFx: entities": (),
        "DTFx: extended sessions": (),
        "DTFx: management": (),
        "DTFx: work given back": (),
        "DTFx: measures and drain": (),
    },
    "Libraries of the SDKs": {
        "scheduled tasks": ("SignalEntity", "GetEntity", "GetWorkItems"),
        "history export": ("ListInstanceIds", "StreamInstanceHistory"),
    },
}

FEATURES: Mapping[str, Rpcs] = {
    title: rpcs for group in GROUPS.values() for title, rpcs in group.items()
}

SERVICES: Mapping[str, Rpcs] = {
    service.name: tuple(method.name for method in service.methods)
    for service in (
        sidecar.DESCRIPTOR.services_by_name["TaskHubSidecarService"],
        backend.DESCRIPTOR.services_by_name["BackendService"],
    )
}

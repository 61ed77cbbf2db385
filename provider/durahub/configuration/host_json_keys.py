"""What each name in host.json's durableTask section means here, in one table.

A name either has the `Same` meaning as a setting of ours, or is `Without` one, for a reason that the
warning gives. Sources: the extension's ``DurableTaskOptions.cs`` and ``AzureStorageOptions.cs`` of
versions 1.4 to 3; classic layout 1.5. `docs/settings.md` has the same table; a test holds them together.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from durahub.configuration.durations import seconds_of_time_span
from durahub.configuration.kinds import Unfit


@dataclass(frozen=True, slots=True)
class Same:
    """A name that means what a setting of ours means: its path, and the value in its terms."""

    path: str
    convert: Callable[[object], object] = lambda value: value


@dataclass(frozen=True, slots=True)
class Without:
    """A name without a meaning here. What asks for no more than *agrees* needs no warning."""

    reason: str
    agrees: tuple[str, ...] = ()  # in lower case


def _time_span(value: object) -> object:
    try:
        return seconds_of_time_span(value) if isinstance(value, str) else _unfit_span()
    except ValueError:
        return _unfit_span()


def _unfit_span() -> object:
    raise Unfit('a time such as "00:00:30" (hours, minutes, seconds)')


def _one(value: object) -> object:
    return [value] if isinstance(value, str) else value


def _encoding(value: object) -> object:
    return value.strip().lower() if isinstance(value, str) else value


_PROVIDER: Mapping[str, Same | Without] = {
    "type": Without("", agrees=("azurestorage",)),
    "connectionName": Same("store.address"),
    "connectionStringName": Same("store.address"),
    "trackingStoreConnectionName": Same("store.tracking"),
    "trackingStoreConnectionStringName": Same("store.tracking"),
    "trackingStoreNamePrefix": Same("store.tracking_prefix"),
    "partitionCount": Same("defaults.partitions"),
    "controlQueueBatchSize": Same("defaults.control_batch"),
    "controlQueueBufferThreshold": Same("defaults.message_buffer"),
    "controlQueueVisibilityTimeout": Same("defaults.visibility", _time_span),
    "workItemQueueVisibilityTimeout": Same("defaults.activity_visibility", _time_span),
    "maxQueuePollingInterval": Same("defaults.max_poll", _time_span),
    "queueClientMessageEncoding": Same("defaults.queue_encoding", _encoding),
    "useTablePartitionManagement": Same("defaults.partition_manager"),
    "useLegacyPartitionManagement": Same("defaults.partition_manager"),
    "fetchLargeMessagesAutomatically": Without(
        "large payloads are always fetched for those who ask", agrees=("true",)
    ),
    "allowReplayingTerminalInstances": Without(
        "an instance that has ended is never run again by a late message", agrees=("false",)
    ),
}
_LOGS = "logs and traces are durahub's own: --verbose, docs/metrics.md"
_EVENT_GRID = "no notifications are sent to Event Grid"
_SESSIONS = "workers keep running orchestrations in memory by their SDKs' own settings"
_VERSIONS = "an app's workers state their versions themselves, by their SDKs' settings"

_TASK: Mapping[str, Same | Without] = {
    "hubName": Same("server.hubs", _one),
    "maxConcurrentActivityFunctions": Same("defaults.max_activities"),
    "maxConcurrentOrchestratorFunctions": Same("defaults.max_orchestrations"),
    "maxConcurrentEntityFunctions": Same("defaults.max_entities"),
    "maxEntityOperationBatchSize": Same("defaults.entity_operations"),
    "entityMessageReorderWindowInMinutes": Without(
        "messages to an entity are put in order within 30 minutes, as by default", agrees=("30",)
    ),
    "useAppLease": Same("store.use_app_lease"),
    "appLeaseOptions.renewInterval": Without(
        "the app lease is renewed every 25 s, as by default", agrees=("00:00:25",)
    ),
    "appLeaseOptions.acquireInterval": Without(
        "the app lease is tried for at .NET's default times", agrees=("00:05:00",)
    ),
    "appLeaseOptions.leaseInterval": Without(
        "the app lease has .NET's default length of 60 s", agrees=("00:01:00",)
    ),
    "extendedSessionsEnabled": Without(_SESSIONS, agrees=("false",)),
    "extendedSessionIdleTimeoutInSeconds": Without(_SESSIONS),
    "storeInputsInOrchestrationHistory": Without(
        "inputs of activities are not stored a second time in the history", agrees=("false",)
    ),
    "overridableExistingInstanceStates": Without(
        "a start replaces what has ended; replacing what runs is the start's own policy",
        agrees=("nonrunningstates",),
    ),
    "useGracefulShutdown": Without("the server always lets turns in flight end", agrees=("true",)),
    "rollbackEntityOperationsOnExceptions": Without(
        "whether an entity rolls back is its worker's doing"
    ),
    "throwStatusExceptionsOnRaiseEvent": Without(
        "what a client is told of an event to an ended instance is its own API's matter"
    ),
    "maxOrchestrationActions": Without("there is no limit to the actions of an orchestration"),
    "localRpcEndpointEnabled": Without("workers connect by gRPC, always"),
    "grpcHttpClientTimeout": Without("it is the Functions host's own connection to its worker"),
    "maxGrpcMessageSizeInBytes": Without("it is the Functions host's own connection to its worker"),
    "httpSettings.defaultAsyncRequestSleepTimeMilliseconds": Without(
        "durable HTTP calls are made by the app's worker"
    ),
    "httpSettings.useForwardedHost": Without("addresses are made of the request's own host"),
    "defaultVersion": Without(_VERSIONS),
    "versionMatchStrategy": Without(_VERSIONS),
    "versionFailureStrategy": Without(_VERSIONS),
    "tracing.traceInputsAndOutputs": Without(_LOGS, agrees=("false",)),
    "tracing.traceReplayEvents": Without(_LOGS, agrees=("false",)),
    "tracing.allowVerboseLinuxTelemetry": Without(_LOGS, agrees=("false",)),
    "tracing.distributedTracingEnabled": Without(_LOGS, agrees=("false",)),
    "tracing.distributedTracingProtocol": Without(_LOGS),
    "tracing.version": Without(_LOGS),
    "notifications.eventGrid.topicEndpoint": Without(_EVENT_GRID),
    "notifications.eventGrid.keySettingName": Without(_EVENT_GRID),
    "notifications.eventGrid.publishRetryCount": Without(_EVENT_GRID),
    "notifications.eventGrid.publishRetryInterval": Without(_EVENT_GRID),
    "notifications.eventGrid.publishRetryHttpStatus": Without(_EVENT_GRID),
    "notifications.eventGrid.publishEventTypes": Without(_EVENT_GRID),
}
_TASK_1X: Mapping[str, Same | Without] = {
    "azureStorageConnectionStringName": Same("store.address"),
    **{
        name: _PROVIDER[name]
        for name in (
            "trackingStoreConnectionStringName",
            "trackingStoreNamePrefix",
            "partitionCount",
            "controlQueueBatchSize",
            "controlQueueBufferThreshold",
            "controlQueueVisibilityTimeout",
            "workItemQueueVisibilityTimeout",
            "maxQueuePollingInterval",
            "fetchLargeMessagesAutomatically",
        )
    },
    "traceInputsAndOutputs": Without(_LOGS, agrees=("false",)),
    "logReplayEvents": Without(_LOGS, agrees=("false",)),
    "notificationUrl": Without("it has no effect in Durable Functions either"),
    "customLifeCycleNotificationHelperType": Without("life-cycle notifications are .NET code"),
    "eventGridTopicEndpoint": Without(_EVENT_GRID),
    "eventGridKeySettingName": Without(_EVENT_GRID),
    "eventGridPublishRetryCount": Without(_EVENT_GRID),
    "eventGridPublishRetryInterval": Without(_EVENT_GRID),
    "eventGridPublishRetryHttpStatus": Without(_EVENT_GRID),
    "eventGridPublishEventTypes": Without(_EVENT_GRID),
}
CURRENT: Mapping[str, Same | Without] = {
    **_TASK,
    **{f"storageProvider.{name}": known for name, known in _PROVIDER.items()},
}
"""By the name below ``extensions.durableTask``, as Durable Functions 2 and 3 have it."""

ONLY_1X = _TASK_1X
"""What Durable Functions 1.x has directly below ``durableTask``, and later ones have not."""

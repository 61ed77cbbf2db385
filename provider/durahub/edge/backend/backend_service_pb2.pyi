import datetime

from durabletask.internal import orchestrator_service_pb2 as _orchestrator_service_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import wrappers_pb2 as _wrappers_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AddEventRequest(_message.Message):
    __slots__ = ("instance", "event")
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    instance: _orchestrator_service_pb2.OrchestrationInstance
    event: _orchestrator_service_pb2.HistoryEvent
    def __init__(self, instance: _Optional[_Union[_orchestrator_service_pb2.OrchestrationInstance, _Mapping]] = ..., event: _Optional[_Union[_orchestrator_service_pb2.HistoryEvent, _Mapping]] = ...) -> None: ...

class AddEventResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AddEventsRequest(_message.Message):
    __slots__ = ("events",)
    class EventsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _orchestrator_service_pb2.HistoryEvent
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_orchestrator_service_pb2.HistoryEvent, _Mapping]] = ...) -> None: ...
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    events: _containers.MessageMap[str, _orchestrator_service_pb2.HistoryEvent]
    def __init__(self, events: _Optional[_Mapping[str, _orchestrator_service_pb2.HistoryEvent]] = ...) -> None: ...

class AddEventsResponse(_message.Message):
    __slots__ = ("unsuccessfulInstanceIds",)
    UNSUCCESSFULINSTANCEIDS_FIELD_NUMBER: _ClassVar[int]
    unsuccessfulInstanceIds: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, unsuccessfulInstanceIds: _Optional[_Iterable[str]] = ...) -> None: ...

class WaitForInstanceRequest(_message.Message):
    __slots__ = ("instanceId", "getInputsAndOutputs")
    INSTANCEID_FIELD_NUMBER: _ClassVar[int]
    GETINPUTSANDOUTPUTS_FIELD_NUMBER: _ClassVar[int]
    instanceId: str
    getInputsAndOutputs: bool
    def __init__(self, instanceId: _Optional[str] = ..., getInputsAndOutputs: _Optional[bool] = ...) -> None: ...

class WaitForInstanceResponse(_message.Message):
    __slots__ = ("exists", "orchestrationState")
    EXISTS_FIELD_NUMBER: _ClassVar[int]
    ORCHESTRATIONSTATE_FIELD_NUMBER: _ClassVar[int]
    exists: bool
    orchestrationState: _orchestrator_service_pb2.OrchestrationState
    def __init__(self, exists: _Optional[bool] = ..., orchestrationState: _Optional[_Union[_orchestrator_service_pb2.OrchestrationState, _Mapping]] = ...) -> None: ...

class GetOrchestrationRuntimeStateRequest(_message.Message):
    __slots__ = ("instance",)
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    instance: _orchestrator_service_pb2.OrchestrationInstance
    def __init__(self, instance: _Optional[_Union[_orchestrator_service_pb2.OrchestrationInstance, _Mapping]] = ...) -> None: ...

class GetOrchestrationRuntimeStateResponse(_message.Message):
    __slots__ = ("history",)
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    history: _containers.RepeatedCompositeFieldContainer[_orchestrator_service_pb2.HistoryEvent]
    def __init__(self, history: _Optional[_Iterable[_Union[_orchestrator_service_pb2.HistoryEvent, _Mapping]]] = ...) -> None: ...

class CompleteActivityWorkItemRequest(_message.Message):
    __slots__ = ("completionToken", "responseEvent")
    COMPLETIONTOKEN_FIELD_NUMBER: _ClassVar[int]
    RESPONSEEVENT_FIELD_NUMBER: _ClassVar[int]
    completionToken: str
    responseEvent: _orchestrator_service_pb2.HistoryEvent
    def __init__(self, completionToken: _Optional[str] = ..., responseEvent: _Optional[_Union[_orchestrator_service_pb2.HistoryEvent, _Mapping]] = ...) -> None: ...

class CompleteActivityWorkItemResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AbandonActivityWorkItemRequest(_message.Message):
    __slots__ = ("completionToken",)
    COMPLETIONTOKEN_FIELD_NUMBER: _ClassVar[int]
    completionToken: str
    def __init__(self, completionToken: _Optional[str] = ...) -> None: ...

class AbandonActivityWorkItemResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CompleteOrchestrationWorkItemRequest(_message.Message):
    __slots__ = ("completionToken", "instance", "runtimeStatus", "customStatus", "newHistory", "newTasks", "newTimers", "newMessages", "numEventsProcessed", "orchestrationTraceContext", "isPartial", "chunkIndex", "completionCount")
    COMPLETIONTOKEN_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    RUNTIMESTATUS_FIELD_NUMBER: _ClassVar[int]
    CUSTOMSTATUS_FIELD_NUMBER: _ClassVar[int]
    NEWHISTORY_FIELD_NUMBER: _ClassVar[int]
    NEWTASKS_FIELD_NUMBER: _ClassVar[int]
    NEWTIMERS_FIELD_NUMBER: _ClassVar[int]
    NEWMESSAGES_FIELD_NUMBER: _ClassVar[int]
    NUMEVENTSPROCESSED_FIELD_NUMBER: _ClassVar[int]
    ORCHESTRATIONTRACECONTEXT_FIELD_NUMBER: _ClassVar[int]
    ISPARTIAL_FIELD_NUMBER: _ClassVar[int]
    CHUNKINDEX_FIELD_NUMBER: _ClassVar[int]
    COMPLETIONCOUNT_FIELD_NUMBER: _ClassVar[int]
    completionToken: str
    instance: _orchestrator_service_pb2.OrchestrationInstance
    runtimeStatus: _orchestrator_service_pb2.OrchestrationStatus
    customStatus: _wrappers_pb2.StringValue
    newHistory: _containers.RepeatedCompositeFieldContainer[_orchestrator_service_pb2.HistoryEvent]
    newTasks: _containers.RepeatedCompositeFieldContainer[_orchestrator_service_pb2.HistoryEvent]
    newTimers: _containers.RepeatedCompositeFieldContainer[_orchestrator_service_pb2.HistoryEvent]
    newMessages: _containers.RepeatedCompositeFieldContainer[OrchestratorMessage]
    numEventsProcessed: _wrappers_pb2.Int32Value
    orchestrationTraceContext: _orchestrator_service_pb2.OrchestrationTraceContext
    isPartial: bool
    chunkIndex: _wrappers_pb2.Int32Value
    completionCount: int
    def __init__(self, completionToken: _Optional[str] = ..., instance: _Optional[_Union[_orchestrator_service_pb2.OrchestrationInstance, _Mapping]] = ..., runtimeStatus: _Optional[_Union[_orchestrator_service_pb2.OrchestrationStatus, str]] = ..., customStatus: _Optional[_Union[_wrappers_pb2.StringValue, _Mapping]] = ..., newHistory: _Optional[_Iterable[_Union[_orchestrator_service_pb2.HistoryEvent, _Mapping]]] = ..., newTasks: _Optional[_Iterable[_Union[_orchestrator_service_pb2.HistoryEvent, _Mapping]]] = ..., newTimers: _Optional[_Iterable[_Union[_orchestrator_service_pb2.HistoryEvent, _Mapping]]] = ..., newMessages: _Optional[_Iterable[_Union[OrchestratorMessage, _Mapping]]] = ..., numEventsProcessed: _Optional[_Union[_wrappers_pb2.Int32Value, _Mapping]] = ..., orchestrationTraceContext: _Optional[_Union[_orchestrator_service_pb2.OrchestrationTraceContext, _Mapping]] = ..., isPartial: _Optional[bool] = ..., chunkIndex: _Optional[_Union[_wrappers_pb2.Int32Value, _Mapping]] = ..., completionCount: _Optional[int] = ...) -> None: ...

class CompleteOrchestrationWorkItemResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class OrchestratorMessage(_message.Message):
    __slots__ = ("instance", "event")
    INSTANCE_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    instance: _orchestrator_service_pb2.OrchestrationInstance
    event: _orchestrator_service_pb2.HistoryEvent
    def __init__(self, instance: _Optional[_Union[_orchestrator_service_pb2.OrchestrationInstance, _Mapping]] = ..., event: _Optional[_Union[_orchestrator_service_pb2.HistoryEvent, _Mapping]] = ...) -> None: ...

class AbandonOrchestrationWorkItemRequest(_message.Message):
    __slots__ = ("completionToken",)
    COMPLETIONTOKEN_FIELD_NUMBER: _ClassVar[int]
    completionToken: str
    def __init__(self, completionToken: _Optional[str] = ...) -> None: ...

class AbandonOrchestrationWorkItemResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CompleteEntityWorkItemRequest(_message.Message):
    __slots__ = ("completionToken", "executionId", "numberOperationsExecuted", "entityState", "messages", "instanceId", "completionCount")
    COMPLETIONTOKEN_FIELD_NUMBER: _ClassVar[int]
    EXECUTIONID_FIELD_NUMBER: _ClassVar[int]
    NUMBEROPERATIONSEXECUTED_FIELD_NUMBER: _ClassVar[int]
    ENTITYSTATE_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    INSTANCEID_FIELD_NUMBER: _ClassVar[int]
    COMPLETIONCOUNT_FIELD_NUMBER: _ClassVar[int]
    completionToken: str
    executionId: str
    numberOperationsExecuted: int
    entityState: _wrappers_pb2.StringValue
    messages: _containers.RepeatedCompositeFieldContainer[OrchestratorMessage]
    instanceId: str
    completionCount: int
    def __init__(self, completionToken: _Optional[str] = ..., executionId: _Optional[str] = ..., numberOperationsExecuted: _Optional[int] = ..., entityState: _Optional[_Union[_wrappers_pb2.StringValue, _Mapping]] = ..., messages: _Optional[_Iterable[_Union[OrchestratorMessage, _Mapping]]] = ..., instanceId: _Optional[str] = ..., completionCount: _Optional[int] = ...) -> None: ...

class CompleteEntityWorkItemResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AbandonEntityWorkItemRequest(_message.Message):
    __slots__ = ("completionToken", "reason")
    COMPLETIONTOKEN_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    completionToken: str
    reason: str
    def __init__(self, completionToken: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class AbandonEntityWorkItemResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PingRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PingResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetMetricsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetMetricsResponse(_message.Message):
    __slots__ = ("metrics",)
    METRICS_FIELD_NUMBER: _ClassVar[int]
    metrics: BackendMetrics
    def __init__(self, metrics: _Optional[_Union[BackendMetrics, _Mapping]] = ...) -> None: ...

class BeginWorkerDrainRequest(_message.Message):
    __slots__ = ("drainTimeout",)
    DRAINTIMEOUT_FIELD_NUMBER: _ClassVar[int]
    drainTimeout: _duration_pb2.Duration
    def __init__(self, drainTimeout: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class BeginWorkerDrainResponse(_message.Message):
    __slots__ = ("workerFound",)
    WORKERFOUND_FIELD_NUMBER: _ClassVar[int]
    workerFound: bool
    def __init__(self, workerFound: _Optional[bool] = ...) -> None: ...

class BackendMetrics(_message.Message):
    __slots__ = ("activityWorkItems", "orchestratorWorkItems", "entityWorkItems", "connectedWorkers")
    ACTIVITYWORKITEMS_FIELD_NUMBER: _ClassVar[int]
    ORCHESTRATORWORKITEMS_FIELD_NUMBER: _ClassVar[int]
    ENTITYWORKITEMS_FIELD_NUMBER: _ClassVar[int]
    CONNECTEDWORKERS_FIELD_NUMBER: _ClassVar[int]
    activityWorkItems: WorkItemMetrics
    orchestratorWorkItems: WorkItemMetrics
    entityWorkItems: WorkItemMetrics
    connectedWorkers: ConnectedWorkerMetrics
    def __init__(self, activityWorkItems: _Optional[_Union[WorkItemMetrics, _Mapping]] = ..., orchestratorWorkItems: _Optional[_Union[WorkItemMetrics, _Mapping]] = ..., entityWorkItems: _Optional[_Union[WorkItemMetrics, _Mapping]] = ..., connectedWorkers: _Optional[_Union[ConnectedWorkerMetrics, _Mapping]] = ...) -> None: ...

class WorkItemMetrics(_message.Message):
    __slots__ = ("pending", "active", "oldestAgeInSeconds")
    PENDING_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_FIELD_NUMBER: _ClassVar[int]
    OLDESTAGEINSECONDS_FIELD_NUMBER: _ClassVar[int]
    pending: int
    active: int
    oldestAgeInSeconds: int
    def __init__(self, pending: _Optional[int] = ..., active: _Optional[int] = ..., oldestAgeInSeconds: _Optional[int] = ...) -> None: ...

class ConnectedWorkerMetrics(_message.Message):
    __slots__ = ("count",)
    COUNT_FIELD_NUMBER: _ClassVar[int]
    count: int
    def __init__(self, count: _Optional[int] = ...) -> None: ...

class ReleaseOrchestrationWorkItemRequest(_message.Message):
    __slots__ = ("completionToken",)
    COMPLETIONTOKEN_FIELD_NUMBER: _ClassVar[int]
    completionToken: str
    def __init__(self, completionToken: _Optional[str] = ...) -> None: ...

class ReleaseOrchestrationWorkItemResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ReleaseEntityWorkItemRequest(_message.Message):
    __slots__ = ("completionToken",)
    COMPLETIONTOKEN_FIELD_NUMBER: _ClassVar[int]
    completionToken: str
    def __init__(self, completionToken: _Optional[str] = ...) -> None: ...

class ReleaseEntityWorkItemResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CompleteInstanceWorkItemResponse(_message.Message):
    __slots__ = ("orchestratorResponse", "entityResponse", "newMessages")
    ORCHESTRATORRESPONSE_FIELD_NUMBER: _ClassVar[int]
    ENTITYRESPONSE_FIELD_NUMBER: _ClassVar[int]
    NEWMESSAGES_FIELD_NUMBER: _ClassVar[int]
    orchestratorResponse: CompleteOrchestrationWorkItemResponse
    entityResponse: CompleteEntityWorkItemResponse
    newMessages: _orchestrator_service_pb2.HistoryChunk
    def __init__(self, orchestratorResponse: _Optional[_Union[CompleteOrchestrationWorkItemResponse, _Mapping]] = ..., entityResponse: _Optional[_Union[CompleteEntityWorkItemResponse, _Mapping]] = ..., newMessages: _Optional[_Union[_orchestrator_service_pb2.HistoryChunk, _Mapping]] = ...) -> None: ...

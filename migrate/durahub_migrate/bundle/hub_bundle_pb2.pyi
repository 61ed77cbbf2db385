import datetime

from durabletask.internal import orchestrator_service_pb2 as _orchestrator_service_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import wrappers_pb2 as _wrappers_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Record(_message.Message):
    __slots__ = ("ordinal", "head", "part", "tail", "entity", "inflight")
    ORDINAL_FIELD_NUMBER: _ClassVar[int]
    HEAD_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    TAIL_FIELD_NUMBER: _ClassVar[int]
    ENTITY_FIELD_NUMBER: _ClassVar[int]
    INFLIGHT_FIELD_NUMBER: _ClassVar[int]
    ordinal: int
    head: InstanceHead
    part: HistoryPart
    tail: InstanceTail
    entity: EntityRecord
    inflight: InFlight
    def __init__(self, ordinal: _Optional[int] = ..., head: _Optional[_Union[InstanceHead, _Mapping]] = ..., part: _Optional[_Union[HistoryPart, _Mapping]] = ..., tail: _Optional[_Union[InstanceTail, _Mapping]] = ..., entity: _Optional[_Union[EntityRecord, _Mapping]] = ..., inflight: _Optional[_Union[InFlight, _Mapping]] = ...) -> None: ...

class SourceRef(_message.Message):
    __slots__ = ("place",)
    PLACE_FIELD_NUMBER: _ClassVar[int]
    place: str
    def __init__(self, place: _Optional[str] = ...) -> None: ...

class PayloadRef(_message.Message):
    __slots__ = ("path", "extra", "sha256", "size")
    PATH_FIELD_NUMBER: _ClassVar[int]
    EXTRA_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    path: _containers.RepeatedScalarFieldContainer[int]
    extra: str
    sha256: bytes
    size: int
    def __init__(self, path: _Optional[_Iterable[int]] = ..., extra: _Optional[str] = ..., sha256: _Optional[bytes] = ..., size: _Optional[int] = ...) -> None: ...

class InstanceHead(_message.Message):
    __slots__ = ("state", "execution_id", "source", "root_instance_id", "numbering_base", "extras", "payloads", "depth")
    class ExtrasEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    STATE_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    ROOT_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    NUMBERING_BASE_FIELD_NUMBER: _ClassVar[int]
    EXTRAS_FIELD_NUMBER: _ClassVar[int]
    PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    DEPTH_FIELD_NUMBER: _ClassVar[int]
    state: _orchestrator_service_pb2.OrchestrationState
    execution_id: str
    source: SourceRef
    root_instance_id: str
    numbering_base: int
    extras: _containers.ScalarMap[str, str]
    payloads: _containers.RepeatedCompositeFieldContainer[PayloadRef]
    depth: int
    def __init__(self, state: _Optional[_Union[_orchestrator_service_pb2.OrchestrationState, _Mapping]] = ..., execution_id: _Optional[str] = ..., source: _Optional[_Union[SourceRef, _Mapping]] = ..., root_instance_id: _Optional[str] = ..., numbering_base: _Optional[int] = ..., extras: _Optional[_Mapping[str, str]] = ..., payloads: _Optional[_Iterable[_Union[PayloadRef, _Mapping]]] = ..., depth: _Optional[int] = ...) -> None: ...

class HistoryPart(_message.Message):
    __slots__ = ("seq", "events", "extras")
    SEQ_FIELD_NUMBER: _ClassVar[int]
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    EXTRAS_FIELD_NUMBER: _ClassVar[int]
    seq: int
    events: _containers.RepeatedCompositeFieldContainer[_orchestrator_service_pb2.HistoryEvent]
    extras: _containers.RepeatedCompositeFieldContainer[EventExtras]
    def __init__(self, seq: _Optional[int] = ..., events: _Optional[_Iterable[_Union[_orchestrator_service_pb2.HistoryEvent, _Mapping]]] = ..., extras: _Optional[_Iterable[_Union[EventExtras, _Mapping]]] = ...) -> None: ...

class EventExtras(_message.Message):
    __slots__ = ("index", "values", "payloads")
    class ValuesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    INDEX_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    index: int
    values: _containers.ScalarMap[str, str]
    payloads: _containers.RepeatedCompositeFieldContainer[PayloadRef]
    def __init__(self, index: _Optional[int] = ..., values: _Optional[_Mapping[str, str]] = ..., payloads: _Optional[_Iterable[_Union[PayloadRef, _Mapping]]] = ...) -> None: ...

class InstanceTail(_message.Message):
    __slots__ = ("event_count", "sha256_exact", "sha256_semantic", "open", "notes")
    EVENT_COUNT_FIELD_NUMBER: _ClassVar[int]
    SHA256_EXACT_FIELD_NUMBER: _ClassVar[int]
    SHA256_SEMANTIC_FIELD_NUMBER: _ClassVar[int]
    OPEN_FIELD_NUMBER: _ClassVar[int]
    NOTES_FIELD_NUMBER: _ClassVar[int]
    event_count: int
    sha256_exact: bytes
    sha256_semantic: bytes
    open: OpenWork
    notes: _containers.RepeatedCompositeFieldContainer[Note]
    def __init__(self, event_count: _Optional[int] = ..., sha256_exact: _Optional[bytes] = ..., sha256_semantic: _Optional[bytes] = ..., open: _Optional[_Union[OpenWork, _Mapping]] = ..., notes: _Optional[_Iterable[_Union[Note, _Mapping]]] = ...) -> None: ...

class OpenWork(_message.Message):
    __slots__ = ("activities", "timers", "children", "entity_requests")
    ACTIVITIES_FIELD_NUMBER: _ClassVar[int]
    TIMERS_FIELD_NUMBER: _ClassVar[int]
    CHILDREN_FIELD_NUMBER: _ClassVar[int]
    ENTITY_REQUESTS_FIELD_NUMBER: _ClassVar[int]
    activities: _containers.RepeatedScalarFieldContainer[int]
    timers: _containers.RepeatedCompositeFieldContainer[OpenTimer]
    children: _containers.RepeatedCompositeFieldContainer[OpenChild]
    entity_requests: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, activities: _Optional[_Iterable[int]] = ..., timers: _Optional[_Iterable[_Union[OpenTimer, _Mapping]]] = ..., children: _Optional[_Iterable[_Union[OpenChild, _Mapping]]] = ..., entity_requests: _Optional[_Iterable[str]] = ...) -> None: ...

class OpenTimer(_message.Message):
    __slots__ = ("id", "fire_at")
    ID_FIELD_NUMBER: _ClassVar[int]
    FIRE_AT_FIELD_NUMBER: _ClassVar[int]
    id: int
    fire_at: _timestamp_pb2.Timestamp
    def __init__(self, id: _Optional[int] = ..., fire_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class OpenChild(_message.Message):
    __slots__ = ("id", "instance_id")
    ID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    id: int
    instance_id: str
    def __init__(self, id: _Optional[int] = ..., instance_id: _Optional[str] = ...) -> None: ...

class Note(_message.Message):
    __slots__ = ("code", "text")
    CODE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    code: str
    text: str
    def __init__(self, code: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class EntityRecord(_message.Message):
    __slots__ = ("instance_id", "state", "locked_by", "backlog", "sorter_raw", "source", "sha256", "suspended", "problem", "payloads")
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LOCKED_BY_FIELD_NUMBER: _ClassVar[int]
    BACKLOG_FIELD_NUMBER: _ClassVar[int]
    SORTER_RAW_FIELD_NUMBER: _ClassVar[int]
    SOURCE_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    SUSPENDED_FIELD_NUMBER: _ClassVar[int]
    PROBLEM_FIELD_NUMBER: _ClassVar[int]
    PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    instance_id: str
    state: _wrappers_pb2.StringValue
    locked_by: str
    backlog: _containers.RepeatedCompositeFieldContainer[_orchestrator_service_pb2.HistoryEvent]
    sorter_raw: bytes
    source: SourceRef
    sha256: bytes
    suspended: bool
    problem: str
    payloads: _containers.RepeatedCompositeFieldContainer[PayloadRef]
    def __init__(self, instance_id: _Optional[str] = ..., state: _Optional[_Union[_wrappers_pb2.StringValue, _Mapping]] = ..., locked_by: _Optional[str] = ..., backlog: _Optional[_Iterable[_Union[_orchestrator_service_pb2.HistoryEvent, _Mapping]]] = ..., sorter_raw: _Optional[bytes] = ..., source: _Optional[_Union[SourceRef, _Mapping]] = ..., sha256: _Optional[bytes] = ..., suspended: _Optional[bool] = ..., problem: _Optional[str] = ..., payloads: _Optional[_Iterable[_Union[PayloadRef, _Mapping]]] = ...) -> None: ...

class InFlight(_message.Message):
    __slots__ = ("evidence", "instance_id", "execution_id", "event", "visible_at", "dequeue_count", "queue", "raw", "message_id", "extras", "payloads", "sender_instance_id")
    class Evidence(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        QUEUE: _ClassVar[InFlight.Evidence]
        TABLE: _ClassVar[InFlight.Evidence]
    QUEUE: InFlight.Evidence
    TABLE: InFlight.Evidence
    class ExtrasEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    EVIDENCE_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    EXECUTION_ID_FIELD_NUMBER: _ClassVar[int]
    EVENT_FIELD_NUMBER: _ClassVar[int]
    VISIBLE_AT_FIELD_NUMBER: _ClassVar[int]
    DEQUEUE_COUNT_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    RAW_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_ID_FIELD_NUMBER: _ClassVar[int]
    EXTRAS_FIELD_NUMBER: _ClassVar[int]
    PAYLOADS_FIELD_NUMBER: _ClassVar[int]
    SENDER_INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    evidence: InFlight.Evidence
    instance_id: str
    execution_id: str
    event: _orchestrator_service_pb2.HistoryEvent
    visible_at: _timestamp_pb2.Timestamp
    dequeue_count: int
    queue: str
    raw: bytes
    message_id: str
    extras: _containers.ScalarMap[str, str]
    payloads: _containers.RepeatedCompositeFieldContainer[PayloadRef]
    sender_instance_id: str
    def __init__(self, evidence: _Optional[_Union[InFlight.Evidence, str]] = ..., instance_id: _Optional[str] = ..., execution_id: _Optional[str] = ..., event: _Optional[_Union[_orchestrator_service_pb2.HistoryEvent, _Mapping]] = ..., visible_at: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., dequeue_count: _Optional[int] = ..., queue: _Optional[str] = ..., raw: _Optional[bytes] = ..., message_id: _Optional[str] = ..., extras: _Optional[_Mapping[str, str]] = ..., payloads: _Optional[_Iterable[_Union[PayloadRef, _Mapping]]] = ..., sender_instance_id: _Optional[str] = ...) -> None: ...

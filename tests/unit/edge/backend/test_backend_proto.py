"""The committed module of backend_service.proto is what the compiler makes of it."""

from pathlib import Path

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from durahub.edge.backend import backend_service_pb2 as bs
from tests.proto_compiler import BACKEND_SERVICE, compile_into, without_json_names


def test_the_module_holds_what_the_source_says(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools", reason="grpcio-tools is not installed")
    committed = FileDescriptorProto()
    bs.DESCRIPTOR.CopyToProto(committed)
    compiled = compile_into(tmp_path, BACKEND_SERVICE)
    assert without_json_names(committed) == without_json_names(compiled)
    assert (tmp_path / "durahub/edge/backend/backend_service_pb2.pyi").exists()


def test_what_both_services_share_is_one_type() -> None:
    assert isinstance(bs.AddEventRequest().event, pb.HistoryEvent)
    assert bs.OrchestratorMessage.DESCRIPTOR.full_name == (
        "durabletask.protos.backend.v1.OrchestratorMessage"
    )


def test_the_service_has_the_path_and_the_methods_of_the_protocol() -> None:
    service = bs.DESCRIPTOR.services_by_name["BackendService"]
    assert service.full_name == "durabletask.protos.backend.v1.BackendService"
    assert len(service.methods) == 28
    streams = {method.name for method in service.methods if method.server_streaming}
    assert streams == {
        "GetWorkItems",
        "StreamInstanceHistory",
        "CompleteOrchestrationWorkItemWithExtendedSession",
        "CompleteEntityWorkItemWithExtendedSession",
    }


def test_fields_have_the_numbers_of_the_protocol() -> None:
    numbers = {
        field.name: field.number
        for field in bs.CompleteOrchestrationWorkItemRequest.DESCRIPTOR.fields
    }
    assert numbers == {
        "completionToken": 1,
        "instance": 2,
        "runtimeStatus": 3,
        "customStatus": 4,
        "newHistory": 5,
        "newTasks": 6,
        "newTimers": 7,
        "newMessages": 8,
        "numEventsProcessed": 9,
        "orchestrationTraceContext": 10,
        "isPartial": 11,
        "chunkIndex": 12,
        "completionCount": 13,
    }
    entity = bs.CompleteEntityWorkItemRequest.DESCRIPTOR.fields_by_name
    assert (entity["instanceId"].number, entity["completionCount"].number) == (7, 8)

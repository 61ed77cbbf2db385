"""The committed module of hub_bundle.proto is what the compiler makes of it."""

from pathlib import Path

import pytest
from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from durahub_migrate.bundle import hub_bundle_pb2 as hb
from tests.proto_compiler import HUB_BUNDLE, compile_into, without_json_names


def test_the_module_holds_what_the_source_says(tmp_path: Path) -> None:
    pytest.importorskip("grpc_tools", reason="grpcio-tools is not installed")
    committed = FileDescriptorProto()
    hb.DESCRIPTOR.CopyToProto(committed)
    assert without_json_names(committed) == without_json_names(compile_into(tmp_path, HUB_BUNDLE))


def test_events_and_states_are_the_protocols_own() -> None:
    assert isinstance(hb.HistoryPart().events.add(), pb.HistoryEvent)
    assert isinstance(hb.InstanceHead().state, pb.OrchestrationState)

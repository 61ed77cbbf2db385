"""Compiles backend_service.proto against the descriptors that the durabletask package brings.

To write the modules anew: ``python tests/unit/edge/backend/proto_compiler.py`` (needs grpcio-tools).
"""

import re
import sys
import tempfile
from pathlib import Path

from durabletask.internal import orchestrator_service_pb2
from google.protobuf import duration_pb2, empty_pb2, struct_pb2, timestamp_pb2, wrappers_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorSet

SOURCES = Path(__file__).resolve().parents[4] / "provider"
PROTO = "durahub/edge/backend/backend_service.proto"
IMPORTED = (
    duration_pb2,
    empty_pb2,
    struct_pb2,
    timestamp_pb2,
    wrappers_pb2,
    orchestrator_service_pb2,
)
RUNTIME_CHECK = re.compile(
    r"^(from google\.protobuf import runtime_version[^\n]*|_runtime_version\..*?\n\))\n",
    re.M | re.S,
)


def compile_into(folder: Path) -> bytes:
    """Write the modules below *folder*; return the file's serialised descriptor."""
    from grpc_tools import protoc

    described = FileDescriptorSet()
    for module in IMPORTED:
        module.DESCRIPTOR.CopyToProto(described.file.add())
    with tempfile.TemporaryDirectory() as scratch:
        imports, out = Path(scratch, "imports.binpb"), Path(scratch, "out.binpb")
        imports.write_bytes(described.SerializeToString())
        status = protoc.main(
            [
                "protoc",
                f"--proto_path={SOURCES}",
                f"--descriptor_set_in={imports}",
                f"--descriptor_set_out={out}",
                f"--python_out={folder}",
                f"--pyi_out={folder}",
                PROTO,
            ]
        )
        assert status == 0
        [descriptor] = FileDescriptorSet.FromString(out.read_bytes()).file
    return descriptor.SerializeToString()


def write() -> None:
    """Put the modules beside their source.

    Without protoc's check of the runtime's version, which would demand the newest protobuf of all: the
    descriptor uses nothing that protobuf 5 lacks.
    """
    compile_into(SOURCES)
    module = (SOURCES / PROTO).with_name("backend_service_pb2.py")
    lines = RUNTIME_CHECK.sub("", module.read_text("utf-8"))
    module.write_text(lines, "utf-8")


if __name__ == "__main__":
    sys.exit(write())

"""Compiles our .proto files against the descriptors that the durabletask package brings.

To write their modules anew: ``python -m tests.proto_compiler`` (needs grpcio-tools).
"""

import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from durabletask.internal import orchestrator_service_pb2
from google.protobuf import duration_pb2, empty_pb2, struct_pb2, timestamp_pb2, wrappers_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

ROOT = Path(__file__).resolve().parents[1]
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


@dataclass(frozen=True)
class Proto:
    """A source of ours: the folder of its package, and its path in there."""

    sources: Path
    path: str

    @property
    def module(self) -> Path:
        """The module that is committed."""
        return (self.sources / self.path.removesuffix(".proto")).with_name(
            f"{Path(self.path).stem}_pb2.py"
        )


BACKEND_SERVICE = Proto(ROOT / "provider", "durahub/edge/backend/backend_service.proto")
HUB_BUNDLE = Proto(ROOT / "migrate", "durahub_migrate/bundle/hub_bundle.proto")


def compile_into(folder: Path, proto: Proto) -> FileDescriptorProto:
    """Write the modules below *folder*; return the file's descriptor."""
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
                f"--proto_path={proto.sources}",
                f"--descriptor_set_in={imports}",
                f"--descriptor_set_out={out}",
                f"--python_out={folder}",
                f"--pyi_out={folder}",
                proto.path,
            ]
        )
        assert status == 0
        [descriptor] = FileDescriptorSet.FromString(out.read_bytes()).file
    return descriptor


def without_json_names(file: FileDescriptorProto) -> bytes:
    """Return a descriptor without what only some runtimes fill in."""
    for message in (m for top in file.message_type for m in (top, *top.nested_type)):
        for field in message.field:
            field.ClearField("json_name")
    return file.SerializeToString()


def write() -> None:
    """Put the modules beside their sources.

    Without protoc's check of the runtime's version, which would demand the newest protobuf of all: the
    descriptors use nothing that protobuf 5 lacks.
    """
    for proto in (BACKEND_SERVICE, HUB_BUNDLE):
        compile_into(proto.sources, proto)
        lines = RUNTIME_CHECK.sub("", proto.module.read_text("utf-8"))
        proto.module.write_text(lines, "utf-8")


if __name__ == "__main__":
    sys.exit(write())

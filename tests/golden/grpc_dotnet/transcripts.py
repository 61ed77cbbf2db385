"""Recorded calls of the .NET SDK (``golden/grpc-dotnet``), read into messages."""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from durabletask.internal import orchestrator_service_pb2 as pb
from google.protobuf import empty_pb2, json_format

FOLDER = Path(__file__).parents[1] / "grpc-dotnet"

_CUT = re.compile(r"<(\d+) characters: .*>", re.DOTALL)


@dataclass(frozen=True)
class Line:
    """A line of a transcript; ``number`` counts from 0."""

    number: int
    fields: dict[str, Any]

    @property
    def dir(self) -> str:
        return str(self.fields["dir"])

    @property
    def call(self) -> int:
        return int(self.fields["call"])

    @property
    def method(self) -> str:
        """The name of the RPC, without its service."""
        return str(self.fields.get("rpc", "")).rpartition("/")[2]

    @property
    def is_message(self) -> bool:
        return "type" in self.fields

    @cached_property
    def message(self) -> Any:
        """The message itself; one that was too long for the transcript with texts of its length."""
        kind = str(self.fields["type"])
        cls = empty_pb2.Empty if "Empty" in kind else getattr(pb, kind)
        if "base64" in self.fields:
            return cls.FromString(base64.b64decode(self.fields["base64"]))
        return json_format.ParseDict(_filled(self.fields["json"]), cls())


@dataclass(frozen=True)
class Transcript:
    """One scenario, named by its path without the ending."""

    name: str

    def __str__(self) -> str:
        return self.name

    @cached_property
    def lines(self) -> list[Line]:
        text = (FOLDER / f"{self.name}.jsonl").read_text("utf-8")
        whole = [json.loads(line) for line in text.split("\n") if line]
        return [Line(number, fields) for number, fields in enumerate(whole)]

    @property
    def recorded_at(self) -> datetime:
        stamp = str(self.lines[0].fields["recorded"])
        return datetime.fromisoformat(stamp[:26] + "+00:00")

    def metadata(self, line: Line, hub: str) -> list[tuple[str, str]]:
        """Return what the SDK told of itself with a request, for the hub *hub*."""
        sent = self.lines[0].fields["headers"][line.fields["headers"]]
        told = [(key, sent[key]) for key in ("workerid", "x-user-agent") if key in sent]
        return [*told, ("taskhub", hub)] if "taskhub" in sent else told

    @property
    def user_agent(self) -> str:
        """What grpc-dotnet calls itself."""
        (headers, *_) = self.lines[0].fields["headers"].values()
        return str(headers["user-agent"]).partition(" ")[0]

    def messages(self) -> Iterator[Line]:
        return (line for line in self.lines if line.is_message)


def _filled(value: Any) -> Any:
    """Return recorded JSON with texts as long as those that were cut."""
    match value:
        case dict():
            return {name: _filled(one) for name, one in value.items()}
        case list():
            return [_filled(one) for one in value]
        case str() if found := _CUT.fullmatch(value):
            return f'"{"x" * (int(found[1]) - 2)}"'
    return value


TRANSCRIPTS = tuple(
    Transcript(path.relative_to(FOLDER).with_suffix("").as_posix())
    for path in sorted(FOLDER.rglob("*.jsonl"))
)

"""Entity-group transactions as text: a multipart body with one HTTP request an operation.

The SDK builds and parses them with the standard library's e-mail package, which is most of what a
checkpoint would cost. The format is small and fixed: here it is.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise
from typing import Any

BOUNDARY = "batch_durahub"
_CHANGES = "changeset_durahub"
_STATUS = re.compile(rb"^HTTP/1\.1 (\d{3})", re.MULTILINE)
_ETAG = re.compile(rb"^ETag: *(\S[^\r\n]*)", re.MULTILINE | re.IGNORECASE)
_CODE = re.compile(rb'"code" *: *"([^"]*)"|<code>([^<]*)</code>', re.IGNORECASE)


class Verb(Enum):
    """What an operation does, as HTTP says it."""

    INSERT = "POST"
    PUT = "PUT"
    MERGE = "MERGE"
    DELETE = "DELETE"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a transaction. ``keys`` is the encoded ``(PartitionKey='…',RowKey='…')``."""

    verb: Verb
    keys: str
    entity: Mapping[str, Any] | None
    etag: str | None


@dataclass(frozen=True, slots=True)
class Failed:
    """Why nothing of a transaction was done."""

    status: int
    code: str


def encode(
    endpoint: str,
    table: str,
    operations: Sequence[Operation],
    dumps: Callable[[Any], bytes],
) -> tuple[str, bytes]:
    """Return the boundary and the body of a transaction.

    No text in an entity can be taken for a boundary: in JSON there are no raw line ends.
    """
    lines: list[bytes] = [
        f"--{BOUNDARY}".encode(),
        f"Content-Type: multipart/mixed; boundary={_CHANGES}".encode(),
        b"",
    ]
    for operation in operations:
        keys = "" if operation.verb is Verb.INSERT else operation.keys
        body = b"" if operation.entity is None else dumps(operation.entity)
        lines += [
            f"--{_CHANGES}".encode(),
            b"Content-Type: application/http",
            b"Content-Transfer-Encoding: binary",
            b"",
            f"{operation.verb.value} {endpoint}/{table}{keys} HTTP/1.1".encode(),
            b"Accept: application/json;odata=minimalmetadata",
            b"DataServiceVersion: 3.0;NetFx",
        ]
        if operation.verb is Verb.INSERT:
            lines.append(b"Prefer: return-no-content")
        if operation.etag is not None:
            lines.append(f"If-Match: {operation.etag}".encode())
        if body:
            lines += [b"Content-Type: application/json", f"Content-Length: {len(body)}".encode()]
        lines += [b"", body]
    lines += [f"--{_CHANGES}--".encode(), f"--{BOUNDARY}--".encode(), b""]
    return BOUNDARY, b"\r\n".join(lines)


def decode(body: bytes) -> list[str] | Failed:
    """Return the ETags of the operations in order (``""`` for a deletion), or why it failed."""
    starts = [match.start() for match in _STATUS.finditer(body)]
    etags = []
    for start, end in pairwise([*starts, len(body)]):
        part = body[start:end]
        status = int(part[9:12])
        if not 200 <= status < 300:
            code = _CODE.search(part)
            name = (code[1] or code[2] or b"") if code else b""
            return Failed(status, name.decode("utf-8", "replace"))
        etag = _ETAG.search(part.partition(b"\r\n\r\n")[0])
        etags.append(etag[1].decode("ascii") if etag else "")
    return etags if etags else Failed(500, "EmptyTransactionAnswer")

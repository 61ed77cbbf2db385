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
_FIRST = f"--{BOUNDARY}\r\nContent-Type: multipart/mixed; boundary={_CHANGES}\r\n\r\n".encode()
_PART = (
    f"--{_CHANGES}\r\nContent-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
)
_LAST = f"--{_CHANGES}--\r\n--{BOUNDARY}--\r\n".encode()
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
    pieces = [_FIRST]
    for operation in operations:
        inserts = operation.verb is Verb.INSERT
        keys = "" if inserts else operation.keys
        prefer = "Prefer: return-no-content\r\n" if inserts else ""
        match = f"If-Match: {operation.etag}\r\n" if operation.etag is not None else ""
        body, content = b"", ""
        if operation.entity is not None:
            body = dumps(operation.entity)
            content = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        pieces += (
            f"{_PART}{operation.verb.value} {endpoint}/{table}{keys} HTTP/1.1\r\n"
            f"Accept: application/json;odata=minimalmetadata\r\nDataServiceVersion: 3.0;NetFx\r\n"
            f"{prefer}{match}{content}\r\n".encode(),
            body,
            b"\r\n",
        )
    pieces.append(_LAST)
    return BOUNDARY, b"".join(pieces)


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
        headers = part.find(b"\r\n\r\n")
        etag = _ETAG.search(part, 0, headers if headers >= 0 else len(part))
        etags.append(etag[1].decode("latin-1") if etag else "")
    return etags if etags else Failed(500, "EmptyTransactionAnswer")

"""A server that answers storage requests from memory, with what it has ready: what is left is the client.

    python -m benchmarks.canned_storage

Prints its port. It ends with its parent's end of the pipe. It speaks as much HTTP as the benchmark
needs: whole requests with Content-Length, connections that are kept open.
"""

import asyncio
import sys

KEY_ETAG = b"ETag: W/\"datetime'2026-11-21T10%3A11%3A12.1234567Z'\"\r\n"
MESSAGE = (
    '<?xml version="1.0" encoding="UTF-8" standalone="yes"?><QueueMessagesList><QueueMessage>'
    "<MessageId>0bd5bb1c-1a55-4d2a-9bd5-7d8ad0a3f2a1</MessageId>"
    "<InsertionTime>Sat, 21 Nov 2026 10:11:12 GMT</InsertionTime>"
    "<ExpirationTime>Fri, 31 Dec 9999 23:59:59 GMT</ExpirationTime>"
    "<PopReceipt>MjFOb3YyMDI2MTA6MTE6MTI4ZjJj</PopReceipt>"
    "<TimeNextVisible>Sat, 21 Nov 2026 10:12:12 GMT</TimeNextVisible>{more}"
    "</QueueMessage></QueueMessagesList>"
)
PUT = MESSAGE.format(more="").encode()
GOT = MESSAGE.format(
    more="<DequeueCount>1</DequeueCount><MessageText>{}</MessageText>".format("{" + "x" * 700 + "}")
).encode()
ROW = (
    b'{"odata.metadata":"http://h/a/$metadata#T/@Element","odata.etag":"W/\\"datetime'
    b'\'2026-11-21T10%3A11%3A12.1234567Z\'\\"","PartitionKey":"0123456789abcdef","RowKey":"",'
    b'"Timestamp":"2026-11-21T10:11:12.1234567Z","Input":"\\"Tokyo\\"","Name":"five_cities",'
    b'"CreatedTime":"2026-11-21T10:11:12.1234567Z","CreatedTime@odata.type":"Edm.DateTime",'
    b'"LastUpdatedTime":"2026-11-21T10:11:12.1234567Z","LastUpdatedTime@odata.type":"Edm.DateTime",'
    b'"RuntimeStatus":"Running","ExecutionId":"0123456789abcdef0123456789abcdef",'
    b'"TaskHubName":"benchmark","CustomStatus":"null"}'
)
PART = (
    b"--changesetresponse_1\r\nContent-Type: application/http\r\n"
    b"Content-Transfer-Encoding: binary\r\n\r\nHTTP/1.1 204 No Content\r\n"
    b"DataServiceVersion: 1.0;\r\n" + KEY_ETAG + b"\r\n\r\n"
)


def transaction(body: bytes) -> bytes:
    """Return the answer to a transaction: as many parts as it has."""
    parts = body.count(b"application/http")
    return (
        b"--batchresponse_1\r\nContent-Type: multipart/mixed; boundary=changesetresponse_1\r\n\r\n"
        + PART * parts
        + b"--changesetresponse_1--\r\n--batchresponse_1--\r\n"
    )


def answer(method: bytes, path: bytes, body: bytes) -> bytes:
    """Return the whole answer to a request."""
    status, headers, content = b"204 No Content", b"", b""
    if path.endswith(b"$batch"):
        status, content = b"202 Accepted", transaction(body)
        headers = b"Content-Type: multipart/mixed; boundary=batchresponse_1\r\n"
    elif b"/messages" in path:
        if method == b"POST":
            status, headers, content = b"201 Created", b"Content-Type: application/xml\r\n", PUT
        elif method == b"GET":
            status, headers, content = b"200 OK", b"Content-Type: application/xml\r\n", GOT
        elif method == b"PUT":
            headers = (
                b"x-ms-popreceipt: MjFOb3YyMDI2MTA6MTE6MTI4ZjJj\r\n"
                b"x-ms-time-next-visible: Sat, 21 Nov 2026 10:12:12 GMT\r\n"
            )
    elif method == b"GET":
        status, content = b"200 OK", ROW
        headers = b"Content-Type: application/json;odata=minimalmetadata\r\n" + KEY_ETAG
    elif method == b"DELETE":
        headers = b"Content-Length: 0\r\n"
    else:
        headers = KEY_ETAG
    return (
        b"HTTP/1.1 " + status + b"\r\nServer: canned\r\n"
        b"x-ms-client-request-id: 0bd5bb1c-1a55-4d2a-9bd5-7d8ad0a3f2a1\r\n"
        b"x-ms-request-id: 0bd5bb1c-1a55-4d2a-9bd5-7d8ad0a3f2a1\r\nx-ms-version: 2023-11-03\r\n"
        b"Date: Sat, 21 Nov 2026 10:11:12 GMT\r\nConnection: keep-alive\r\n"
        + headers
        + (b"Content-Length: %d\r\n" % len(content) if content else b"")
        + b"\r\n"
        + content
    )


class Canned(asyncio.Protocol):
    """Answers the requests of one connection."""

    def __init__(self) -> None:
        """Wait for the first one."""
        self._left = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over a connection."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer what is complete."""
        self._left += data
        while True:
            head, found, rest = self._left.partition(b"\r\n\r\n")
            if not found:
                return
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            size = int(length or 0)
            if len(rest) < size:
                return
            method, path, _ = head.partition(b"\r\n")[0].split(b" ")
            self._left = rest[size:]
            self._transport.write(answer(method, path, rest[:size]))


async def main() -> None:
    """Serve until standard input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Canned, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())

"""An HTTPS server for tests, on threads of its own: documents of an identity provider, and bad answers."""

import contextlib
import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.security.authorization.authority import Pair

MIB = 1024 * 1024


class HttpsProvider:
    """*documents* are answered by their paths; *asked* are the paths that were asked for, with bodies."""

    def __init__(self) -> None:
        self.documents: dict[str, Mapping[str, Any]] = {}
        self.asked: list[tuple[str, bytes]] = []
        self.port = 0
        self.released = threading.Event()
        """Until then what is slow does not end."""

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"


class _Handler(BaseHTTPRequestHandler):
    provider: HttpsProvider

    def do_GET(self) -> None:
        size = int(self.headers.get("content-length", 0))
        self.provider.asked.append((self.path, self.rfile.read(size)))
        with contextlib.suppress(OSError):  # of who goes away
            self.answer()

    def do_POST(self) -> None:
        self.do_GET()

    def answer(self) -> None:
        if self.path.startswith("/redirect/"):
            self.head(307, location=self.path.removeprefix("/redirect/"))
        elif self.path == "/large":
            self.head(200)
            self.wfile.write(b'{"a":"')
            for _ in range(3):
                self.wfile.write(b"x" * MIB)
        elif self.path == "/slow":
            self.head(200)
            while not self.provider.released.wait(0.05):
                self.wfile.write(b" ")
        elif self.path == "/silent":
            self.provider.released.wait()
        elif self.path == "/pieces":
            whole = json.dumps({"keys": ["x" * 60_000] * 10}).encode()
            self.head(200)
            for begin in range(0, len(whole), 1_000):
                self.wfile.write(whole[begin : begin + 1_000])
                self.wfile.flush()
        elif self.path in self.provider.documents:
            self.head(200)
            self.wfile.write(json.dumps(self.provider.documents[self.path]).encode())
        else:
            self.head(404)

    def head(self, status: int, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def serving(provider: HttpsProvider, pair: Pair | None) -> Iterator[HttpsProvider]:
    """Serve for the body; without a *pair* in the clear."""

    handler = type("Handler", (_Handler,), {"provider": provider})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    provider.port = server.server_address[1]
    if pair is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        server.socket = context.wrap_socket(
            server.socket, server_side=True, do_handshake_on_connect=False
        )
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        provider.released.set()
        server.shutdown()
        server.server_close()
        thread.join()

"""A connection to the HTTP port that cannot be held open by saying nothing, or little, or too much.

Uvicorn of itself waits for a request for ever, and takes every connection. Here a connection beyond the limit
is told 503 at once, a head that is too large 431, and whoever lets others wait too long is sent away.
"""

import asyncio
import sys
from typing import Any, ClassVar, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from durahub.edge.certificates import names_of
from durahub.edge.port_limits import (
    BODY_WITHIN,
    DEFAULT_LIMITS,
    HEAD_WITHIN,
    HEADER_BYTES,
)

_END = b"content-length: 0\r\nconnection: close\r\n\r\n"
_TOO_MANY = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\n" + _END
_LATE = b"HTTP/1.1 408 Request Timeout\r\n" + _END
_MALFORMED = "not a request of HTTP/1.1"
_TOO_LARGE = f"the head of the request has more than {HEADER_BYTES} bytes"


CERTIFICATE = "client_certificate"
"""Where a request's state has the names of the certificate that TLS has checked."""


class HttpConnection(H11Protocol):
    """A connection. `limited` makes a class of it for other numbers."""

    most: ClassVar[int] = DEFAULT_LIMITS.connections
    head_within: ClassVar[float] = HEAD_WITHIN
    body_within: ClassVar[float] = BODY_WITHIN
    _timer: asyncio.TimerHandle | None = None
    _awaited: Any = None  # what the timer runs for: h11's state of who sends

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or send it away if there are too many."""
        super().connection_made(
            cast("asyncio.Transport", transport)
        )  # uvloop's is none by its class
        peer = names_of(transport.get_extra_info("peercert"))
        if peer:
            self.app_state = {**self.app_state, CERTIFICATE: peer}
        if len(self.connections) > self.most:
            self.transport.write(_TOO_MANY)
            self.transport.close()
            return
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._unwatch()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes, unless the connection was already sent away."""
        if self.transport.is_closing():
            return
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Go on with the next request, which may have come already, or a part of it."""
        super().on_response_complete()
        if self.conn.trailing_data[0]:
            self._watch()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 (uvicorn's word for it)
        """Answer what is no request: 431 where its head is too large, else 400; it is not quoted."""
        error = sys.exc_info()[1]  # this is called where it is handled, and not given it
        status = getattr(error, "error_status_hint", 400)
        said = (_TOO_LARGE if status == 431 else _MALFORMED).encode()
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()  # an answer is under way; nothing can be put into it
            return
        headers = [("content-type", "text/plain"), ("content-length", str(len(said)))]
        answer = h11.Response(status_code=status, headers=[*headers, ("connection", "close")])
        for event in (answer, h11.Data(data=said), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _watch(self) -> None:
        """Have a timer for what is awaited of the other side, one for all of it: drops do not prolong it."""
        state = self.conn.their_state
        if self.transport.is_closing() or state not in (h11.IDLE, h11.SEND_BODY):
            self._unwatch()
        elif self._timer is None or self._awaited is not state:
            self._unwatch()
            self._awaited = state
            within = self.head_within if state is h11.IDLE else self.body_within
            self._timer = self.loop.call_later(within, self._late)

    def _unwatch(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _late(self) -> None:
        self._timer = None
        if not self.transport.is_closing():
            if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
                self.transport.write(_LATE)
            self.transport.close()


def limited(
    most: int, *, head_within: float = HEAD_WITHIN, body_within: float = BODY_WITHIN
) -> type[HttpConnection]:
    """Return a class of connections of which there are at most *most* at a port."""
    numbers = {"most": most, "head_within": head_within, "body_within": body_within}
    return type("LimitedHttpConnection", (HttpConnection,), numbers)

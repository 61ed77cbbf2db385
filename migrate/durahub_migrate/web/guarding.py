"""What holds for every response and every request: headers that browsers obey, and the names of this host."""

from collections.abc import Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from durahub.errors import UntrustedRequest
from durahub_migrate.web.refusing import refusal
from durahub_migrate.web.who.hosts import is_known, name_of

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class Guarded:
    """Refuses foreign hosts, and gives every response the headers above."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str], *, addresses: bool) -> None:
        self._app = app
        self._hosts = hosts
        self._addresses = addresses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        host = Headers(scope=scope).get("host", "")
        if is_known(host, self._hosts, addresses=self._addresses):
            await self._app(scope, receive, send_guarded)
            return
        foreign = UntrustedRequest(
            f"the monitor does not go by the name {name_of(host)[:80]!r}; if it should, add it to hosts"
        )
        await refusal(foreign)(scope, receive, send_guarded)

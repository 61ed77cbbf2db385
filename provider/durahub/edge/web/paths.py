"""Paths as they were sent, so that an ID may hold what separates the parts of a path.

A server decodes ``%2F`` before an application sees it; then ``a%2Fb/history`` cannot be told from three
parts. Here routes match what was sent, and each handler decodes its own parts. A slash at the end means
nothing.
"""

from urllib.parse import quote, unquote

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send


class SentPaths:
    """Hands requests on with their paths undecoded."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        if scope["type"] == "http":
            scope = dict(scope) | {"path": _sent_path(scope)}
        await self._app(scope, receive, send)


def _sent_path(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or b""
    path = raw.partition(b"?")[0].decode("latin-1") or quote(scope["path"])
    root: str = scope.get("root_path", "")
    # where an application is mounted, it begins at the slash behind that: routers redirect there for ever
    bare = path.rstrip("/")
    return bare if len(bare) > len(root) else f"{root}/"


def part(request: Request, name: str) -> str:
    """Return a part of the path, decoded."""
    return unquote(str(request.path_params[name]))


def quoted(text: str) -> str:
    """Return *text* as one part of a path; ``@`` and ``:`` may stand there as they are."""
    return quote(text, safe="@:")

"""The front end's files: hashed names are kept for ever, ``index.html`` is always fetched anew.

``index.html`` gets ``<base href>`` for where the application is mounted, so its other addresses are relative.
"""

import html
import mimetypes
import re
from pathlib import Path
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import Response

_HASHED = re.compile(r"[-.][A-Za-z0-9_-]{8,}\.\w+$")
FOR_EVER = "public, max-age=31536000, immutable"
NOT_BUILT = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>durahub monitor</title></head>
<body><h1>durahub monitor</h1>
<p>The front end is not built. In a checkout of durahub, with Node 20 or later:</p>
<pre>python3 dev.py ui</pre>
<p>The API is there: <a href="api/openapi.json">api/openapi.json</a>.</p>
</body></html>
"""


def front_end() -> Path:
    """Return the folder that Vite builds into."""
    return Path(__file__).parent / "_ui"


class Files:
    """Serves the files of a folder; whatever is none of them is a page of the front end."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder if folder is not None else front_end()

    async def serve(self, request: Request) -> Response:
        """Answer a request for a file or a page."""
        base = request.scope.get("root_path", "").rstrip("/") + "/"
        path = unquote(request.path_params.get("path", ""))
        file = self._file(path)
        if file is not None and path != "index.html":
            return _file_response(path, file.read_bytes())
        if file is None and path.startswith(("assets/", "api/")):
            return Response("there is no such file", 404, media_type="text/plain")
        return self._page(base)

    def _page(self, base: str) -> Response:
        file = self._file("index.html")
        text = file.read_text("utf-8") if file is not None else NOT_BUILT
        return Response(
            _based(text, base), media_type="text/html", headers={"cache-control": "no-cache"}
        )

    def _file(self, path: str) -> Path | None:
        found = self._folder
        for part in path.split("/"):
            if part in ("", ".", "..") or "\\" in part or "\0" in part:
                return None
            found = found / part
        return found if found.is_file() else None


def _based(text: str, base: str) -> str:
    """Return a page whose addresses begin at *base*; one that the page itself names gives way."""
    without = re.sub(r"<base\b[^>]*>", "", text)
    return without.replace("<head>", f'<head><base href="{html.escape(base)}">', 1)


def _file_response(path: str, content: bytes) -> Response:
    kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
    if path.endswith(".js"):
        kind = "text/javascript"  # some systems' tables say otherwise, and nosniff then refuses it
    kept = FOR_EVER if _HASHED.search(path) else "no-cache"
    return Response(content, media_type=kind, headers={"cache-control": kept})

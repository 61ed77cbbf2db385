"""Signs requests with the account's key; what Azure Storage calls Shared Key and Shared Key Lite.

Only for the requests that we build ourselves (see `transport`); the SDK's clients sign their own.
"""

import base64
import hashlib
import hmac
from email.utils import formatdate
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from azure.core.pipeline import PipelineRequest
from azure.core.pipeline.policies import SansIOHTTPPolicy

from durahub.classic.connection import AccountKey

_SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


class QueueSigner(SansIOHTTPPolicy[Any, Any]):
    """Adds date and signature to requests to the queue service. Stands behind the retry policy."""

    def __init__(self, access: AccountKey) -> None:
        super().__init__()
        self._account = access.account
        self._key = base64.b64decode(access.key)

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Sign *request*, each try with its own date."""
        headers = request.http_request.headers
        headers["x-ms-date"] = formatdate(usegmt=True)
        text = shared_key_text(
            self._account, request.http_request.method, request.http_request.url, dict(headers)
        )
        headers["Authorization"] = f"SharedKey {self._account}:{_sign(self._key, text)}"


class TableSigner(SansIOHTTPPolicy[Any, Any]):
    """Adds date and signature to requests to the table service. Stands behind the retry policy."""

    def __init__(self, access: AccountKey) -> None:
        super().__init__()
        self._account = access.account
        self._key = base64.b64decode(access.key)

    def on_request(self, request: PipelineRequest[Any]) -> None:
        """Sign *request*, each try with its own date."""
        headers = request.http_request.headers
        headers["x-ms-date"] = date = formatdate(usegmt=True)
        text = shared_key_lite_text(self._account, request.http_request.url, date)
        headers["Authorization"] = f"SharedKeyLite {self._account}:{_sign(self._key, text)}"


def shared_key_text(account: str, method: str, url: str, headers: dict[str, str]) -> str:
    """Return the text that is signed for the queue service."""
    lower = {name.lower(): str(value) for name, value in headers.items()}
    if lower.get("content-length") == "0":
        lower["content-length"] = ""
    values = [method, *(lower.get(name, "") for name in _SIGNED_HEADERS)]
    values += [f"{name}:{lower[name]}" for name in sorted(lower) if name.startswith("x-ms-")]
    parts = urlsplit(url)
    values.append(f"/{account}{parts.path}")
    query = sorted((n.lower(), v) for n, v in parse_qsl(parts.query, keep_blank_values=True))
    values += [f"{name}:{value}" for name, value in query]
    return "\n".join(values)


def shared_key_lite_text(account: str, url: str, date: str) -> str:
    """Return the text that is signed for the table service; the path stays as it is encoded."""
    return f"{date}\n/{account}{urlsplit(url).path}"


def _sign(key: bytes, text: str) -> str:
    digest = hmac.new(key, text.encode("utf-8"), hashlib.sha256).digest()
    return base64.b64encode(digest).decode("ascii")

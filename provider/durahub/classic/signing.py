"""Signs requests with the account's key; what Azure Storage calls Shared Key and Shared Key Lite.

Only for the requests that we build ourselves (see `wire`); the SDK's clients sign their own.
"""

import base64
import functools
import hmac
import time
from collections.abc import Mapping
from email.utils import formatdate
from typing import Protocol
from urllib.parse import unquote_plus

from durahub.classic.asked import Asked
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


class Signer(Protocol):
    """Knows an account's key."""

    def sign(self, asked: Asked) -> dict[str, str]:
        """Return the headers of *asked* with the present date and a signature."""


class QueueSigner:
    """Signs requests to the queue service."""

    def __init__(self, access: AccountKey) -> None:
        self._account = access.account
        self._key = base64.b64decode(access.key)

    def sign(self, asked: Asked) -> dict[str, str]:
        """Return the headers of *asked* with the present date and a signature."""
        headers = {**asked.headers, "x-ms-date": http_date()}
        if asked.content:
            headers["Content-Length"] = str(len(asked.content))
        text = shared_key_text(self._account, asked.method, asked.url, headers)
        headers["Authorization"] = f"SharedKey {self._account}:{_sign(self._key, text)}"
        return headers


class TableSigner:
    """Signs requests to the table service."""

    def __init__(self, access: AccountKey) -> None:
        self._account = access.account
        self._key = base64.b64decode(access.key)

    def sign(self, asked: Asked) -> dict[str, str]:
        """Return the headers of *asked* with the present date and a signature."""
        date = http_date()
        text = shared_key_lite_text(self._account, asked.url, date)
        authorization = f"SharedKeyLite {self._account}:{_sign(self._key, text)}"
        return {**asked.headers, "x-ms-date": date, "Authorization": authorization}


def http_date() -> str:
    """Return the present time as HTTP writes it: ``"Sat, 21 Nov 2026 10:11:12 GMT"``."""
    return _date_text(int(time.time()))


@functools.lru_cache(maxsize=1)  # the requests of a second share it
def _date_text(second: int) -> str:
    return formatdate(second, usegmt=True)


def shared_key_text(account: str, method: str, url: str, headers: Mapping[str, str]) -> str:
    """Return the text that is signed for the queue service."""
    lower = {name.lower(): value for name, value in headers.items()}
    if lower.get("content-length") == "0":
        lower["content-length"] = ""
    values = [method, *(lower.get(name, "") for name in _SIGNED_HEADERS)]
    values += sorted(f"{name}:{lower[name]}" for name in lower if name.startswith("x-ms-"))
    path, query = _path_and_query(url)
    values.append(f"/{account}{path}")
    if query:
        values += sorted(_decoded(part) for part in query.split("&"))
    return "\n".join(values)


def shared_key_lite_text(account: str, url: str, date: str) -> str:
    """Return the text that is signed for the table service; the path stays as it is encoded."""
    return f"{date}\n/{account}{_path_and_query(url)[0]}"


def _path_and_query(url: str) -> tuple[str, str]:
    """Return ``"/path"`` and query of an address; urllib's own takes as long as all the rest here."""
    address, _, query = url.partition("?")
    start = address.find("/", address.find("//") + 2)
    return (address[start:] if start > 0 else "", query)


def _decoded(part: str) -> str:
    name, _, value = part.partition("=")
    return f"{unquote_plus(name).lower()}:{unquote_plus(value)}"


def _sign(key: bytes, text: str) -> str:
    return base64.b64encode(hmac.digest(key, text.encode("utf-8"), "sha256")).decode("ascii")

"""Signs requests with the account's key; what Azure Storage calls Shared Key and Shared Key Lite.

Only for the requests that we build ourselves (see `wire`); the SDK's clients sign their own.
"""

import base64
import functools
import hashlib
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
        self._hmac = _keyed(access)

    def sign(self, asked: Asked) -> dict[str, str]:
        """Return the headers of *asked* with the present date and a signature."""
        date = http_date()
        length = str(len(asked.content)) if asked.content else ""
        first, second, third = _head_pieces(asked.method, tuple(asked.headers.items()))
        resource = _resource_text(self._account, asked.path, asked.query)
        signature = _signature(self._hmac, f"{first}{length}{second}{date}{third}\n{resource}")
        authorization = f"SharedKey {self._account}:{signature}"
        return {**asked.headers, "x-ms-date": date, "Authorization": authorization}


class TableSigner:
    """Signs requests to the table service."""

    def __init__(self, access: AccountKey) -> None:
        self._account = access.account
        self._hmac = _keyed(access)

    def sign(self, asked: Asked) -> dict[str, str]:
        """Return the headers of *asked* with the present date and a signature."""
        date = http_date()
        signature = _signature(self._hmac, shared_key_lite_text(self._account, asked.path, date))
        authorization = f"SharedKeyLite {self._account}:{signature}"
        return {**asked.headers, "x-ms-date": date, "Authorization": authorization}


def http_date() -> str:
    """Return the present time as HTTP writes it: ``"Sat, 21 Nov 2026 10:11:12 GMT"``."""
    return _date_text(int(time.time()))


@functools.lru_cache(maxsize=1)  # the requests of a second share it
def _date_text(second: int) -> str:
    return formatdate(second, usegmt=True)


def shared_key_text(
    account: str, method: str, path: str, query: str, headers: Mapping[str, str]
) -> str:
    """Return the text that is signed for the queue service."""
    return f"{_head_text(method, headers)}\n{_resource_text(account, path, query)}"


def shared_key_lite_text(account: str, path: str, date: str) -> str:
    """Return the text that is signed for the table service; the path stays as it is encoded."""
    return f"{date}\n/{account}{path}"


def _head_text(method: str, headers: Mapping[str, str]) -> str:
    lower = {name.lower(): value for name, value in headers.items()}
    if lower.get("content-length") == "0":
        lower["content-length"] = ""
    values = [method, *(lower.get(name, "") for name in _SIGNED_HEADERS)]
    values += [f"{name}:{lower[name]}" for name in sorted(lower) if name.startswith("x-ms-")]
    return "\n".join(values)


@functools.lru_cache(maxsize=64)  # few requests differ in more than length and date
def _head_pieces(method: str, headers: tuple[tuple[str, str], ...]) -> tuple[str, str, str]:
    """Return what is signed of the headers before, between and behind length and date."""
    gaps = {"Content-Length": "\0", "x-ms-date": "\1"}  # what no header can hold
    first, _, rest = _head_text(method, {**dict(headers), **gaps}).partition("\0")
    second, _, third = rest.partition("\1")
    return first, second, third


def _resource_text(account: str, path: str, query: str) -> str:
    arguments = sorted(map(_argument, query.split("&"))) if query else ()
    return "\n".join((f"/{account}{path}", *(f"{name}:{value}" for name, value in arguments)))


def _argument(part: str) -> tuple[str, str]:
    name, _, value = part.partition("=")
    return name.lower(), unquote_plus(value)


def _keyed(access: AccountKey) -> hmac.HMAC:
    """Return what signs nothing yet: a copy of it needs not take up the key again."""
    return hmac.new(base64.b64decode(access.key), digestmod=hashlib.sha256)


def _signature(keyed: hmac.HMAC, text: str) -> str:
    signed = keyed.copy()
    signed.update(text.encode("utf-8"))
    return base64.b64encode(signed.digest()).decode("ascii")

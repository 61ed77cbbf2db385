"""A request to the simulated account and what it answers: HTTP, as far as storage's clients look at it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit
from xml.sax.saxutils import escape


@dataclass(frozen=True, slots=True)
class Request:
    """A request to one service; ``path`` follows the endpoint and is decoded, header names are lower case."""

    service: str  # "table", "queue" or "blob"
    method: str
    path: str
    raw_path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def is_listing(self) -> bool:
        """Whether it asks for a list of what there is."""
        return self.query.get("comp") == "list"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Refused(Exception):
    """Storage says no, with a status and a code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


def request_to(
    service: str, endpoint: str, method: str, url: str, headers: Mapping[str, str], body: bytes
) -> Request:
    """Return the request to *url*, which begins with *endpoint*."""
    parts = urlsplit(url[len(endpoint) :])
    raw = parts.path.lstrip("/")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    lower = {name.lower(): value for name, value in headers.items()}
    return Request(service, method, unquote(raw), raw, query, lower, body)


def refusal(service: str, refused: Refused) -> Reply:
    """Return the answer that says no, in the form of the service."""
    headers = {"x-ms-error-code": refused.code}
    if service == "table":
        return json_reply(refused.status, error_json(refused.code), headers)
    text = f"<Error><Code>{escape(refused.code)}</Code><Message>simulated</Message></Error>"
    return xml_reply(refused.status, text, headers)


def error_json(code: str, index: int | None = None) -> dict[str, Any]:
    """Return the table service's error; *index* is that of the operation of a transaction."""
    said = "simulated" if index is None else f"{index}:simulated"
    return {"odata.error": {"code": code, "message": {"lang": "en-US", "value": said}}}


def json_reply(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Reply:
    """Return an answer of JSON."""
    kind = {"Content-Type": "application/json;odata=minimalmetadata;charset=utf-8"}
    return Reply(status, {**kind, **(headers or {})}, json.dumps(value).encode())


def xml_reply(status: int, text: str, headers: Mapping[str, str] | None = None) -> Reply:
    """Return an answer of XML."""
    content = f'<?xml version="1.0" encoding="utf-8"?>{text}'.encode()
    return Reply(status, {"Content-Type": "application/xml", **(headers or {})}, content)

"""Asks an identity provider over HTTP: over TLS alone, nowhere but where it was told, and not for long."""

import json
from collections.abc import Mapping
from typing import Any

import aiohttp

from durahub.authorization.loopback import is_safe

SECONDS = 10.0
LARGEST = 1024 * 1024  # bytes of a document


async def fetch_json(
    url: str, form: Mapping[str, str] | None = None, *, within: float = SECONDS
) -> Mapping[str, Any]:
    """Return the JSON object at *url*; a *form* is posted there, which may have secrets.

    Redirects are not followed: they would lead where nobody has said that it may be asked. Certificates are
    those that OpenSSL trusts, and those in ``SSL_CERT_FILE``. Raises `ValueError`, `OSError`,
    `asyncio.TimeoutError`; what these say has nothing of the form or of the answer.
    """
    if not is_safe(url):
        raise ValueError("it may be asked over https alone")
    limit = aiohttp.ClientTimeout(total=within)
    headers = {"accept": "application/json"}
    method = "GET" if form is None else "POST"
    try:
        async with (
            aiohttp.ClientSession(timeout=limit, trust_env=True) as session,
            session.request(
                method, url, data=form, headers=headers, allow_redirects=False
            ) as answer,
        ):
            if answer.status != 200:
                raise ValueError(f"it answers {answer.status}")
            body = bytearray()
            async for chunk in answer.content.iter_chunked(64 * 1024):
                body += chunk
                if len(body) > LARGEST:
                    raise ValueError("its answer is too large")
    except aiohttp.ClientError as error:
        raise OSError(type(error).__name__) from None
    return _object(bytes(body))


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except RecursionError:
        raise ValueError("its answer is nested too deep") from None
    except ValueError:
        raise ValueError("its answer is no JSON") from None
    if not isinstance(document, dict):
        raise ValueError("its answer is no JSON object")
    return document

"""Continuation tokens in a header: any text of a store, as what a header may hold."""

import base64
import binascii

from durahub.errors import BadRequest

HEADER = "x-ms-continuation-token"


def to_header(token: str | None) -> str:
    """Return the header's value, empty where there is no next page."""
    return base64.urlsafe_b64encode(token.encode()).decode().rstrip("=") if token else ""


def from_header(value: str) -> str | None:
    """Return the token, ``None`` for an empty value. Raises `BadRequest` for what we never gave out."""
    if not value.strip():
        return None
    try:
        padded = value.strip() + "=" * (-len(value.strip()) % 4)
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError, ValueError):
        raise BadRequest(f"{HEADER} is none that this server gave out") from None

"""Static tokens: long random texts of which only a hash is kept."""

import hashlib
import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from durahub.model.ticks import Ticks

LEAST = 24
"""Characters of a token, at least: a short one could be guessed, and its hash turned back."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token by its name. *digest* is the SHA-256 of its UTF-8 bytes, in hexadecimal."""

    name: str
    digest: str = field(repr=False)
    expires: Ticks | None = None


def digest_of(token: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def new_token() -> str:
    """Return a token that nobody can guess."""
    return secrets.token_urlsafe(32)


def find_token(given: str, known: Iterable[Token]) -> Token | None:
    """Return the token that was given; takes the same time whichever it is, or none."""
    digest = digest_of(given)
    found = None
    for one in known:
        if hmac.compare_digest(digest, one.digest):
            found = one
    return found

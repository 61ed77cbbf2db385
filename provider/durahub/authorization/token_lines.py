"""The lines of a file of static tokens: who reads them knows no token.

::

    # name   SHA-256 of the token          until when, if not for ever
    shop     sha256:9f86d081884c7d65…
    grafana  sha256:60303ae22b998861…      2027-01-31
"""

import re

from durahub.authorization.static_tokens import Token
from durahub.model.ticks import Ticks, parse, to_text

EXPECTED = "NAME sha256:DIGEST, and a date or a time until which the token counts"
_NAME = re.compile(r"[^\s=:;,#]{1,200}")
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class BadTokenLine(ValueError):
    """A line that tells no token; its text is not in here, as it may be one. *number* is from 1."""

    def __init__(self, number: int, problem: str) -> None:
        super().__init__(problem)
        self.number = number


def tokens_of(text: str) -> tuple[Token, ...]:
    """Return the tokens in a file's text. Raises `BadTokenLine`."""
    found: dict[str, Token] = {}
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        token = _token(number, words)
        if token.name in found:
            raise BadTokenLine(number, f"the token {token.name} is there twice")
        found[token.name] = token
    return tuple(found.values())


def line_of(token: Token) -> str:
    """Return the line of a token, without an end of line."""
    until = "" if token.expires is None else f" {to_text(token.expires)}"
    return f"{token.name} sha256:{token.digest}{until}"


def is_name(text: str) -> bool:
    """Tell whether a token can be called so."""
    return _NAME.fullmatch(text) is not None


def moment(text: str) -> Ticks:
    """Return when *text* is: a date is its beginning, what has no zone is UTC. Raises `ValueError`."""
    return parse(f"{text}T00:00:00Z" if _DATE.fullmatch(text) else text)


def _token(number: int, words: list[str]) -> Token:
    digest = _DIGEST.fullmatch(words[1]) if len(words) in (2, 3) else None
    if digest is None or not is_name(words[0]):
        raise BadTokenLine(number, f"expected {EXPECTED}")
    try:
        expires = moment(words[2]) if len(words) == 3 else None
    except ValueError:
        raise BadTokenLine(number, "expected a date or a time, such as 2027-01-31") from None
    return Token(words[0], digest[1].lower(), expires)

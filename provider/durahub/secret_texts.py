"""Hides what looks like a secret in a text that is told: somebody may have put one anywhere.

Known by what stands before it (``AccountKey=``, ``sig=``, ``Password=``, the user of a URL), or by its form:
keys of storage accounts are Base64. A password that stands alone looks like any other word.
"""

import re

HIDDEN = "…"
_NAMED = re.compile(
    r"""(?ix)
    ( (?<![a-z]) (?: (?:account|shared\ ?access|access)? \ ? key | sharedaccesssignature | sig
      | password | passwd | pwd | (?:client)?_?secret | token ) ["']? \s* =
    | [?&] code = ) \s*
    [^;&\s'",)\]}]+
    """
)
_USER = re.compile(rf"(://[^/\s:@]*:)(?!\d+(?:$|[^\w@]))[^/\s@]+(@|{HIDDEN}|$)")
_KEY = re.compile(
    rf"(?<![\w+/])(?=[\w+/]*[A-Z])(?=[\w+/]*[a-z])(?=[\w+/]*\d)[A-Za-z0-9+/]{{40,}}(?:={{1,2}}|{HIDDEN})"
)


def hidden(text: str) -> str:
    """Return *text* with a mark in the place of each secret: ``AccountKey=…``."""
    text = _NAMED.sub(rf"\1{HIDDEN}", text)
    text = _USER.sub(rf"\1{HIDDEN}@", text)
    return _KEY.sub(HIDDEN, text)

r"""The words of a query and where they stand.

A value is bare or in double quotes; what a ``\`` does is the same in both, see `patterns.canonical`.
"""

import re
from dataclasses import dataclass

_ESCAPED = r'\\[*"\\]'
_QUOTED = rf'"(?:{_ESCAPED}|\\(?![*"\\])|[^"\\])*"'
_BARE = rf'(?:{_ESCAPED}|[^\s()|"])+'
VALUE = re.compile(rf"(?P<quoted>{_QUOTED})|(?P<bare>{_BARE})")
FIELD = re.compile(
    rf'(?P<name>[A-Za-z][A-Za-z0-9_-]*(?:\.(?P<tag>{_QUOTED}|[^\s:~<>="()|\\]+))?)'
    r"(?P<relation><=|>=|=|<|>|:|~)"
)
TAG_NAME = re.compile(r'[^\s:~<>="()|\\]+')
BLANKS = re.compile(r"\s*")
_QUOTE = re.compile(r'\\(["\\])')


@dataclass(frozen=True, slots=True)
class Place:
    """A condition of a query that was read: its *field* and where it stands, a minus before it included.

    *alone* tells that the text can be cut out there, and all other conditions hold as before.
    """

    field: str
    start: int
    end: int
    alone: bool = False


def unquoted(quoted: str) -> str:
    """Return what stands between the quotes, its escapes as they are."""
    return quoted[1:-1]


def tag_name(typed: str) -> str:
    """Return the name of a tag, bare or quoted."""
    return _QUOTE.sub(r"\1", unquoted(typed)) if typed.startswith('"') else typed

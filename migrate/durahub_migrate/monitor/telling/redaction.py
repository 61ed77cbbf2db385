"""The hook through which every payload goes before anybody sees it, and a default that masks by name.

A hook gets a whole text and returns it, changed or not: it sees more than what is shown, for a text is cut
afterwards. `masked` hides the values of JSON members that are called like a secret, and what looks like one
in plain text; the rest of the text stays as it was written, number for number.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from durahub.model.json_text import loads
from durahub.secret_texts import hidden

MASK = "…"
SECRET_NAMES = (
    "password",
    "passwd",
    "pwd",
    "secret",
    "token",
    "apikey",
    "accountkey",
    "accesskey",
    "privatekey",
    "connectionstring",
    "credential",
    "authorization",
)
"""Parts of the names of members, without case, hyphens and underscores, whose values are hidden."""

_DEEPEST = 4  # JSON in texts of JSON
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_COLON = re.compile(r"\s*:\s*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class RedactionPlace:
    """Where a text stands.

    *member* is ``input``, ``result``, ``failure``, ``output``, ``customStatus``, ``state``, ``reason`` or
    ``message`` (an entity message as it was sent).
    *event* is the number of the event, ``None`` for what stands in the instance's row; *name* that of the
    activity, child, event or operation, else of the orchestration or entity.
    """

    instance_id: str
    member: str
    name: str | None = None
    event: int | None = None


Redact: TypeAlias = Callable[[RedactionPlace, str], str]
"""Returns what may be seen of a text. What it leaves unchanged is not called redacted."""


def nothing(place: RedactionPlace, text: str) -> str:  # noqa: ARG001 (the hook's form)
    """Return *text* as it is: the hook where nothing is redacted."""
    return text


def by_name(place: RedactionPlace, text: str) -> str:  # noqa: ARG001 (the hook's form)
    """Return *text* with what is called like a secret masked: the default hook where one is wanted."""
    return masked(text)


def masked(text: str) -> str:
    """Return *text* with a mark in the place of each secret; a text that was cut may end in one."""
    return hidden(masked_members(text, is_secret_name))


def masked_members(text: str, is_meant: Callable[[str], bool], depth: int = _DEEPEST) -> str:
    """Return *text* with a mark for the values of the JSON members whose names, in quotes, are meant."""
    kept: list[str] = []
    done = 0
    for found in _STRING.finditer(text):
        if found.start() < done:
            continue  # within a value that is hidden
        colon = _COLON.match(text, found.end())
        if colon is not None:
            if is_meant(found[0]) and not text.startswith("null", colon.end()):
                kept += text[done : colon.end()], f'"{MASK}"'
                done = _end_of_value(text, colon.end())
        elif depth and '\\"' in found[0]:
            inner = _masked_string(found[0], is_meant, depth - 1)
            kept += text[done : found.start()], inner
            done = found.end()
    kept.append(text[done:])
    return "".join(kept)


def is_secret_name(name: str) -> bool:
    """Tell whether a member of that name holds a secret, by its name."""
    plain = name.casefold().replace("_", "").replace("-", "")
    return any(one in plain for one in SECRET_NAMES)


def _end_of_value(text: str, start: int) -> int:
    """Return where the JSON value at *start* ends; of a text that was cut, the end of the text."""
    try:
        return _DECODER.raw_decode(text, start)[1]
    except (ValueError, RecursionError):
        return len(text)


def _masked_string(token: str, is_meant: Callable[[str], bool], depth: int) -> str:
    """Return a JSON string whose text may be JSON itself."""
    try:
        inner = loads(token)
    except ValueError:
        return token
    shown = masked_members(inner, is_meant, depth)
    return token if shown == inner else json.dumps(shown, ensure_ascii=False)

"""Names in texts for Mermaid: whatever they hold, they are names and nothing else.

Letters, digits, spaces and ``_ - . /`` stand for themselves, every other character as an entity of Mermaid's:
``#59;`` for a semicolon. So no name can end a line, open a directive (``%%{``), a string, a keyword's
argument (``:``) or an element of HTML. A gantt takes words and dates at the beginning of a line for its own:
where a name begins so, its first character is an entity as well.

Mermaid makes an HTML entity of each when it draws (``encodeEntities`` in its ``utils``), which is text, too.
"""

import re

LONGEST = 120  # characters of a name
NAMELESS = "(no name)"

_WORDS = (
    *("acc", "axisformat", "call", "click", "dateformat", "excludes", "gantt", "href", "includes"),
    *("inclusive", "section", "tickinterval", "title", "todaymarker", "topaxis", "vert", "weekday"),
    "weekend",
)
_PLAIN = frozenset("_-./ ")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_HALF = re.compile("[\ud800-\udfff\ufffe\uffff]")


def shown_name(text: str | None) -> str:
    """Return *text* in one line, cut where it is very long."""
    one_line = _HALF.sub("\ufffd", _CONTROL.sub(" ", text or "")).strip()
    if len(one_line) > LONGEST:
        one_line = one_line[: LONGEST - 1] + "…"
    return one_line or NAMELESS


def quoted(text: str | None) -> str:
    """Return a name as it may stand anywhere in a line behind its beginning."""
    return "".join(map(_quoted, shown_name(text)))


def leading(text: str | None) -> str:
    """Return a name as it may stand at the beginning of a line of a gantt."""
    name = shown_name(text)
    if name[0].isalpha() and not name.casefold().startswith(_WORDS):
        return quoted(name)
    return f"#{ord(name[0])};" + "".join(map(_quoted, name[1:]))


def _quoted(character: str) -> str:
    return character if character.isalnum() or character in _PLAIN else f"#{ord(character)};"

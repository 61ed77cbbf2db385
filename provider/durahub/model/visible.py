"""Texts of others, shown to people: nothing in them is an order to a terminal, or a line of its own.

Names and payloads may hold escape sequences, ends of lines, and marks that turn the direction of writing.
"""

import unicodedata

_PICTURES = 0x2400  # the block in which each control character has a picture
_DELETE = 0x7F
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, *, lines: bool = False) -> str:
    """Return *text* with a picture or an escape for what is not to be seen; with *lines* line ends stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(one, lines=lines) for one in text)


def _visible(character: str, *, lines: bool) -> str:
    code = ord(character)
    if character == "\n" and lines:
        return character
    if code < 0x20:
        return chr(_PICTURES + code)
    if code == _DELETE:
        return "\u2421"
    if unicodedata.category(character) in _UNSEEN:
        return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
    return character

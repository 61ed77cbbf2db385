"""Strings of Bicep: what the escapes in them stand for."""

import re

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t"}
_ESCAPED = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|(.))", re.DOTALL)


def unescaped(data: bytes) -> str:
    """Return the text of a string's bytes; what is no character becomes ``U+FFFD``."""
    return _ESCAPED.sub(_character, data.decode("utf-8", "replace"))


def _character(found: re.Match[str]) -> str:
    if found[1]:
        code = int(found[1], 16)
        return chr(code) if code < 0xD800 or 0xDFFF < code <= 0x10FFFF else "\ufffd"
    return _ESCAPES.get(found[2], found[2])

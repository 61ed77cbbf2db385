"""JSON as .NET's ``System.Text.Json`` writes it by default: ASCII, with nothing in a text that HTML knows.

Source: ``JavaScriptEncoder.Default``; the Java SDK's ``HtmlSafeJsonEscapes`` is of the same.
"""

import re
from collections.abc import Mapping

Value = str | int | bool | Mapping[str, "Value"]

_SHORT = {"\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}
_UNSAFE = re.compile(r"""[^ !#$%(-*,-;=?-\[\]-_a-~]""")
_LONE = "\\uFFFD"  # what .NET makes of half of a surrogate pair


def encode(found: Value) -> str:
    """Return the JSON of *found*, members in their order, without spaces."""
    match found:
        case bool():
            return "true" if found else "false"
        case int():
            return str(found)
        case str():
            return f'"{_UNSAFE.sub(_escaped, found)}"'
        case _:
            members = (f"{encode(name)}:{encode(one)}" for name, one in found.items())
            return "{" + ",".join(members) + "}"


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    if character in _SHORT:
        return _SHORT[character]
    code = ord(character)
    if code > 0xFFFF:
        code -= 0x10000
        return f"\\u{0xD800 + (code >> 10):04X}\\u{0xDC00 + (code & 0x3FF):04X}"
    return _LONE if 0xD800 <= code <= 0xDFFF else f"\\u{code:04X}"

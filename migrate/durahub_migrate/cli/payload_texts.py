"""Payloads as people give them: a text, ``@FILE``, or ``-`` for what comes on stdin."""

import sys
from pathlib import Path

from durahub.cli.text_file import read_text
from durahub.errors import BadRequest


def payload(text: str | None) -> str | None:
    """Return a payload. Raises `BadSettingsFile` for a file that cannot be read, `BadRequest`."""
    if text == "-":
        try:
            return sys.stdin.buffer.read().decode("utf-8-sig")
        except UnicodeDecodeError:
            raise BadRequest("what comes on stdin is not UTF-8") from None
    if text is not None and text.startswith("@"):
        return read_text(Path(text[1:]))
    return text

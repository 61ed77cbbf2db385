"""The text of a file, whatever it is encoded in, and back to the same bytes."""

import codecs
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text without its byte order mark; *mark* are that mark's bytes, perhaps none."""

    text: str
    encoding: str = "utf-8"
    mark: bytes = b""

    def encoded(self, text: str) -> bytes:
        """Return *text* as the file would hold it."""
        return self.mark + text.encode(self.encoding)


class Undecodable(ValueError):
    """Bytes that are no text; *line* is the first, from 1, that holds such."""

    def __init__(self, sentence: str, line: int = 1) -> None:
        super().__init__(sentence)
        self.line = line


def decoded(data: bytes) -> Decoded:
    """Return the text of a file: UTF-8, or UTF-16 with a byte order mark. Raises `Undecodable`."""
    mark, encoding = next((one for one in _MARKS if data.startswith(one[0])), (b"", "utf-8"))
    body = data[len(mark) :]
    try:
        text = body.decode(encoding)
    except UnicodeDecodeError as error:
        before = body[: error.start].decode(encoding, "replace")
        said = f"not {encoding.upper().removesuffix('-LE').removesuffix('-BE')} text"
        raise Undecodable(said, before.count("\n") + 1) from None
    if "\0" in text:
        raise Undecodable(
            "not text: it holds null characters", text[: text.index("\0")].count("\n") + 1
        )
    return Decoded(text, encoding, mark)

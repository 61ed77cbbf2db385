"""Where things stand in a text: from bytes or characters to lines and columns."""

from bisect import bisect_left, bisect_right

from durahub_migrate.lint.place import Span


class Positions:
    """The places of *text*. Lines end with a line feed; columns count characters, offsets UTF-8 bytes."""

    def __init__(self, text: str) -> None:
        self.data = text.encode("utf-8", "surrogatepass")
        self._lines = [0, *_ends(self.data)]
        # The bytes that begin no character: as many fewer characters than bytes stand before an offset.
        self._inner = (
            [] if text.isascii() else [i for i, b in enumerate(self.data) if b & 0xC0 == 0x80]
        )

    def span(self, start: int, stop: int) -> Span:
        """Return the span of the bytes from *start* to *stop*."""
        return Span(*self._at(start), *self._at(stop), start, stop)

    def span_of_characters(self, start: int, stop: int) -> Span:
        """Return the span of the characters from *start* to *stop*, from 0."""
        return self.span(self._byte(start), self._byte(stop))

    def span_of_line(self, line: int) -> Span:
        """Return the span of line number *line*, from 1, without what ends it; at most the last."""
        number = min(max(line, 1), len(self._lines)) - 1
        stop = self._lines[number + 1] - 1 if number + 1 < len(self._lines) else len(self.data)
        start = self._lines[number]
        return self.span(start, start + len(self.data[start:stop].rstrip(b"\r")))

    def _at(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._lines, offset)
        return line, self._characters(offset) - self._characters(self._lines[line - 1]) + 1

    def _characters(self, offset: int) -> int:
        return offset - bisect_left(self._inner, offset)

    def _byte(self, character: int) -> int:
        if not self._inner:
            return min(character, len(self.data))
        low, high = character, len(self.data)
        while low < high:  # the first offset with so many characters before it
            middle = (low + high) // 2
            if self._characters(middle) < character:
                low = middle + 1
            else:
                high = middle
        return low


def _ends(data: bytes) -> list[int]:
    return [i + 1 for i, b in enumerate(data) if b == 0x0A]

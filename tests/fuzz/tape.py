"""What a process that fuzzes lets its parent see at all times: its counts, and the input that it is at.

It is memory that both share. So an input that kills the process, or that it never comes back from, is known.
"""

import mmap
import struct

_COUNTS = struct.Struct("<QQQ")  # executions, bytes, length of the input


class Tape:
    """The memory; *largest* bytes of an input are kept."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._memory = mmap.mmap(-1, _COUNTS.size + largest)

    def begin(self, data: bytes) -> None:
        """Count an input that is about to be read."""
        executions, size, _ = _COUNTS.unpack_from(self._memory)
        kept = data[: self._largest]
        _COUNTS.pack_into(self._memory, 0, executions + 1, size + len(data), len(kept))
        self._memory[_COUNTS.size : _COUNTS.size + len(kept)] = kept

    @property
    def executions(self) -> int:
        """How many inputs were begun."""
        return int(_COUNTS.unpack_from(self._memory)[0])

    @property
    def size(self) -> int:
        """The bytes of all of them."""
        return int(_COUNTS.unpack_from(self._memory)[1])

    @property
    def last(self) -> bytes:
        """The input that was begun last."""
        length = _COUNTS.unpack_from(self._memory)[2]
        return bytes(self._memory[_COUNTS.size : _COUNTS.size + length])

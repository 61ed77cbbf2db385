"""What a process that fuzzes lets its parent see at all times: counts, a digest, the input that it is at.

It is memory that both share. So an input that kills the process, or that it never comes back from, is known.
"""

import hashlib
import mmap
import struct

_DIGEST = 16  # bytes
_COUNTS = struct.Struct(f"<QQQ{_DIGEST}s")  # executions, bytes, length of the input, digest


class Tape:
    """The memory; *largest* bytes of an input are kept."""

    def __init__(self, largest: int) -> None:
        self._largest = largest
        self._memory = mmap.mmap(-1, _COUNTS.size + largest)
        self._all = hashlib.blake2b(digest_size=_DIGEST)

    def begin(self, data: bytes) -> None:
        """Count an input that is about to be read."""
        executions, size, _, _ = _COUNTS.unpack_from(self._memory)
        kept = data[: self._largest]
        self._all.update(len(data).to_bytes(8, "little") + data)
        digest = self._all.digest()
        _COUNTS.pack_into(self._memory, 0, executions + 1, size + len(data), len(kept), digest)
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
    def digest(self) -> str:
        """A digest of all of them, in their order: where it is the same, the same was tried."""
        return bytes(_COUNTS.unpack_from(self._memory)[3]).hex()

    @property
    def last(self) -> bytes:
        """The input that was begun last."""
        length = _COUNTS.unpack_from(self._memory)[2]
        return bytes(self._memory[_COUNTS.size : _COUNTS.size + length])

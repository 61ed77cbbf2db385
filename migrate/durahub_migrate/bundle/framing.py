"""Records behind each other, in files of zstd: frames with their checksums, of whole records.

A decoder of zstd gives the content of all frames, one behind the other. Whoever knows where a frame begins
can begin there: a record's place is that of its frame in the file, and its own in the frame's content.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import zstandard

from durahub_migrate.bundle.canonical import varint
from durahub_migrate.bundle.manifest import Member

LARGEST_SEGMENT = 64 * 1024 * 1024
"""Bytes before compression; a record that alone is larger has a segment of its own."""

FRAME = 1024 * 1024
"""Bytes of content from which on a frame ends with the record that is in it."""

LARGEST_RECORD = 512 * 1024 * 1024
_LEVEL = 3
_PIECE = 4096  # bytes that are unpacked at a time: at worst they become 32,768 times as many


class Cut(Exception):
    """A segment ends within a record, or what it holds is not zstd."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a record stands: *frame* is a place in the file, *offset* one in that frame's content."""

    frame: int
    offset: int


class SegmentWriter:
    """Writes one file."""

    def __init__(self, folder: Path, path: str, first_ordinal: int = 0) -> None:
        self.path = path
        self._first_ordinal = first_ordinal
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        self._file: IO[bytes] = target.open("wb")
        self._compressor = zstandard.ZstdCompressor(
            level=_LEVEL, write_checksum=True, write_content_size=False
        )
        self._frame: zstandard.ZstdCompressionObj | None = None
        self._frame_size = 0  # of its content, so far
        self._frame_at = 0
        self._hash, self._content_hash = hashlib.sha256(), hashlib.sha256()
        self._size = 0
        self.content_size = 0
        self.records = 0
        self._first: str | None = None
        self._last = ""

    def add(self, record: bytes, key: str) -> Spot:
        """Write a record of the instance *key*; return where it stands."""
        if self._frame is None:
            self._frame = self._compressor.compressobj()
            self._frame_at, self._frame_size = self._size, 0
        spot = Spot(self._frame_at, self._frame_size)
        content = varint(len(record)) + record
        self._content_hash.update(content)
        self.content_size += len(content)
        self._frame_size += len(content)
        self._put(self._frame.compress(content))
        self.records += 1
        if self._first is None:
            self._first = key
        self._last = key
        if self._frame_size >= FRAME:
            self._end_frame()
        return spot

    def close(self) -> Member:
        """End the file; return what the manifest says of it."""
        self._end_frame()
        self._file.close()
        return Member(
            path=self.path,
            sha256=self._hash.hexdigest(),
            size=self._size,
            content_sha256=self._content_hash.hexdigest(),
            content_size=self.content_size,
            records=self.records,
            first_ordinal=self._first_ordinal,
            first=self._first or "",
            last=self._last,
        )

    def abandon(self) -> None:
        """Close the file as it is."""
        self._file.close()

    def _end_frame(self) -> None:
        if self._frame is not None:
            self._put(self._frame.flush())
            self._frame = None

    def _put(self, compressed: bytes) -> None:
        if compressed:
            self._hash.update(compressed)
            self._size += len(compressed)
            self._file.write(compressed)


class _Frame:
    """The frame that begins where *file* stands, of which *begun* was read already."""

    def __init__(self, file: IO[bytes], begun: bytes = b"") -> None:
        self._file = file
        self._begun = begun
        self.size = 0  # of the frame in the file, once it was read
        self.left = b""  # what was read behind it

    def pieces(self) -> Iterator[bytes]:
        """Yield the content. Raises `Cut`."""
        decompressor = zstandard.ZstdDecompressor().decompressobj()
        piece = self._begun or self._file.read(_PIECE)
        while piece:
            self.size += len(piece)
            try:
                content = decompressor.decompress(piece)
            except zstandard.ZstdError:
                raise Cut("it cannot be decompressed") from None
            yield content
            if decompressor.eof:
                self.left = decompressor.unused_data
                self.size -= len(self.left)
                return
            piece = self._file.read(_PIECE)
        raise Cut("it is cut off")


def unpacked(file: IO[bytes]) -> Iterator[bytes]:
    """Yield the content of a file of one frame, in pieces. Raises `Cut`."""
    frame = _Frame(file)
    yield from frame.pieces()
    if frame.left or file.read(1):
        raise Cut("it goes on behind its end")


def located(file: IO[bytes]) -> Iterator[tuple[Spot, bytes]]:
    """Yield the records of a segment, each with where it stands. Raises `Cut`."""
    at, begun = 0, b""
    while True:
        frame = _Frame(file, begun)
        offset = 0
        for body in records(frame.pieces()):
            yield Spot(at, offset), body
            offset += len(varint(len(body))) + len(body)
        at += frame.size
        begun = frame.left or file.read(_PIECE)
        if not begun:
            return


def frame_at(file: IO[bytes], at: int, most: int) -> tuple[bytes, int]:
    """Return the content of the frame that begins at *at*, and where the next one does. Raises `Cut`.

    *most* is how many bytes of content there can be.
    """
    file.seek(at)
    frame = _Frame(file)
    content = bytearray()
    for piece in frame.pieces():
        content += piece
        if len(content) > most:
            raise Cut("it has more content than the manifest says")
    return bytes(content), at + frame.size


def records_from(content: bytes, offset: int) -> Iterator[bytes]:
    """Yield the records in the content of a frame from *offset* on. Raises `Cut`."""
    at = offset
    while at < len(content):
        length, begin = _length(content, at)
        if begin is None or len(content) - begin < length:
            raise Cut("it ends within a record")
        at = begin + length
        yield content[begin:at]


def records(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the records in *pieces*. Raises `Cut`."""
    held = bytearray()
    at = 0
    for piece in pieces:
        held += piece
        while True:
            length, begin = _length(held, at)
            if begin is None or len(held) - begin < length:
                break
            yield bytes(held[begin : begin + length])
            at = begin + length
        del held[:at]
        at = 0
    if held:
        raise Cut("it ends within a record")


def _length(held: bytearray | bytes, at: int) -> tuple[int, int | None]:
    """Return the length of the record at *at* and where it begins; ``None`` if that is not there yet."""
    number, shift = 0, 0
    for index in range(at, min(len(held), at + 10)):
        number |= (held[index] & 0x7F) << shift
        shift += 7
        if held[index] < 0x80:
            if number > LARGEST_RECORD:
                raise Cut("a record is longer than any can be")
            return number, index + 1
    if len(held) - at >= 10:
        raise Cut("a length cannot be read")
    return 0, None

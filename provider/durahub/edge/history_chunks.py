"""A history cut into messages that every client can receive."""

from durabletask.internal import orchestrator_service_pb2 as pb

CHUNK_BYTES = 256 * 1024

_FRAMING = 5
"""Bytes around an event in its chunk, at most: a tag and a length below 256 MiB."""


class HistoryChunks:
    """Collects events; gives a chunk whenever the next event would not fit.

    An event larger than *most_bytes* gets a chunk of its own.
    """

    def __init__(self, most_bytes: int = CHUNK_BYTES) -> None:
        self._most_bytes = most_bytes
        self._chunk = pb.HistoryChunk()
        self._filled = 0

    def add(self, event: pb.HistoryEvent) -> pb.HistoryChunk | None:
        """Take *event*; return the chunk before it if that is full."""
        size = event.ByteSize() + _FRAMING
        full = None
        if self._chunk.events and self._filled + size > self._most_bytes:
            full, self._chunk, self._filled = self._chunk, pb.HistoryChunk(), 0
        self._chunk.events.append(event)
        self._filled += size
        return full

    def rest(self) -> pb.HistoryChunk | None:
        """Return what is left, ``None`` if nothing is."""
        return self._chunk if self._chunk.events else None

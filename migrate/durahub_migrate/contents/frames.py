"""Records of a bundle at any place, each segment hashed before the first of it is given."""

import threading
from collections import OrderedDict
from collections.abc import Iterator

from google.protobuf.message import DecodeError

from durahub.errors import BadBundle
from durahub_migrate.bundle import framing, layout
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.framing import Cut, Spot
from durahub_migrate.bundle.manifest import Member
from durahub_migrate.bundle.reader import BundleReader

KEPT = 4
"""Frames in memory: who reads tree by tree unpacks each but once."""

LARGEST_KEPT = 4 * framing.FRAME


class Frames:
    """Reads records by their places; from several threads, too."""

    def __init__(self, reader: BundleReader) -> None:
        self._reader = reader
        self._segments = [one for one in reader.manifest.files if layout.kind_of(one.path)]
        self._numbers = {one.path: number for number, one in enumerate(self._segments)}
        self._kept: OrderedDict[tuple[str, int], tuple[bytes, int]] = OrderedDict()
        self._checked: set[str] = set()
        self._lock = threading.Lock()

    def records(self, path: str, spot: Spot, ordinal: int, count: int) -> Iterator[hb.Record]:
        """Yield *count* records from a place of a segment on, the first of which has that ordinal.

        Raises `BadBundle`. Their large texts are in their places.
        """
        numbers = ((spot.frame, 0), (spot.offset, 0), (ordinal, 0), (count, 1))
        if not all(isinstance(one, int) and one >= least for one, least in numbers):  # of SQLite
            raise BadBundle(self._reader.name, layout.INDEX, "it names a place that cannot be")
        last = ordinal + count
        for segment, body in self._bodies(path, spot):
            try:
                record = hb.Record.FromString(body)
            except DecodeError:
                problem = f"record {ordinal} cannot be read"
                raise BadBundle(self._reader.name, segment, problem) from None
            if record.ordinal != ordinal:
                problem = f"record {record.ordinal} stands where {ordinal} belongs"
                raise BadBundle(self._reader.name, segment, problem)
            self._reader.resolve(record, segment)
            yield record
            ordinal += 1
            if ordinal == last:
                return
        raise BadBundle(self._reader.name, path, f"record {ordinal} is missing")

    def _bodies(self, path: str, spot: Spot) -> Iterator[tuple[str, bytes]]:
        """Yield what stands from there on, through frames and segments, with its segment."""
        if path not in self._numbers:
            raise BadBundle(self._reader.name, path, "the manifest does not name it")
        at, offset = spot.frame, spot.offset
        for member in self._segments[self._numbers[path] :]:
            while at < member.size:
                content, following = self._frame(member, at)
                try:
                    for body in framing.records_from(content, offset):
                        yield member.path, body
                except Cut as error:
                    raise BadBundle(self._reader.name, member.path, str(error)) from None
                at, offset = following, 0
            at = 0

    def _frame(self, member: Member, at: int) -> tuple[bytes, int]:
        key = member.path, at
        with self._lock:
            if member.path not in self._checked:
                self._reader.check(member)
                self._checked.add(member.path)
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        found = self._reader.frame(member, at)
        if len(found[0]) <= LARGEST_KEPT:
            with self._lock:
                self._kept[key] = found
                while len(self._kept) > KEPT:
                    self._kept.popitem(last=False)
        return found

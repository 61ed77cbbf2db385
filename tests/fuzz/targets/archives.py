"""Bundles: the manifest, segments of records, the index, archives, and records by themselves."""

import contextlib
import io
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from google.protobuf.message import DecodeError

from durahub.errors import DurahubError
from durahub_migrate.bundle import fields, framing, index, manifest, records
from durahub_migrate.bundle import hub_bundle_pb2 as hb
from durahub_migrate.bundle.archive import opened_bundle
from durahub_migrate.bundle.reader import BundleReader, Position
from tests.fuzz.target import JSON, TIMES, clean_text_of, target

ZSTD = (b"\x28\xb5\x2f\xfd", b"\x28\xb5\x2f\xfd\x00\x58", b"\x28\xb5\x2f\xfd\xa0\xff\xff\xff\xff")
MEMBERS = (
    b"format",
    b"files",
    b"path",
    b"sha256",
    b"source",
    b"counts",
    b"limits",
    b"root",
    b"../a",
)


@target("bundle-manifest", words=(*JSON, *TIMES, *MEMBERS))
def bundle_manifest(data: bytes) -> None:
    """A bundle's manifest. One that is read is written and read the same."""
    found = manifest.decode(data, "a-bundle")
    assert manifest.decode(manifest.encode(found), "a-bundle").files == found.files
    manifest.changed(data, "a-bundle", "reports/lint.json", None)


@target("bundle-segment", words=ZSTD, may_raise=(framing.Cut,), memory=96 * 1024 * 1024)
def bundle_segment(data: bytes) -> None:
    """The records of a segment, frame by frame. `Cut` is documented; its readers make DH404 of it."""
    with contextlib.suppress(framing.Cut):
        for _ in framing.unpacked(io.BytesIO(data)):
            pass
    with contextlib.suppress(framing.Cut):
        list(framing.records_from(data, 0))
    with contextlib.suppress(framing.Cut):
        framing.frame_at(io.BytesIO(data), 0, 1024)
    plain = list(framing.records(iter([data])))
    assert b"".join(framing.varint(len(one)) + one for one in plain) == data or plain
    for _, body in framing.located(io.BytesIO(data)):
        with contextlib.suppress(DecodeError):
            hb.Record.FromString(body)


@target(
    "bundle-record", words=(b"\x0a", b"\x12", b"\x1a", *JSON[:4]), may_raise=(ValueError, TypeError)
)
def bundle_record(data: bytes) -> None:
    """A record of a bundle, its large texts put back in their places; its instance, and its events.

    Nothing of so small a record is taken out of it again.
    """
    try:
        record = hb.Record.FromString(data)
    except DecodeError:
        return
    with contextlib.suppress(DurahubError):
        records.instance_of(record.head)
    with contextlib.suppress(DurahubError):
        list(records.events_of(record.part, "here"))
    records.put_back(record, lambda *_: b"a text")
    records.move_out(record, _none_is_large)


def _none_is_large(*_: object) -> None:
    raise AssertionError("a text of a few bytes was taken out")


@target("bundle-extras", words=JSON, may_raise=(ValueError,))
def bundle_extras(data: bytes) -> None:
    """What did not fit into a message; and the position of a reader."""
    fields.values_of({"a": clean_text_of(data)})
    Position.parse(clean_text_of(data))


@target("bundle-index", words=(*JSON, b"root"))
def bundle_index(data: bytes) -> None:
    """The text beside a bundle's index, which tells whose it is: what is none, is not the bundle's."""
    with scratch() as folder:
        (folder / "index").mkdir()
        for name in ("index.json", "index/index.json"):
            (folder / name).write_bytes(data)
        assert index.belongs(folder, "0" * 64) in (True, False)


@target(
    "bundle-archive",
    words=(b"ustar", b"manifest.json", b"../", b"\0" * 100, b"0000644\0"),
    largest=16_384,
)
def bundle_archive(data: bytes) -> None:
    """A bundle in one file: whatever the tar names, nothing is written outside of its folder."""
    with scratch() as folder:
        place = folder / "a.tar"
        place.write_bytes(data)
        with opened_bundle(place) as opened:
            BundleReader(opened).verify()
        assert {one.name for one in folder.iterdir()} == {"a.tar"}


@cache
def root() -> Path:
    memory = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="durahub-fuzz-", dir=memory if memory.is_dir() else None))


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """Have an empty folder, where there is one in memory."""
    with tempfile.TemporaryDirectory(dir=root()) as folder:
        yield Path(folder)

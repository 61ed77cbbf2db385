"""Whole bundles: what is fuzzed has the digests that belong to it, so that it is read and not refused."""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path

import zstandard

from durahub.errors import DurahubError
from durahub.model.ticks import Ticks
from durahub_migrate.bundle import framing, layout, manifest
from durahub_migrate.bundle.archive import pack, unpack
from durahub_migrate.bundle.framing import Spot
from durahub_migrate.bundle.manifest import Counts, Limits, Manifest, Member, SourceHub, merkle_root
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.contents.frames import Frames
from durahub_migrate.contents.indexed import IndexedContent, open_content
from tests.fuzz.target import JSON, target
from tests.fuzz.targets.archives import ZSTD, scratch

SECTION = b"\n====\n"
"""Between what the members of a bundle hold: `MEMBERS` in their order, then payloads."""
MEMBERS = (
    *(layout.segment(kind, 0) for kind in layout.KINDS),
    layout.PAYLOAD_LIST,
    layout.REJECT_LIST,
)
EMPTY = Manifest(
    tool="durahub test",
    bundle_id="0" * 32,
    source=SourceHub(kind="classic", hub="orders", address_sha256="0" * 64),
    started=Ticks(0),
    ended=Ticks(0),
    frozen=False,
    counts=Counts(),
    limits=Limits(),
    files=(),
    root="",
)
REJECTED = (b'"code":"DH103"', b'"raw":null', b'"raw":"', b'"instanceId":', b'"size":-1', b"\n")
WORDS = (*JSON, *REJECTED, SECTION, b"0" * 64, b" 0\n", b" -1\n", b"\x08\x01", b"\x0a\x00")


@target("bundle-members", words=WORDS, memory=96 * 1024 * 1024, largest=16_384)
def bundle_members(data: bytes) -> None:
    """All that reads a bundle: record by record, and through its index."""
    with scratch() as place:
        folder = place / "a.hub"
        written(folder, data.split(SECTION))
        for read in (instances, messages, rejects, everything, content):
            with contextlib.suppress(DurahubError):
                read(folder)


@target("bundle-tar", words=WORDS, memory=96 * 1024 * 1024, largest=16_384)
def bundle_tar(data: bytes) -> None:
    """A bundle in one file: what comes out is what is in, and nothing beside it."""
    with scratch() as place:
        folder = place / "a.hub"
        written(folder, data.split(SECTION))
        pack(folder, place / "a.tar")
        (place / "out").mkdir()
        with contextlib.suppress(DurahubError):
            opened = unpack(place / "a.tar", place / "out")
            assert files_of(opened) <= files_of(folder)
        assert {one.name for one in place.iterdir()} == {"a.hub", "a.tar", "out"}
        assert {one.name for one in (place / "out").iterdir()} <= {"a"}


@target("bundle-places", words=(*ZSTD, b"0 0 0 1\n", b"-1 ", b"\n"), memory=96 * 1024 * 1024)
def bundle_places(data: bytes) -> None:
    """Records by their places, as an index tells them: frame, offset, ordinal and how many."""
    head, _, rest = data.partition(b"\n")
    try:
        frame, offset, ordinal, count = (int(one) for one in head.split(b" "))
    except ValueError:
        return
    with scratch() as place:
        folder = place / "a.hub"
        written(folder, rest.split(SECTION))
        found = list(
            Frames(BundleReader(folder)).records(MEMBERS[0], Spot(frame, offset), ordinal, count)
        )
        assert [one.ordinal for one in found] == list(range(ordinal, ordinal + count))


@target("bundle-manifest-members", words=(*JSON, b'"files": [', b'"path": "', b"\\u0000", b"../"))
def bundle_manifest_members(data: bytes) -> None:
    """A manifest whose root is that of its files: whatever else it says, its bundle is read or refused."""
    with scratch() as place:
        folder = place / "a.hub"
        written(folder, [])
        put(folder / layout.PAYLOAD_LIST, b"")
        text = with_its_root(data)
        found = manifest.decode(text, "a-bundle")
        assert manifest.decode(manifest.encode(found), "a-bundle") == found
        for member in (None, replace(PLAIN, path="reports/a.json")):
            changed = manifest.changed(text, "a-bundle", "reports/a.json", member)
            assert manifest.decode(changed, "a-bundle").root == found.root
        (folder / layout.MANIFEST).write_bytes(text)
        for read in (instances, messages, rejects, everything, content):
            with contextlib.suppress(DurahubError):
                read(folder)


def with_its_root(data: bytes) -> bytes:
    """Return a manifest with the root of the files that it names, and what it lacks put in."""
    try:
        found = json.loads(data)
        complete = {**json.loads(manifest.encode(EMPTY)), **found}
        files = [
            Member(**{**asdict(PLAIN), **{k: v for k, v in one.items() if k in asdict(PLAIN)}})
            for one in complete["files"]
        ]
        complete["files"] = [{**asdict(PLAIN), **one} for one in complete["files"]]
        return json.dumps({**complete, "root": merkle_root(files)}).encode()
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return data


PLAIN = Member(
    path=layout.PAYLOAD_LIST,
    sha256=hashlib.sha256(b"").hexdigest(),
    size=0,
    content_sha256=hashlib.sha256(b"").hexdigest(),
    content_size=0,
)


def written(folder: Path, sections: Sequence[bytes]) -> None:
    """Write a bundle of *sections*: contents of `MEMBERS`, then payloads, each also as a rejected text."""
    files, ordinal = [], 0
    for path, content in zip(MEMBERS, sections, strict=False):
        if not content:
            continue
        is_segment = layout.kind_of(path) is not None
        stored = zstandard.compress(content) if is_segment else content
        put(folder / path, stored)
        count = counted(content) if is_segment else 0
        files.append(
            Member(
                path=path,
                sha256=hashlib.sha256(stored).hexdigest(),
                size=len(stored),
                content_sha256=hashlib.sha256(content).hexdigest(),
                content_size=len(content),
                records=count,
                first_ordinal=ordinal,
            )
        )
        ordinal += count
    for content in sections[len(MEMBERS) :]:
        digest = hashlib.sha256(content).digest()
        put(folder / layout.payload(digest), zstandard.compress(content))
        put(folder / layout.raw(digest), content)
    whole = replace(EMPTY, files=tuple(files), root=merkle_root(files))
    put(folder / layout.MANIFEST, manifest.encode(whole))


def put(file: Path, content: bytes) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


def counted(content: bytes) -> int:
    count = 0
    with contextlib.suppress(framing.Cut):
        for _ in framing.records(iter([content])):
            count += 1
    return count


def files_of(folder: Path) -> set[tuple[str, bytes]]:
    return {(str(one.relative_to(folder)), one.read_bytes()) for one in plain(folder)}


def plain(folder: Path) -> Iterator[Path]:
    return (one for one in folder.rglob("*") if one.is_file())


# -- readings of a bundle ------------------------------------------------------------------------


def instances(folder: Path) -> None:
    for one in BundleReader(folder).instances():
        one.whole()


def messages(folder: Path) -> None:
    list(BundleReader(folder).seen_messages())


def rejects(folder: Path) -> None:
    reader = BundleReader(folder)
    for one in reader.rejects():
        if one.raw is not None:
            reader.raw(one.raw)


def everything(folder: Path) -> None:
    BundleReader(folder).verify()


def content(folder: Path) -> None:
    with open_content(folder) as opened:
        for read in (trees, arriving):
            with contextlib.suppress(DurahubError):
                read(opened)
        list(opened.strays())


def trees(opened: IndexedContent) -> None:
    for tree in list(opened.trees()):
        for held in opened.members(tree.root_id):
            opened.messages_to(held.instance.instance_id)


def arriving(opened: IndexedContent) -> None:
    list(opened.arriving())

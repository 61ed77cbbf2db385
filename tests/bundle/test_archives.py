"""A bundle as a tar: the same bytes for the same folder, and safely out of it again."""

import io
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from durahub.errors import BadBundle, BadRequest, DurahubError, FileUnavailable
from durahub_migrate.bundle.archive import manifest_of, opened_bundle, pack
from durahub_migrate.bundle.destination import destination
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.bundle.writer import BundleWriter
from durahub_migrate.contents.indexed import open_content
from durahub_migrate.lint.sources.opening import source_of
from tests.bundle.bundles import GIVEN, HUB, NOON, read, written
from tests.bundle.test_bad_bundles import LARGE, everything
from tests.bundle.test_same_bundle import FAMILY, MESSAGES, REJECTS


@pytest.fixture
def tar(tmp_path: Path) -> Path:
    written(tmp_path / "orders.hub", (*FAMILY, LARGE), MESSAGES, REJECTS)
    pack(tmp_path / "orders.hub", tmp_path / "orders.hub.tar")
    return tmp_path / "orders.hub.tar"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    written(tmp_path / "small.hub", FAMILY[:1], MESSAGES[:1], REJECTS[:1])
    for name in ("index.sqlite", "index.json"):
        (tmp_path / "small.hub" / name).unlink()
    pack(tmp_path / "small.hub", tmp_path / "small.tar")
    return tmp_path / "small.tar"


def files(folder: Path) -> dict[str, bytes]:
    return {
        str(one.relative_to(folder)): one.read_bytes() for one in folder.rglob("*") if one.is_file()
    }


def test_what_goes_into_a_tar_comes_out_of_it(tar: Path, tmp_path: Path) -> None:
    with opened_bundle(tar) as folder:
        assert files(folder) == files(tmp_path / "orders.hub")
        everything(folder)
    assert not folder.exists()


def test_the_same_folder_makes_the_same_tar(tar: Path, tmp_path: Path) -> None:
    for one in (tmp_path / "orders.hub").rglob("*"):
        os.utime(one, (7, 7))
    pack(tmp_path / "orders.hub", tmp_path / "again.tar")
    assert (tmp_path / "again.tar").read_bytes() == tar.read_bytes()
    with tarfile.open(tar) as archive:
        names = archive.getnames()
    assert names == [*sorted(names[:-1]), "manifest.json"]


def test_a_tar_by_another_tool_is_read(tar: Path, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "other.tar", "w") as archive:
        archive.add(tmp_path / "orders.hub", ".")
    assert manifest_of(tmp_path / "other.tar") == BundleReader(tmp_path / "orders.hub").manifest
    with opened_bundle(tmp_path / "other.tar") as folder:
        everything(folder)


def test_a_folder_is_opened_as_it_is(tmp_path: Path) -> None:
    with opened_bundle(tmp_path) as folder:
        assert folder == tmp_path


def test_content_is_found_in_a_tar(tar: Path) -> None:
    with open_content(tar) as content:
        held = content.member("large")
    assert held is not None
    assert held.instance == LARGE


async def test_the_linter_reads_a_tar(tar: Path) -> None:
    whole, packed = source_of(str(tar.with_suffix(""))), source_of(str(tar))
    assert await packed.count() == await whole.count()
    found = [one async for one in whole.facts()]
    assert len([one async for one in packed.facts()]) == len(found) > 10


# -- what is not as it was written ---------------------------------------------------------------


def rewritten(tar: Path, change: Callable[[tarfile.TarInfo, bytes], object]) -> None:
    """Write a tar again, each member as *change* makes it: a pair, or ``None`` to leave it out."""
    with tarfile.open(tar) as archive:
        members = [(one, archive.extractfile(one).read()) for one in archive]  # type: ignore[union-attr]
    with tarfile.open(tar, "w") as archive:
        for member, content in members:
            changed = change(member, content)
            if changed is not None:
                found, text = changed  # type: ignore[misc]
                found.size = len(text) if found.isreg() else 0
                archive.addfile(found, io.BytesIO(text))


MEMBERS = (
    "segments/instances-00000.pb.zst",
    "payloads.txt",
    "payloads/",
    "rejects/rejects.jsonl",
    "rejects/raw/",
    "schema/descriptors.binpb",
    "manifest.json",
)


@pytest.mark.parametrize("name", MEMBERS)
@pytest.mark.parametrize("harm", [lambda c: None, lambda c: c[:-1], lambda c: c + b"\n"])
def test_a_member_that_is_missing_or_of_another_size_is_named(
    tar: Path, name: str, harm: Callable[[bytes], bytes | None]
) -> None:
    hit: list[str] = []

    def change(member: tarfile.TarInfo, content: bytes) -> object:
        if hit or not member.name.startswith(name):
            return member, content
        changed = harm(content)
        if name == "manifest.json" and changed is not None:
            changed = content[:-9]
        hit.append(member.name)
        return (member, changed) if changed is not None else None

    rewritten(tar, change)
    with pytest.raises(BadBundle) as refused, opened_bundle(tar) as folder:
        everything(folder)
    assert refused.value.member == hit[0]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.97])
def test_a_tar_that_is_cut_off_is_told(tar: Path, share: float) -> None:
    with tarfile.open(tar) as archive:
        end = archive.getmember("manifest.json").offset_data
    os.truncate(tar, int(end * share))
    with pytest.raises(BadBundle), opened_bundle(tar) as folder:
        everything(folder)


@pytest.mark.parametrize(
    "name", ["../escaped", "/tmp/escaped", "segments/../../escaped", "c:\\escaped", "a\\..\\b"]
)
def test_nothing_escapes_from_a_tar(tar: Path, name: str) -> None:
    with tarfile.open(tar, "a") as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(BadBundle, match="outside"), opened_bundle(tar):
        pass


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_there_are_plain_files_in_a_tar_alone(tar: Path, kind: bytes) -> None:
    def change(member: tarfile.TarInfo, content: bytes) -> object:
        if member.name == "payloads.txt":
            member.type, member.linkname = kind, "manifest.json"
        return member, content

    rewritten(tar, change)
    with pytest.raises(BadBundle, match="plain file") as refused, opened_bundle(tar):
        pass
    assert refused.value.member == "payloads.txt"


def test_a_payload_is_no_larger_than_the_bundle_says(tar: Path) -> None:
    def change(member: tarfile.TarInfo, content: bytes) -> object:
        large = member.name.startswith("payloads/")
        return member, content * 20_000 if large else content

    rewritten(tar, change)
    with pytest.raises(BadBundle, match="larger than it can be"), opened_bundle(tar):
        pass


def test_what_a_bundle_does_not_have_stays_in_the_tar(tar: Path) -> None:
    with tarfile.open(tar, "a") as archive:
        for name in ("notes.txt", "payloads/00/00.zst", "segments/instances-00009.pb.zst"):
            archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    with opened_bundle(tar) as folder:
        assert files(folder).keys() == files(tar.with_suffix("")).keys()


def test_a_file_that_is_no_tar_is_told(tmp_path: Path) -> None:
    (tmp_path / "b.tar").write_text("this is no tar")
    with pytest.raises(BadBundle, match="tar"), opened_bundle(tmp_path / "b.tar"):
        pass


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_change_to_a_tar_ends_in_a_traceback(small: Path, data: st.DataObject) -> None:
    whole = small.read_bytes()
    start = data.draw(st.integers(0, len(whole) // 512 - 1)) * 512  # where headers begin
    start += data.draw(st.integers(0, 300))
    changed = data.draw(st.binary(min_size=1, max_size=160))
    target = small.with_name("changed.tar")
    target.write_bytes(whole[:start] + changed + whole[start + len(changed) :])
    try:
        with opened_bundle(target) as folder:
            everything(folder)
    except DurahubError:
        pass


FULL_DISK = """
import resource, sys
from pathlib import Path
from durahub.errors import FileUnavailable
from durahub_migrate.bundle.archive import pack

resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, -1))
try:
    pack(Path(sys.argv[1]), Path(sys.argv[2]))
except FileUnavailable as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limit")
def test_a_full_disk_leaves_no_tar(tar: Path, tmp_path: Path) -> None:
    target = tmp_path / "full.tar"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tar.with_suffix("")), str(target)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.startswith("DH506: ")
    assert [one.name for one in tmp_path.iterdir() if "full" in one.name] == []


# -- exported ------------------------------------------------------------------------------------


def export(target: Path, *, force: bool = False) -> None:
    with destination(target, force=force) as folder, BundleWriter(folder, GIVEN) as writer:
        for one in FAMILY:
            writer.add_instance(one, "a test")
        writer.finish(HUB, NOON)


def test_an_export_to_a_tar_leaves_the_tar_alone(tmp_path: Path) -> None:
    export(tmp_path / "b.tar")
    assert [one.name for one in tmp_path.iterdir()] == ["b.tar"]
    with opened_bundle(tmp_path / "b.tar") as folder:
        assert len(read(folder)) == len(FAMILY)


def half_of_it(folder: Path) -> None:
    with BundleWriter(folder, GIVEN) as writer:
        writer.add_instance(LARGE, "a test")
    raise FileUnavailable(str(folder), "the disk is full")


def test_a_tar_is_replaced_by_force_alone_and_another_file_never(tmp_path: Path) -> None:
    export(tmp_path / "b.tar")
    with pytest.raises(BadRequest, match="--force"):
        export(tmp_path / "b.tar")
    export(tmp_path / "b.tar", force=True)
    (tmp_path / "photos.tar").write_bytes(b"\0" * 10_240)
    with pytest.raises(BadRequest, match="no hub bundle"):
        export(tmp_path / "photos.tar", force=True)


def test_an_export_to_a_tar_that_was_interrupted_is_started_over(tmp_path: Path) -> None:
    with pytest.raises(FileUnavailable), destination(tmp_path / "b.tar") as folder:
        half_of_it(folder)
    assert not (tmp_path / "b.tar").exists()
    export(tmp_path / "b.tar")
    assert [one.name for one in tmp_path.iterdir()] == ["b.tar"]


def test_one_that_was_complete_and_no_tar_yet_is_started_over(tmp_path: Path) -> None:
    written(tmp_path / "b.tar.export", FAMILY)
    export(tmp_path / "b.tar")
    assert [one.name for one in tmp_path.iterdir()] == ["b.tar"]

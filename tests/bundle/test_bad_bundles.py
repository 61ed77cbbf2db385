"""A bundle that is not as it was written is refused, and the error names the file."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from durahub.errors import (
    BadBundle,
    BadRequest,
    DurahubError,
    FileUnavailable,
    NewerBundle,
    UnfinishedBundle,
)
from durahub_migrate.bundle.clearing import remove
from durahub_migrate.bundle.reader import BundleReader
from durahub_migrate.bundle.writer import BundleWriter
from tests.bundle.bundles import GIVEN, a_history, an_instance, written
from tests.bundle.test_same_bundle import FAMILY, MESSAGES, REJECTS
from tests.fuzz.targets.bundles import written as with_sections

LARGE = an_instance("large", history=a_history("large", text="é" * 700_000))


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    folder = tmp_path / "orders.hub"
    written(folder, (*FAMILY, LARGE), MESSAGES, REJECTS)
    return folder


def everything(folder: Path) -> None:
    """Read all that a bundle holds."""
    reader = BundleReader(folder)
    for one in reader.instances():
        one.whole()
    list(reader.messages())
    for reject in reader.rejects():
        reader.raw(reject.raw or "")
    reader.verify()


def cut_off(file: Path) -> None:
    os.truncate(file, file.stat().st_size - 1)


def change_a_byte(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x10
    file.write_bytes(content)


def add_a_byte(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\n")


MEMBERS = (
    "segments/instances-00000.pb.zst",
    "segments/entities-00000.pb.zst",
    "segments/inflight-00000.pb.zst",
    "payloads.txt",
    "payloads/*/*.zst",
    "rejects/rejects.jsonl",
    "rejects/raw/*",
    "schema/descriptors.binpb",
)


@pytest.mark.parametrize("harm", [cut_off, change_a_byte, add_a_byte, Path.unlink])
@pytest.mark.parametrize("pattern", MEMBERS)
def test_a_member_that_was_changed_is_named(
    bundle: Path, pattern: str, harm: Callable[[Path], None]
) -> None:
    everything(bundle)
    member = sorted(bundle.glob(pattern))[0]
    harm(member)
    with pytest.raises(BadBundle) as refused:
        everything(bundle)
    assert refused.value.member == str(member.relative_to(bundle))
    assert refused.value.member in str(refused.value)


def test_every_member_is_one_of_those(bundle: Path) -> None:
    known = {file for pattern in MEMBERS for file in bundle.glob(pattern)}
    files = {file for file in bundle.rglob("*") if file.is_file()}
    assert {file.name for file in files - known} == {
        "manifest.json",
        "_started.json",
        "index.sqlite",
        "index.json",
    }


def test_a_changed_segment_is_refused_before_anything_of_it_is_given(bundle: Path) -> None:
    change_a_byte(bundle / "segments/instances-00000.pb.zst")
    with pytest.raises(BadBundle):
        next(BundleReader(bundle).instances())


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_no_change_to_the_manifest_ends_in_a_traceback(bundle: Path, data: st.DataObject) -> None:
    file = bundle / "manifest.json"
    whole = file.read_bytes()
    start = data.draw(st.integers(0, len(whole)))
    stop = data.draw(st.integers(start, min(len(whole), start + 40)))
    file.write_bytes(whole[:start] + data.draw(st.binary(max_size=8)) + whole[stop:])
    try:
        everything(bundle)
    except DurahubError:
        pass
    finally:
        file.write_bytes(whole)


def changed_manifest(bundle: Path, **members: object) -> None:
    found = json.loads((bundle / "manifest.json").read_text())
    (bundle / "manifest.json").write_text(json.dumps({**found, **members}))


def test_a_digest_that_was_changed_in_the_manifest_does_not_lead_to_its_root(bundle: Path) -> None:
    found = json.loads((bundle / "manifest.json").read_text())
    found["files"][0]["content_sha256"] = "0" * 64
    changed_manifest(bundle, files=found["files"])
    with pytest.raises(BadBundle, match="root"):
        BundleReader(bundle)


def test_a_manifest_cannot_name_files_elsewhere(bundle: Path) -> None:
    found = json.loads((bundle / "manifest.json").read_text())
    found["files"][-1]["path"] = "schema/../../secret"
    changed_manifest(bundle, files=found["files"])
    with pytest.raises(BadBundle, match="outside"):
        BundleReader(bundle)


@pytest.mark.parametrize(
    ("table", "members"),
    [
        ("", {"frozen": "false"}),
        ("", {"redacted": 0}),
        ("", {"bundle_id": None}),
        ("", {"evidence": []}),
        ("source", {"kind": 7}),
        ("source", {"partitions": -1}),
        ("source", {"apps": [7]}),
        ("counts", {"instances": {"Completed": "7"}}),
        ("counts", {"instances": [7]}),
        ("limits", {"longest_id": True}),
        ("files", {"size": "7"}),
        ("files", {"first_ordinal": "0"}),
        ("files", {"path": "schema/\0"}),
    ],
)
def test_a_manifest_whose_members_are_of_other_types_is_refused(
    bundle: Path, table: str, members: dict[str, object]
) -> None:
    found = json.loads((bundle / "manifest.json").read_text())
    if table == "files":
        found["files"].append({**found["files"][-1], "path": "schema/another", **members})
    elif table:
        found[table] |= members
    else:
        found |= members
    changed_manifest(bundle, **found)
    with pytest.raises(BadBundle, match=r"manifest\.json"):
        BundleReader(bundle)


REJECT = {
    "code": "DH103",
    "reason": "it is odd",
    "place": "a row",
    "kind": "instance",
    "instanceId": "x",
    "raw": None,
    "size": 1,
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"raw": "no hex"},
        {"raw": 7},
        {"place": 7},
        {"instanceId": []},
        {"size": "x"},
        {"code": None},
    ],
)
def test_what_was_rejected_is_told_in_texts_or_not_at_all(
    tmp_path: Path, wrong: dict[str, object]
) -> None:
    line = json.dumps({**REJECT, **wrong}).encode() + b"\n"
    with_sections(tmp_path / "b", [b"", b"", b"", b"", line])
    with pytest.raises(BadBundle, match="rejects"):
        list(BundleReader(tmp_path / "b").rejects())


def test_a_newer_major_version_is_not_read(bundle: Path) -> None:
    changed_manifest(bundle, version=2)
    with pytest.raises(NewerBundle, match="version 2"):
        BundleReader(bundle)


def test_a_newer_minor_version_only_adds(bundle: Path) -> None:
    changed_manifest(bundle, minor=7, signature="of something")
    everything(bundle)


def test_a_folder_that_is_no_bundle_is_told(tmp_path: Path) -> None:
    with pytest.raises(BadBundle, match=r"manifest\.json"):
        BundleReader(tmp_path)
    with pytest.raises(BadBundle, match=r"manifest\.json"):
        BundleReader(tmp_path / "nowhere")


# -- unfinished ----------------------------------------------------------------------------------


def test_an_export_that_was_interrupted_leaves_an_unfinished_bundle(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    with BundleWriter(folder, GIVEN) as writer:
        writer.add_instance(an_instance(), "a test")
    with pytest.raises(UnfinishedBundle):
        BundleReader(folder)


def test_an_unfinished_bundle_is_started_over(tmp_path: Path) -> None:
    folder = tmp_path / "b"
    with BundleWriter(folder, GIVEN) as writer:
        writer.add_instance(LARGE, "a test")
    written(folder, FAMILY)
    written(tmp_path / "undisturbed", FAMILY)
    names = [
        sorted(str(file.relative_to(one)) for file in one.rglob("*") if file.is_file())
        for one in (folder, tmp_path / "undisturbed")
    ]
    assert names[0] == names[1]
    everything(folder)


def test_a_finished_bundle_is_not_written_over(bundle: Path) -> None:
    with pytest.raises(BadRequest, match="already"), BundleWriter(bundle, GIVEN):
        pass
    everything(bundle)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("do not delete")
    with pytest.raises(BadRequest, match=r"thesis\.txt"), BundleWriter(tmp_path, GIVEN):
        pass
    assert [one.name for one in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_that_only_looks_like_a_bundle_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "segments").mkdir()
    with pytest.raises(BadRequest), BundleWriter(tmp_path, GIVEN):
        pass
    assert (tmp_path / "segments").exists()


def test_two_exports_do_not_write_one_bundle(tmp_path: Path) -> None:
    with (
        BundleWriter(tmp_path / "b", GIVEN),
        pytest.raises(FileUnavailable, match="another export"),
        BundleWriter(tmp_path / "b", GIVEN),
    ):
        pass


def test_removing_a_bundle_leaves_what_is_not_of_it(bundle: Path) -> None:
    (bundle / "notes.txt").write_text("mine")
    remove(bundle)
    assert [one.name for one in bundle.iterdir()] == ["notes.txt"]


FULL_DISK = """
import resource, sys
from pathlib import Path
from durahub.errors import FileUnavailable
from tests.bundle.bundles import a_history, an_instance, written

resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), -1))
try:
    written(Path(sys.argv[1]), [an_instance("a", history=a_history("a", text="é" * 900_000))] +
        [an_instance(str(n)) for n in range(1_200)])
except FileUnavailable as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such limit")
@pytest.mark.parametrize("room", [50, 4_000, 200_000])
def test_a_full_disk_is_a_clear_error_and_leaves_an_unfinished_bundle(
    tmp_path: Path, room: int
) -> None:
    folder = tmp_path / "b"
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(folder), str(room)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.startswith("DH506: ")
    assert str(folder) in done.stdout
    with pytest.raises((UnfinishedBundle, BadBundle)):
        BundleReader(folder)
    everything_again = written(folder, FAMILY)
    assert BundleReader(folder).manifest.root == everything_again.root

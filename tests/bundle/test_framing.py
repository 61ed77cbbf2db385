"""Segments: frames of whole records, which every decoder of zstd reads as one file."""

import io
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from durahub_migrate.bundle import framing
from durahub_migrate.bundle.framing import Cut, SegmentWriter, Spot
from durahub_migrate.bundle.manifest import Member

sizes = st.lists(st.sampled_from([0, 1, 200, 300_000, 600_000, 1_300_000]), max_size=8)


def a_segment(folder: Path, sizes: list[int]) -> tuple[Path, list[Spot], list[bytes], Member]:
    """Write records of these sizes; return the file, where they stand, what they are, the member."""
    writer = SegmentWriter(folder, "s.zst")
    bodies = [bytes([number + 65]) * size for number, size in enumerate(sizes)]
    spots = [writer.add(body, str(number)) for number, body in enumerate(bodies)]
    return folder / "s.zst", spots, bodies, writer.close()


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(sizes.filter(bool))
def test_each_record_is_found_where_it_was_written(tmp_path: Path, sizes: list[int]) -> None:
    file, spots, bodies, member = a_segment(tmp_path, sizes)
    with file.open("rb") as opened:
        assert list(framing.located(opened)) == list(zip(spots, bodies, strict=True))
        for spot, body in zip(spots, bodies, strict=True):
            content, following = framing.frame_at(opened, spot.frame, member.content_size)
            assert next(framing.records_from(content, spot.offset)) == body
            assert following in {other.frame for other in spots} | {file.stat().st_size}
            largest = max(len(one) for one in bodies)
            assert len(content) < framing.FRAME + largest + 10


def test_a_frame_ends_with_the_record_that_fills_it(tmp_path: Path) -> None:
    _, spots, _, _ = a_segment(tmp_path, [600_000, 600_000, 10, 2_000_000, 1])
    frames = [spot.frame for spot in spots]
    assert frames[0] == frames[1] < frames[2] == frames[3] < frames[4]


def test_a_plain_decoder_reads_all_frames(tmp_path: Path) -> None:
    file, _, bodies, member = a_segment(tmp_path, [700_000] * 5)
    with file.open("rb") as opened:
        reader = zstandard.ZstdDecompressor().stream_reader(opened, read_across_frames=True)
        content = reader.read()
    assert len(content) == member.content_size
    assert list(framing.records_from(content, 0)) == bodies


def test_a_record_does_not_go_on_in_the_next_frame() -> None:
    pack = zstandard.ZstdCompressor().compress
    file = io.BytesIO(pack(b"\x03ab") + pack(b"c"))
    with pytest.raises(Cut, match="within a record"):
        list(framing.located(file))
    with pytest.raises(Cut, match="within a record"):
        list(framing.records_from(b"\x03ab", 0))


@pytest.mark.parametrize("end", [-1, -700, 9])
def test_a_segment_that_is_cut_off_is_told(tmp_path: Path, end: int) -> None:
    file, _, _, _ = a_segment(tmp_path, [600_000] * 3)
    with pytest.raises(Cut, match="cut off"):
        list(framing.located(io.BytesIO(file.read_bytes()[:end])))


def test_what_follows_the_last_frame_is_told(tmp_path: Path) -> None:
    file, _, _, _ = a_segment(tmp_path, [10])
    with pytest.raises(Cut):
        list(framing.located(io.BytesIO(file.read_bytes() + b"more")))


def test_a_changed_byte_does_not_pass_its_frames_checksum(tmp_path: Path) -> None:
    file, _, _, _ = a_segment(tmp_path, [10])
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    with pytest.raises(Cut):
        list(framing.located(io.BytesIO(content)))


def test_a_frame_gives_no_more_than_the_manifest_says(tmp_path: Path) -> None:
    file, _, _, _ = a_segment(tmp_path, [600_000])
    with file.open("rb") as opened, pytest.raises(Cut, match="more content"):
        framing.frame_at(opened, 0, 1_000)

"""What is small on its way and large when it is unpacked: never more is unpacked than a stated limit."""

import gzip
import io
import tracemalloc

import pytest
import zstandard

from durahub.classic.payloads import LARGEST_PAYLOAD, unpack
from durahub.errors import BadPayload
from durahub_migrate.bundle.framing import Cut, frame_at, unpacked

MIB = 1024 * 1024


def gzip_of_zeros(size: int) -> bytes:
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=9, mtime=0) as file:
        for _ in range(size // MIB):
            file.write(bytes(MIB))
    return out.getvalue()


def zstd_of_zeros(size: int) -> bytes:
    out = io.BytesIO()
    with zstandard.ZstdCompressor(level=19).stream_writer(out, closefd=False) as file:
        for _ in range(size // MIB):
            file.write(bytes(MIB))
    return out.getvalue()


def test_a_blob_is_unpacked_to_its_limit_and_no_further() -> None:
    bomb = gzip_of_zeros(64 * MIB)
    tracemalloc.start()
    with pytest.raises(BadPayload, match="more than 1048576 bytes") as refused:
        unpack(bomb, "orders/message-1.json.gz", limit=MIB)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert refused.value.code == "DH403"
    assert most < 4 * MIB


def test_the_limit_of_blobs_is_what_the_documentation_says() -> None:
    assert LARGEST_PAYLOAD == 256 * MIB


def test_a_bomb_within_a_bomb_is_unpacked_once() -> None:
    inner = gzip_of_zeros(64 * MIB)
    with pytest.raises(BadPayload):
        unpack(gzip.compress(inner), "a", limit=MIB)


@pytest.mark.parametrize("cut", [1, 9, 10, 100, -1, -8])
def test_a_blob_that_is_cut_off_or_goes_on_is_an_error_that_names_it(cut: int) -> None:
    whole = gzip.compress(b'"' + bytes(range(32, 127)) * 9 + b'"')
    with pytest.raises(BadPayload, match="orders/a"):
        unpack(whole[:cut], "orders/a")


def test_a_segment_of_a_bundle_is_unpacked_in_pieces_of_a_bounded_size() -> None:
    bomb = zstd_of_zeros(2048 * MIB)
    assert len(bomb) < MIB // 4
    largest = 0
    seen = 0
    for piece in unpacked(io.BytesIO(bomb)):
        largest, seen = max(largest, len(piece)), seen + len(piece)
        if (
            seen > 512 * MIB
        ):  # a reader stops at the size that its manifest tells; this one saw enough
            break

    assert largest <= 128 * MIB


def test_a_frame_of_a_bundle_is_unpacked_to_what_the_manifest_says_and_no_further() -> None:
    with pytest.raises(Cut, match="more content than the manifest says"):
        frame_at(io.BytesIO(zstd_of_zeros(512 * MIB)), 0, most=MIB)

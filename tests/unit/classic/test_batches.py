import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.batches import MOST_BYTES, MOST_ROWS, ROW_BYTES, cut, estimate
from durahub.classic.columns import Columns, to_odata
from durahub.classic.payloads import PROPERTY_LIMIT

SERVICE_LIMIT = 4 * 1024 * 1024
LARGEST = PROPERTY_LIMIT // 2  # characters of one unit that stay in a column


def row(text: str = "", **more: str) -> dict[str, str]:
    return {"PartitionKey": "a", "RowKey": "0000000000000000", "Result": text, **more}


def rows_of(*lengths: int) -> list[Columns]:
    return [row("x" * length) for length in lengths]


@given(st.lists(st.integers(0, 40_000), max_size=300))
def test_every_row_is_in_one_batch_in_its_order(lengths: list[int]) -> None:
    rows = rows_of(*lengths)
    batches = cut(rows)
    assert [one for batch in batches for one in batch] == rows
    assert all(len(batch) <= MOST_ROWS for batch in batches)


@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=300))
def test_a_batch_is_cut_as_soon_as_it_is_full(lengths: list[int]) -> None:
    *full, last = cut(rows_of(*lengths))
    for batch in full:
        assert len(batch) == MOST_ROWS or sum(map(estimate, batch)) > MOST_BYTES
        assert sum(map(estimate, batch[:-1])) <= MOST_BYTES
    assert last
    assert sum(map(estimate, last[:-1])) <= MOST_BYTES


def test_a_checkpoint_without_rows_still_writes_its_sentinel() -> None:
    assert [list(batch) for batch in cut([])] == [[]]


@pytest.mark.parametrize(
    ("count", "sizes"),
    [(1, [1]), (98, [98]), (99, [99]), (100, [99, 1]), (198, [99, 99]), (203, [99, 99, 5])],
)
def test_the_hundredth_operation_of_a_transaction_is_the_sentinel(
    count: int, sizes: list[int]
) -> None:
    assert [len(batch) for batch in cut(rows_of(*[0] * count))] == sizes


def test_plain_text_is_estimated_as_dotnet_does() -> None:
    assert estimate(row("x" * 100, Name="N", CustomStatus="not counted")) == ROW_BYTES + 202


@pytest.mark.parametrize("text", ["日", '"\\', "\n", "\x00", "é", "🚀", "\x00日"])
def test_a_full_batch_is_a_request_that_the_service_takes(text: str) -> None:
    units = sum(2 if ord(one) > 0xFFFF else 1 for one in text)
    full = row(text * (LARGEST // units))
    (batch, *_) = cut([full] * MOST_ROWS)
    overhead = 600 * len(batch)  # what surrounds an operation
    request = overhead + sum(len(orjson.dumps(to_odata(one))) for one in batch)
    assert request < SERVICE_LIMIT

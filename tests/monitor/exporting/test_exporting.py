"""Lists of instances as files, written as a stream."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields, replace

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.errors import BadRequest
from durahub.model.ticks import parse
from durahub_migrate.monitor.exporting.columns import AT_ONCE, COLUMNS
from durahub_migrate.monitor.exporting.exporting import Format, exported
from durahub_migrate.monitor.json_form import camel, to_json
from durahub_migrate.monitor.row import Kind, Row

ROW = Row(
    hub="orders@acct",
    instance_id="order/7",
    name="Order",
    status="Failed",
    created=parse("2026-01-02T03:04:05.1234567Z"),
    tags={"b": "2", "a": 'x"y'},
    output="line one\nline two",
    bytes=1234,
)
TEXTS = st.text(max_size=20) | st.sampled_from(["=1+1", "+x", "-x", "@a@b", "\tx", "\rx", 'a"b,c'])
WHOLE = TEXTS.filter(lambda text: not any("\ud800" <= one <= "\udfff" for one in text))


def content(rows: list[Row], form: Format, *columns: str) -> bytes:
    return b"".join(exported(rows, form, columns or None))


def cells(rows: list[Row], *columns: str) -> list[list[str]]:
    text = content(rows, Format.CSV, *columns).decode()
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


def test_every_member_of_a_row_is_a_column() -> None:
    assert {column.name for column in COLUMNS} == {camel(one.name) for one in fields(Row)}


@pytest.mark.parametrize("form", Format)
def test_a_column_that_is_not_there_is_refused_at_once(form: Format) -> None:
    with pytest.raises(BadRequest, match="no column 'colour': there are hub, instanceId"):
        exported([ROW], form, ["name", "colour"])
    with pytest.raises(BadRequest, match="no column was chosen"):
        exported([ROW], form, [])


def test_a_file_of_commas_has_a_header_and_ends_its_lines_as_the_rfc_says() -> None:
    found = content([ROW], Format.CSV, "instanceId", "created", "bytes", "output", "parentId")
    assert found == (
        b"instanceId,created,bytes,output,parentId\r\n"
        b'order/7,2026-01-02T03:04:05.1234567Z,1234,"line one\nline two",\r\n'
    )


def test_without_rows_there_is_a_header() -> None:
    assert content([], Format.CSV, "name", "hub") == b"name,hub\r\n"
    assert content([], Format.JSONL) == b""
    assert pq.read_table(io.BytesIO(content([], Format.PARQUET, "name"))).num_rows == 0


@given(WHOLE, WHOLE)
def test_no_cell_is_a_formula_and_every_text_can_be_read_back(one: str, other: str) -> None:
    row = replace(ROW, instance_id=one, name=other)
    (_, found) = cells([row], "instanceId", "name")
    for cell, text in zip(found, (one, other), strict=True):
        assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
        assert cell in (text, f"'{text}")


def test_a_cell_that_looks_like_a_formula_is_guarded() -> None:
    row = replace(ROW, kind=Kind.ENTITY, instance_id="@counter@a", name='=HYPERLINK("http://x")')
    assert cells([row], "instanceId", "name")[1] == ["'@counter@a", '\'=HYPERLINK("http://x")']


def test_a_line_of_json_is_the_row_as_the_api_has_it() -> None:
    lines = content([ROW, replace(ROW, tags={})], Format.JSONL).decode().splitlines()
    assert [json.loads(line) for line in lines] == [to_json(ROW), to_json(replace(ROW, tags={}))]


@given(st.text())
def test_a_line_of_json_holds_any_text(text: str) -> None:
    found = content([replace(ROW, name=text)], Format.JSONL, "name")
    assert found.count(b"\n") == 1
    assert json.loads(found) == {"name": text}


def test_a_table_of_parquet_has_the_types_of_its_columns() -> None:
    table = pq.read_table(io.BytesIO(content([ROW, replace(ROW, bytes=None)], Format.PARQUET)))
    assert table.column_names == [column.name for column in COLUMNS]
    (first, second) = table.to_pylist()
    assert first["created"].isoformat() == "2026-01-02T03:04:05.123456+00:00"
    assert (first["bytes"], second["bytes"]) == (1234, None)
    assert json.loads(first["tags"]) == {"a": 'x"y', "b": "2"}


@given(st.text())
def test_parquet_and_commas_take_any_text(text: str) -> None:
    row = replace(ROW, name=text)
    found = pq.read_table(io.BytesIO(content([row], Format.PARQUET, "name"))).to_pylist()
    whole = text.encode("utf-8", "replace").decode()
    assert found == [{"name": whole}]
    content([row], Format.CSV)


@pytest.mark.parametrize("form", Format)
def test_rows_are_taken_as_they_are_written(form: Format) -> None:
    taken = 0

    def rows() -> Iterator[Row]:
        nonlocal taken
        for number in range(5 * AT_ONCE):
            taken += 1
            yield replace(ROW, instance_id=str(number))

    pieces = exported(rows(), form)
    assert taken == 0
    sizes = []
    for number, piece in enumerate(pieces, 1):
        assert taken <= number * AT_ONCE
        sizes.append(len(piece))
    assert taken == 5 * AT_ONCE
    assert len(sizes) >= 5
    assert max(sizes) < 2 * sorted(sizes)[2]


def test_without_pyarrow_parquet_is_refused_with_what_to_install() -> None:
    script = (
        "import sys; sys.modules['pyarrow'] = None\n"
        "from durahub.errors import MissingPackage\n"
        "from durahub_migrate.monitor.exporting.exporting import Format, exported\n"
        "b''.join(exported([], Format.CSV))\n"
        "try:\n    exported([], Format.PARQUET)\n"
        "except MissingPackage as error:\n    print(error.code, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("DH117 ")
    assert "pip install 'durahub[parquet]'" in done.stdout


def test_a_format_knows_what_it_is_called() -> None:
    assert [Format(one).media_type for one in ("csv", "jsonl", "parquet")] == [
        "text/csv; charset=utf-8",
        "application/jsonl",
        "application/vnd.apache.parquet",
    ]

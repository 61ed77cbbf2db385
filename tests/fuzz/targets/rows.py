"""Rows of tables, as the service's JSON: histories, instances, partitions, and their columns."""

import json

from durahub.answers.dtfx_client import instance_answer
from durahub.answers.functions_client import extension_answer
from durahub.classic import history_rows, history_table, instance_rows, table_batch, unposted
from durahub.classic.columns import Columns, from_odata, to_odata
from durahub.classic.dialect import DTFX_2_9
from durahub.classic.instance_query import decode_token, encode_token
from durahub.classic.keys import escape, unescape
from durahub.classic.partitioning import table
from durahub.classic.payloads import blob_columns
from durahub.classic.stored_rows import (
    is_of_hub,
    is_sentinel,
    shows_functions,
    stored_event,
    stored_instance,
)
from durahub.classic.tables import Row, literal
from durahub.errors import DurahubError
from durahub.model import json_text
from tests.fuzz.target import JSON, TIMES, clean_text_of, target, text_of

TYPES = tuple(
    f'"@odata.type":"Edm.{name}"'.encode()
    for name in ("DateTime", "Int64", "Int32", "Guid", "Binary", "Double", "Boolean", "String")
)
WORDS = (*JSON, *TIMES, *TYPES, b"PartitionKey", b"RowKey", b"@odata.type", b"Edm.DateTime")


def columns_of(data: bytes) -> dict[str, object] | None:
    try:
        found = json.loads(clean_text_of(data))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def read_row(data: bytes) -> Columns | None:
    found = columns_of(data)
    return None if found is None else from_odata(found)


@target("odata-row", words=WORDS)
def odata_row(data: bytes) -> None:
    """An entity of a table. Its columns are written and read the same, but for times that no table holds."""
    columns = read_row(data)
    if columns is not None:
        again = from_odata(json.loads(json.dumps(to_odata(columns))))
        assert list(again) == list(columns)
        blob_columns(columns)


@target("history-row", words=WORDS)
def history_row(data: bytes) -> None:
    """A row of History. What is read is written and read the same; both readers take the same rows."""
    columns = read_row(data)
    if columns is None:
        return
    is_sentinel(columns)
    try:
        row = history_rows.decode(columns)
    except DurahubError:
        return
    _, stored = stored_event(columns)
    assert stored.event == row.event
    written = from_odata(to_odata(history_rows.encode(row, "an-instance", DTFX_2_9)))
    assert history_rows.decode(written).event.type == row.event.type


@target("instance-row", words=WORDS)
def instance_row(data: bytes) -> None:
    """A row of Instances, and the answers that clients of .NET would get of it."""
    columns = read_row(data)
    if columns is None:
        return
    is_of_hub(columns, "hub")
    shows_functions(columns)
    row = instance_rows.decode(columns, "etag")
    told = stored_instance(columns, row, input_text=row.instance.input, output_text=None)
    answer = instance_answer(told)
    extension_answer(told, answer.get("history") or ())
    json.dumps(answer)


@target("partition-row", words=(*WORDS, b"CurrentOwner", b"ExpiresAt", b"IsDraining"))
def partition_row(data: bytes) -> None:
    """A row of Partitions: a lease. What is read is written and read the same."""
    columns = read_row(data)
    if columns is not None:
        row = table.decode(columns, "e")
        assert table.decode(from_odata(to_odata(table.encode(row))), "e").partition == row.partition


@target(
    "sentinel-column", words=(*JSON, b'{"execution":"e","tasks":"0-4,7","anchor":"a"}', b"0-999999")
)
def sentinel_column(data: bytes) -> None:
    """The columns of a sentinel that are ours: activities without message, and messages consumed."""
    text = clean_text_of(data)
    guard = {"PartitionKey": "p", "RowKey": "sentinel", "ExecutionId": "e", unposted.COLUMN: text}
    found = unposted.decode(guard)
    if found is not None and len(found.tasks) < unposted.MOST:
        again = unposted.decode({**guard, unposted.COLUMN: unposted.encode(found)})
        assert again == found


@target("sentinel-consumed", words=JSON)
def sentinel_consumed(data: bytes) -> None:
    """The keys of consumed messages in a sentinel; what is none, says nothing."""
    guard = Row({history_table.CONSUMED: clean_text_of(data)}, "etag")
    history_table._listed(guard, history_table.CONSUMED)


@target("partition-key", words=(b"^", b"^^", b"^0", b"\x7f", b"\xc2\x80"))
def partition_key(data: bytes) -> None:
    """A partition key, and an instance ID: what is escaped is unescaped to itself."""
    text = clean_text_of(data)
    assert unescape(escape(text)) == text
    assert not set(escape(text)) & set("/\\#?")
    assert literal(text).count("'") % 2 == 0
    unescape(text)


@target("table-answer", words=(b"HTTP/1.1 204", b"ETag: ", b'"code":"', b"\r\n\r\n", b"<code>"))
def table_answer(data: bytes) -> None:
    """The answer to a transaction, several in one body: the ETags, or why it failed."""
    found = table_batch.decode(data)
    assert isinstance(found, table_batch.Failed) or found


@target("odata-continuation", words=(b"WyJhIiwgbnVsbF0=", b"W1tb", b"=", b"-_"))
def odata_continuation(data: bytes) -> None:
    """The token of a page of a classic hub. One that is taken is written and read the same."""
    found = decode_token(text_of(data))
    again = encode_token(found)
    assert again is not None
    assert decode_token(again) == found


@target("json-text", words=JSON)
def json_text_(data: bytes) -> None:
    """JSON as Newtonsoft writes it. What is read is written and read the same; both writers agree."""
    try:
        value = json_text.read(clean_text_of(data))
    except ValueError:
        return
    written = json_text.write(value)
    again = json_text.read(written)
    assert written == json_text.write(again)
    assert (
        json_text.read(json_text.write_plain(value)) == again
        or "NaN" in written
        or "Infinity" in written
    )

"""Requests as texts: what is signed, what a transaction looks like, what is counted as what."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic import table_batch, tables
from durahub.classic.connection import Endpoints
from durahub.classic.request_counts import RequestCounter, kind
from durahub.classic.signing import shared_key_lite_text, shared_key_text
from durahub.classic.table_batch import Failed


def test_what_is_signed_for_a_queue_has_headers_path_and_query_in_order() -> None:
    text = shared_key_text(
        "shop",
        "POST",
        "/shop/q/messages",
        "visibilitytimeout=60&messagettl=-1",
        {"Content-Length": "12", "x-ms-version": "2023-11-03", "x-ms-date": "D", "Accept": "a"},
    )
    assert text.split("\n") == [
        *("POST", "", "", "12", "", "", "", "", "", "", "", ""),
        "x-ms-date:D",
        "x-ms-version:2023-11-03",
        "/shop/shop/q/messages",
        "messagettl:-1",
        "visibilitytimeout:60",
    ]


def test_an_empty_body_is_signed_without_a_length() -> None:
    text = shared_key_text("shop", "PUT", "/q", "", {"Content-Length": "0"})
    assert text.split("\n")[3] == ""


def test_what_is_signed_for_a_table_is_the_date_and_the_encoded_path() -> None:
    path = "/T(PartitionKey='%5E0',RowKey='')"
    assert shared_key_lite_text("shop", path, "D") == f"D\n/shop{path}"


@pytest.mark.parametrize(
    ("service", "method", "rest", "expected"),
    [
        ("queue", "POST", "q/messages?visibilitytimeout=0", "put"),
        ("queue", "GET", "q/messages?numofmessages=32", "get"),
        ("queue", "GET", "q/messages?peekonly=true", "peek"),
        ("queue", "PUT", "q/messages/id?popreceipt=x", "update"),
        ("queue", "DELETE", "q/messages/id?popreceipt=x", "delete"),
        ("queue", "PUT", "q", "create"),
        ("queue", "DELETE", "q", "delete-queue"),
        ("queue", "GET", "q?comp=metadata", "properties"),
        ("queue", "GET", "?comp=list", "list"),
        ("table", "POST", "$batch", "transaction"),
        ("table", "POST", "Tables", "create"),
        ("table", "GET", "Tables?$top=1", "list"),
        ("table", "DELETE", "Tables('T')", "delete-table"),
        ("table", "POST", "T", "insert"),
        ("table", "GET", "T()?$filter=a", "query"),
        ("table", "GET", "T(PartitionKey='a',RowKey='')", "get"),
        ("table", "PUT", "T(PartitionKey='a',RowKey='')", "replace"),
        ("table", "PATCH", "T(PartitionKey='a',RowKey='')", "merge"),
        ("table", "DELETE", "T(PartitionKey='a',RowKey='')", "delete"),
        ("blob", "PUT", "c?restype=container", "create"),
        ("blob", "GET", "c?restype=container&comp=list", "list"),
        ("blob", "PUT", "c?restype=container&comp=lease", "lease"),
        ("blob", "DELETE", "c?restype=container", "delete-container"),
        ("blob", "PUT", "c/a/b.gz", "put"),
        ("blob", "GET", "c/a/b.gz", "get"),
        ("blob", "HEAD", "c/a/b.gz", "properties"),
        ("blob", "DELETE", "c/a/b.gz", "delete"),
    ],
)
def test_a_request_is_counted_as_what_it_does(
    service: str, method: str, rest: str, expected: str
) -> None:
    assert kind(service, method, rest) == expected


def test_requests_are_counted_by_the_service_they_go_to() -> None:
    counter = RequestCounter(Endpoints("http://h:1/a", "http://h:2/a", "http://h:3/a"))
    counter.count("POST", "http://h:2/a/q/messages")
    counter.count("POST", "http://h:2/a/q/messages")
    counter.count("GET", "http://h:1/a/c/b")
    counter.count("GET", "http://elsewhere/")
    assert counter.snapshot() == {("queue", "put"): 2, ("blob", "get"): 1, ("other", "get"): 1}


def test_a_transaction_is_one_request_an_operation() -> None:
    operations = [
        tables.put({"PartitionKey": "o'7", "RowKey": "0", "N": 1}),
        tables.merge({"PartitionKey": "o'7", "RowKey": "sentinel"}, 'W/"e"'),
    ]
    _, body = table_batch.encode("http://h/a", "T", operations, tables.dumps)
    first, second = body.decode().split("--changeset_durahub\r\n")[1:]
    assert "PUT http://h/a/T(PartitionKey='o%27%277',RowKey='0') HTTP/1.1" in first
    assert "If-Match" not in first
    assert '{"PartitionKey":"o\'7","RowKey":"0","N":1}' in first
    assert "MERGE http://h/a/T(PartitionKey='o%27%277',RowKey='sentinel') HTTP/1.1" in second
    assert 'If-Match: W/"e"' in second


ANSWER = """--batchresponse_1\r
Content-Type: multipart/mixed; boundary=changesetresponse_1\r
\r
--changesetresponse_1\r
Content-Type: application/http\r
Content-Transfer-Encoding: binary\r
\r
{parts}--changesetresponse_1--\r
--batchresponse_1--\r
"""


def answer(*parts: str) -> bytes:
    return ANSWER.format(parts="\r\n".join(parts)).encode()


def test_the_etags_of_a_transaction_come_in_order() -> None:
    done = 'HTTP/1.1 204 No Content\r\nDataServiceVersion: 1.0;\r\nETag: W/"{}"\r\n\r\n'
    body = answer(done.format("first"), "HTTP/1.1 204 No Content\r\n\r\n", done.format("last"))
    assert table_batch.decode(body) == ['W/"first"', "", 'W/"last"']


@pytest.mark.parametrize(
    "text",
    [
        '{"odata.error":{"code":"UpdateConditionNotSatisfied","message":{"value":"0:no"}}}',
        "<error><code>UpdateConditionNotSatisfied</code><message>0:no</message></error>",
    ],
)
def test_a_failed_transaction_tells_its_status_and_code(text: str) -> None:
    body = answer(f"HTTP/1.1 412 Precondition Failed\r\nContent-Type: x\r\n\r\n{text}\r\n")
    assert table_batch.decode(body) == Failed(412, "UpdateConditionNotSatisfied")


def test_an_answer_without_parts_is_a_failure() -> None:
    assert isinstance(table_batch.decode(b"--x--"), Failed)


@given(st.text())
def test_any_text_can_be_written_as_json(text: str) -> None:
    assert json.loads(tables.dumps({"a": text})) == {"a": text}


@given(st.text())
def test_a_literal_ends_where_it_should(text: str) -> None:
    written = tables.literal(text)
    assert written[1:-1].replace("''", "'") == text
    assert written[1:-1].count("'") % 2 == 0

"""Connection strings of the scheduler protocol and ``dts:`` addresses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.edge.connection import (
    AUTHENTICATIONS,
    OPTIONS,
    ConnectionString,
    from_address,
    parse,
)
from durahub.errors import BadAddress, BadConnectionString

LOCAL = "Endpoint=http://localhost:8080;TaskHub=default;Authentication=None"

values = st.text("abcXYZ019-_./=:", min_size=1, max_size=12)
connections = st.builds(
    ConnectionString,
    endpoint=st.sampled_from(["http://localhost:8080", "https://s.westus.durabletask.io"]),
    task_hub=values,
    authentication=st.sampled_from(AUTHENTICATIONS),
    options=st.dictionaries(st.sampled_from(OPTIONS), values, max_size=3),
)


@given(connections)
def test_what_is_written_is_read_again(connection: ConnectionString) -> None:
    assert parse(str(connection), "test") == connection


def test_the_canonical_string_is_the_one_that_every_sdk_accepts() -> None:
    assert str(ConnectionString("http://localhost:8080")) == LOCAL


@pytest.mark.parametrize(
    "text",
    [
        LOCAL,
        LOCAL + ";",
        " endpoint = http://localhost:8080 ; TASKHUB=default;; authentication=none",
        "Authentication=None;Endpoint=http://localhost:8080/",
    ],
)
def test_order_case_and_blanks_do_not_matter(text: str) -> None:
    assert parse(text, "test") == ConnectionString(endpoint="http://localhost:8080")


def test_a_key_ends_at_the_first_equals_sign() -> None:
    text = LOCAL + ";TokenFilePath=/a=b"
    assert parse(text, "test").options == {"TokenFilePath": "/a=b"}


@pytest.mark.parametrize(
    ("endpoint", "secure", "target"),
    [
        ("http://localhost:8080", False, "localhost:8080"),
        ("http://hub", False, "hub:80"),
        ("https://s.westus.durabletask.io", True, "s.westus.durabletask.io:443"),
        ("s.westus.durabletask.io", True, "s.westus.durabletask.io:443"),
        ("http://[::1]:8080", False, "[::1]:8080"),
    ],
)
def test_the_scheme_decides_about_tls(endpoint: str, secure: bool, target: str) -> None:
    connection = parse(f"Endpoint={endpoint};Authentication=None", "test")
    assert (connection.secure, connection.target) == (secure, target)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "Endpoint is missing"),
        ("Endpoint=http://a;TaskHub=h", "Authentication is missing"),
        ("Endpoint=http://a;Authentication=Password", "none of None, DefaultAzure"),
        ("Endpoint=http://a;endpoint=http://b;Authentication=None", "Endpoint is there twice"),
        ("Endpoint;Authentication=None", "each part must be"),
        ("Endpoint=;Authentication=None", "each part must be"),
        ("Endpoint=ftp://a;Authentication=None", "http:// or https://"),
        ("Endpoint=http://a:70000;Authentication=None", "below 65536"),
        ("Endpoint=http://a/path;Authentication=None", "nothing else"),
        ("Endpoint=http://;Authentication=None", "nothing else"),
    ],
)
def test_a_string_that_no_sdk_accepts_is_refused(text: str, problem: str) -> None:
    with pytest.raises(BadConnectionString, match=problem):
        parse(text, "test")


def test_a_storage_connection_string_is_refused_without_showing_its_key() -> None:
    storage = "DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=c2VjcmV0"
    with pytest.raises(BadConnectionString) as refused:
        parse(storage, "DURAHUB_SOURCE")
    assert "DURAHUB_SOURCE" in str(refused.value)
    assert "c2VjcmV0" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "endpoint", "hub"),
    [
        ("dts:http://localhost:8080/default", "http://localhost:8080", "default"),
        ("dts:localhost:8080/orders", "http://localhost:8080", "orders"),
        ("dts:https://s.durabletask.io/orders", "https://s.durabletask.io", "orders"),
        ("dts:s.durabletask.io/orders", "https://s.durabletask.io", "orders"),
    ],
)
def test_an_address_names_endpoint_and_hub(address: str, endpoint: str, hub: str) -> None:
    assert from_address(address) == ConnectionString(endpoint=endpoint, task_hub=hub)


@pytest.mark.parametrize(
    "address",
    [
        "dts:",
        "dts:localhost:8080",
        "dts:http://",
        "dts:/orders",
        "dts:ftp://a/b",
        "dts:a/b/c",
        "a/b",
    ],
)
def test_an_address_of_another_form_is_refused(address: str) -> None:
    with pytest.raises(BadAddress):
        from_address(address)

"""Connection strings: every form is understood, and none is ever shown."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.classic.account import Account
from durahub.classic.connection import AccountKey, Endpoints, SharedAccess, parse
from durahub.errors import BadConnectionString

KEY = "c2VjcmV0c2VjcmV0"
WHERE = "the environment variable STORAGE"


def test_the_emulator_is_at_its_usual_ports() -> None:
    found = parse("UseDevelopmentStorage=true", WHERE)
    assert found.endpoints == Endpoints(
        "http://127.0.0.1:10000/devstoreaccount1",
        "http://127.0.0.1:10001/devstoreaccount1",
        "http://127.0.0.1:10002/devstoreaccount1",
    )
    assert isinstance(found.access, AccountKey)


def test_an_account_in_azure_is_found_by_its_name_and_suffix() -> None:
    text = f"DefaultEndpointsProtocol=https;AccountName=shop;AccountKey={KEY};EndpointSuffix=core.x"
    found = parse(text, WHERE)
    assert found.account == "shop"
    assert found.endpoints.table == "https://shop.table.core.x"
    assert found.access == AccountKey("shop", KEY)


def test_endpoints_of_ones_own_win_and_lose_their_slash() -> None:
    text = f"AccountName=shop;AccountKey={KEY};QueueEndpoint=http://host:1/shop/;"
    found = parse(text, WHERE)
    assert found.endpoints.queue == "http://host:1/shop"
    assert found.endpoints.blob == "https://shop.blob.core.windows.net"


def test_a_signature_needs_no_account_name() -> None:
    text = (
        "BlobEndpoint=https://a.blob.x;QueueEndpoint=https://a.queue.x;"
        "TableEndpoint=https://a.table.x;SharedAccessSignature=?sv=1&sig=a%3D"
    )
    found = parse(text, WHERE)
    assert found.access == SharedAccess("sv=1&sig=a%3D")
    assert found.account == "a.queue.x"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "empty"),
        ("nonsense", "Name=Value"),
        (f"AccountKey={KEY}", "neither AccountName nor BlobEndpoint"),
        ("AccountName=shop", "neither AccountKey nor SharedAccessSignature"),
        ("AccountName=shop;AccountKey=!", "not Base64"),
        (f"AccountName=shop;AccountKey={KEY};QueueEndpoint=ftp://x", "QueueEndpoint"),
        (f"AccountName=shop;AccountKey={KEY};BlobEndpoint=http://x/?sig=1", "BlobEndpoint"),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_place_and_problem(text: str, problem: str) -> None:
    with pytest.raises(BadConnectionString, match=problem) as caught:
        parse(text, WHERE)
    assert WHERE in str(caught.value)


@given(st.text())
def test_no_text_is_ever_shown_or_crashes(text: str) -> None:
    secret = "AccountKey=" + KEY
    with pytest.raises(BadConnectionString) as caught:
        parse(f"{secret};{text.replace('=', '')}", WHERE)
    assert KEY not in str(caught.value)


def test_keys_and_signatures_are_in_no_representation() -> None:
    found = parse(f"AccountName=shop;AccountKey={KEY}", WHERE)
    assert KEY not in repr(found)
    assert "secret" not in repr(SharedAccess("sig=secret"))
    account = Account.from_connection_string(f"AccountName=shop;AccountKey={KEY}", WHERE)
    assert KEY not in repr(vars(account))

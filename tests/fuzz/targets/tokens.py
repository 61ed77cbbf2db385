"""Tokens that come back from callers: places in lists, completions, and the tokens of identity providers."""

import base64
import contextlib
import json
import re
from functools import cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec

from durahub.authorization import trust
from durahub.authorization.grant_text import rule_of
from durahub.authorization.loopback import is_safe
from durahub.authorization.presented import bearer_of
from durahub.authorization.static_tokens import Token, digest_of, find_token
from durahub.authorization.token_file import read_tokens
from durahub.authorization.token_lines import line_of, tokens_of
from durahub.dispatch.ended_pages import cursor_of, place_of
from durahub.edge.web.continuation import from_header, to_header
from durahub.edge.web.functions_keys import is_allowed
from durahub.errors import DurahubError
from durahub.model.ticks import Ticks
from durahub.scheduler.instance_queries import make_token, read_token
from durahub.scheduler.writes import parse_token
from durahub_migrate.monitor.querying.parsing import parse
from durahub_migrate.watching.index import cursor
from durahub_migrate.web.handlers.instances import sort_of
from durahub_migrate.web.who.oidc import Oidc, person_of, safe_back
from tests.fuzz.target import JSON, TIMES, clean_text_of, target, text_of
from tests.fuzz.targets.archives import scratch

NOW = Ticks(639_000_000_000_000_000)
BASE64 = (b"W1tb", b"WzEsImEiXQ==", b"bnVsbA", b"-_", b"=", b"e30")


@target("page-tokens", words=BASE64)
def page_tokens(data: bytes) -> None:
    """The tokens of pages of a scheduler's file, and of what has ended: taken ones are written the same."""
    text = text_of(data)
    found = place_of(text)
    assert place_of(cursor_of(found)) == found
    read_token(make_token(*read_token(text)))


@target("page-token", words=BASE64)
def page_token(data: bytes) -> None:
    """The token of a page of a scheduler's file: one that is taken is written and read the same."""
    found = read_token(text_of(data))
    assert read_token(make_token(*found)) == found


@target("completion-token", words=(b".", b"1.2"), may_raise=(ValueError,))
def completion_token(data: bytes) -> None:
    """The number of a history and its revision, which the store alone writes and reads."""
    parse_token(text_of(data))


@target("header-token", words=BASE64)
def header_token(data: bytes) -> None:
    """The continuation token in a header. One that is written is read the same."""
    text = clean_text_of(data)
    assert from_header(to_header(text)) == (text or None)
    from_header(text_of(data))


@target("list-cursor", words=(*BASE64, *JSON))
def list_cursor(data: bytes) -> None:
    """Where a page of the monitor's list ended."""
    query, sort = parse("is:active", NOW), sort_of("-created")
    place = cursor.Place(NOW, clean_text_of(data), "hub@here", "an-id")
    assert cursor.from_text(cursor.to_text(place, query, sort), query, sort).instance_id == "an-id"
    of = json.loads(base64.urlsafe_b64decode(cursor.to_text(place, query, sort) + "=="))[0]
    given = data.replace(b"OF", of.encode())
    cursor.from_text(base64.urlsafe_b64encode(given).decode().rstrip("="), query, sort)
    cursor.from_text(text_of(data), query, sort)


@target("access-key", words=(b"key",))
def access_key(data: bytes) -> None:
    """A key of Durable Functions, and a token of the monitor: nothing but the right one is taken."""
    text = clean_text_of(data)
    right = "k" * 40
    assert is_allowed(text, frozenset({right})) == (text == right)
    known = (Token("ci", digest_of(right)),)
    assert (find_token(text, known) is not None) == (text == right)


@cache
def key() -> tuple[ec.EllipticCurvePrivateKey, dict[str, Any]]:
    """Return a private key, and the set that its public half is in."""
    private = ec.generate_private_key(ec.SECP256R1())
    public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(private.public_key()))
    return private, {"keys": [{**public, "kid": "one", "alg": "ES256", "use": "sig"}]}


SCHEME = re.compile(r"\s*[a-z][a-z0-9+.-]*:", re.IGNORECASE | re.ASCII)
OIDC = Oidc(issuer="https://id.example", client_id="monitor", client_secret="s")
CLAIMS = (
    b'"iss":"https://id.example"',
    b'"aud":"monitor"',
    b'"nonce":"n"',
    b'"email_verified":false',
)
CLAIMS += (
    b'"exp":99999999999',
    b'"iat":1',
    b'"sub":"a"',
    b'"azp":',
    b'"groups":["a"]',
    b'"email":',
)


@target("id-token", words=(b"eyJhbGciOiJFUzI1NiJ9.", b".e30.", b"none", *BASE64))
def id_token(data: bytes) -> None:
    """An ID token as it comes: whatever it is, nobody gets in."""
    person_of(text_of(data), key()[1], OIDC, "n", NOW)
    raise AssertionError("somebody got in")


@target("id-claims", words=(*JSON, *CLAIMS))
def id_claims(data: bytes) -> None:
    """The claims of a token that is signed as it should be: what a provider says of somebody."""
    try:
        claims = json.loads(clean_text_of(data))
        token = jwt.encode(claims, key()[0], algorithm="ES256", headers={"kid": "one"})
    except (ValueError, TypeError, RecursionError, jwt.PyJWTError):
        return
    person = person_of(token, key()[1], OIDC, "n", NOW)
    assert isinstance(person.name, str)
    assert claims["iss"] == "https://id.example"
    assert claims["nonce"] == "n"


@target("login-back", words=(b"//", b"https://", b"\\", b"javascript:", b"@"))
def login_back(data: bytes) -> None:
    """Where a login leads back to: a page of ours, whatever was asked for."""
    found = safe_back(text_of(data))
    assert not found.startswith(("/", "\\"))
    assert SCHEME.match(found) is None


@target(
    "grants",
    words=(b"worker", b" on ", b" to ", b"app:", b"token:ci", b"certificate:CN=", b"*", b","),
)
def grants(data: bytes) -> None:
    """A grant as settings have it. `ValueError` says what was expected."""
    with contextlib.suppress(ValueError):
        rule = rule_of(clean_text_of(data))
        assert rule.grants
        assert rule.to.name == rule.to.name.strip()


@target("authorization-header", words=(b"Bearer ", b"bearer", b"Basic ", b"\n", b"  "))
def authorization_header(data: bytes) -> None:
    """The header ``authorization``, one value a line: several are never taken for one."""
    values = text_of(data).split("\n")
    found = bearer_of(values)
    assert found.malformed == (found.bearer is None)
    assert len(values) == 1 or found.malformed


TENANT = "00000000-0000-0000-0000-000000000000"
TRUST = trust.Trust(trust.issuers_of_tenant(TENANT))


@target("access-token", words=(b"eyJhbGciOiJFUzI1NiIsImtpZCI6Im9uZSJ9.", b"e30", *BASE64))
def access_token(data: bytes) -> None:
    """A bearer token as it comes, and as a header and claims that nobody signed: nobody gets in."""
    jwk = key()[1]["keys"][0]
    header, _, claims = data.partition(b"\n")
    made = b".".join(base64.urlsafe_b64encode(one).rstrip(b"=") for one in (header, claims, b"s"))
    for token in (text_of(data), made.decode()):
        with contextlib.suppress(DurahubError):
            claimed = trust.unverified(token, TRUST)
            trust.verified(token, claimed, trust.key_of(jwk, claimed.algorithm), TRUST, 1e9)
            raise AssertionError("somebody got in")


@target("access-claims", words=(*JSON, *CLAIMS, b'"tid":', b'"oid":', b'"scp":', b'"roles":["a"]'))
def access_claims(data: bytes) -> None:
    """The claims of a token that is signed as it should be: who counts is named, was meant, and in time."""
    try:
        claims = json.loads(clean_text_of(data))
        token = jwt.encode(claims, key()[0], algorithm="ES256", headers={"kid": "one"})
    except (ValueError, TypeError, RecursionError, jwt.PyJWTError):
        return
    claimed = trust.unverified(token, TRUST)
    jwk = key()[1]["keys"][0]
    found = trust.verified(token, claimed, trust.key_of(jwk, claimed.algorithm), TRUST, 1e9)
    assert trust.identities_of(found, claimed.issuer)
    assert found["exp"] > 1e9 - TRUST.skew
    assert TENANT in found["iss"]


@target(
    "key-address", words=(b"https://", b"http://localhost", b"http://127.0.0.1:1/", b"[::1]", b"@")
)
def key_address(data: bytes) -> None:
    """The address of a provider's keys: without TLS it is on this machine."""
    text = text_of(data)
    assert not is_safe(text) or text.strip().lower().startswith(("https:", "http:"))


@target(
    "token-lines",
    words=(*TIMES, b" sha256:", b"0" * 64, b"#", b"\r", b"2027-01-31", b"\xe2\x80\xa8"),
)
def token_lines(data: bytes) -> None:
    """A file of static tokens. What is read is written, and read the same."""
    with scratch() as folder:
        file = folder / "tokens"
        file.touch(0o600)
        file.write_bytes(data)
        found = read_tokens(file)
    assert tokens_of("".join(f"{line_of(one)}\n" for one in found)) == found

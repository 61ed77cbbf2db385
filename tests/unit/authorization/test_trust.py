"""Tokens of identity providers: what they are checked for, and how keys are kept."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from durahub.authorization.bearer import BearerTokens
from durahub.authorization.grant_text import rule_of
from durahub.authorization.key_fetching import ProviderKeys
from durahub.authorization.key_sets import PAUSE, STALE
from durahub.authorization.loopback import is_safe
from durahub.authorization.presented import Presented, bearer_of
from durahub.authorization.principals import Principal
from durahub.authorization.trust import Trust, issuers_of_tenant, unverified
from durahub.errors import LoginUnavailable, NotAuthenticated
from durahub.model.ticks import Ticks, from_unix, later
from tests.security.authorization.identity_provider import TENANT, IdentityProvider

TRUST = Trust(issuers_of_tenant(TENANT))
RULES = (rule_of("reader on orders to object:somebody"),)


class Door:
    """The way in of an identity provider, with clocks that can be put forward."""

    def __init__(self, provider: IdentityProvider | None = None) -> None:
        self.provider = provider or IdentityProvider()
        self.passed = 0.0
        self.keys = ProviderKeys(self.provider.fetch, lambda: self.passed)
        self.way = BearerTokens(TRUST, self.keys, RULES, self.now)
        self._start = time.time()

    def now(self) -> Ticks:
        return later(from_unix(int(self._start)), self.passed)

    async def let_in(self, token: str) -> Principal | None:
        return await self.way.principal(Presented(token))

    async def reason(self, token: str) -> str:
        with pytest.raises(NotAuthenticated) as refused:
            await self.let_in(token)
        assert token not in str(refused.value)
        return refused.value.reason


async def test_a_token_is_checked_once_and_remembered_until_it_expires() -> None:
    door = Door()
    token = door.provider.token()
    first = await door.let_in(token)
    asked = list(door.provider.asked)
    assert first is not None
    assert first.grants
    assert await door.let_in(token) is first
    assert door.provider.asked == asked

    door.passed = 3600 + 301
    assert await door.reason(token) == "expired"


async def test_clocks_may_differ_by_the_skew() -> None:
    door = Door()
    now = time.time()
    assert await door.let_in(door.provider.token(exp=now - 200)) is not None
    assert await door.let_in(door.provider.token(nbf=now + 200, iat=now + 200)) is not None
    assert await door.reason(door.provider.token(exp=now - 400)) == "expired"
    assert await door.reason(door.provider.token(nbf=now + 400)) == "early"


async def test_a_new_key_is_fetched_when_a_token_names_it_but_not_for_every_unknown_one() -> None:
    door = Door()
    await door.let_in(door.provider.token())
    door.provider.add_key("new", door.provider.stranger)
    token = door.provider.token(key_id="new")
    assert await door.reason(token) == "key"  # asked for a moment ago
    asked = len(door.provider.asked)

    door.passed = PAUSE
    assert await door.let_in(token) is not None
    assert len(door.provider.asked) == asked + 2


async def test_while_the_provider_is_down_known_keys_go_on_counting() -> None:
    door = Door()
    await door.let_in(door.provider.token())
    door.provider.down = True
    door.passed = STALE

    later_token = door.provider.token(exp=time.time() + STALE + 3600)
    assert await door.let_in(later_token) is not None
    await door.keys.close()


async def test_a_key_that_is_withdrawn_counts_no_more_after_a_while() -> None:
    door = Door()
    ends = time.time() + 2 * STALE
    await door.let_in(door.provider.token(exp=ends))
    token = door.provider.token(key_id="ec", exp=ends)
    door.provider.remove_key("ec")
    door.passed = STALE
    assert await door.let_in(door.provider.token(exp=ends, jti="a")) is not None  # refreshes
    for task in list(door.keys._refreshing.values()):
        await task

    assert await door.reason(token) == "key"


async def test_a_provider_that_was_never_reached_is_unavailable_and_nobody_is_let_in() -> None:
    door = Door()
    door.provider.down = True
    with pytest.raises(LoginUnavailable):
        await door.let_in(door.provider.token())


async def test_a_configuration_of_another_issuer_is_not_believed() -> None:
    door = Door()
    door.provider.issuer = "https://login.example.com/v2.0"
    with pytest.raises(LoginUnavailable):
        await door.let_in(door.provider.token(iss=f"https://sts.windows.net/{TENANT}/"))


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://login.example.com/keys", True),
        ("http://login.example.com/keys", False),
        ("http://127.0.0.1:9000/keys", True),
        ("http://localhost.example.com/keys", False),
        ("file:///keys", False),
        ("https:///keys", False),
        ("None", False),
    ],
)
def test_keys_are_fetched_over_tls_or_from_this_machine(url: str, safe: bool) -> None:
    assert is_safe(url) is safe


@given(st.text(alphabet="abcXYZ019-_.=\u00e9", max_size=60))
def test_what_is_no_token_is_refused_and_never_anything_else(text: str) -> None:
    with pytest.raises(NotAuthenticated):
        unverified(text, TRUST)


@pytest.mark.parametrize(
    "values", [["Basic x"], ["Bearer"], ["Bearer "], ["Bearer a", "Bearer b"], [""], ["x"]]
)
def test_what_is_no_single_bearer_token_is_malformed(values: list[str]) -> None:
    assert bearer_of(values) == Presented(malformed=True)


@pytest.mark.parametrize("values", [["Bearer a"], ["bearer   a "], ["BEARER a"]])
def test_the_scheme_is_read_in_any_case(values: list[str]) -> None:
    assert bearer_of(values) == Presented("a")


@pytest.mark.parametrize(
    "text",
    [
        "owner on orders to token:ci",
        "reader on to token:ci",
        "reader on orders to ci",
        "reader on or ders to token:ci",
        "reader on [a] to token:ci",
        "reader orders token:ci",
        "",
    ],
)
def test_what_is_no_grant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="ROLE on HUB"):
        rule_of(text)


def test_patterns_of_hubs_do_not_regard_case() -> None:
    rule: Any = rule_of("reader on Orders-*,billing to app:AB-C")
    assert str(rule.to) == "app:ab-c"
    assert [grant.covers("ORDERS-eu") for grant in rule.grants] == [True, False]
    assert [grant.covers("billing2") for grant in rule.grants] == [False, False]

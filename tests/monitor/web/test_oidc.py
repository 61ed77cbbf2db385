"""Logging in at an identity provider: a real one over HTTP, with keys of its own."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.applications import Starlette

from durahub.dispatch.clock import system_clock
from durahub.model.ticks import Ticks, later
from durahub_migrate.web.application import application
from durahub_migrate.web.parts import Parts
from durahub_migrate.web.settings import WebSettings
from durahub_migrate.web.who.granting import Rule
from durahub_migrate.web.who.logins import Logins
from durahub_migrate.web.who.oidc import Oidc, safe_back
from tests.monitor.web.browsing import HERE, Browser
from tests.monitor.web.identity_provider import CLIENT, IdentityProvider, new_key, serving
from tests.monitor.web.watched import two_hubs

ANNA = {"email": "anna@example.com", "email_verified": True, "groups": ["ops"]}
RULES = (
    Rule(users=frozenset({"anna@example.com"}), hubs=("orders@*",)),
    Rule(groups=frozenset({"ops"}), hubs=("payments@*",), allows=frozenset({"act"})),
)


class Now:
    """A clock that can be put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> Ticks:
        return later(system_clock(), self.ahead)


def app_of(provider: IdentityProvider, now: Now, **more: Any) -> Starlette:
    oidc = Oidc(issuer=provider.issuer, client_id=CLIENT, **more)
    return application(
        two_hubs()[2],
        WebSettings(hosts=("ops.example.com",)),
        logins=Logins(rules=RULES),
        parts=Parts(oidc=oidc),
        clock=now,
    )


async def log_in(browser: Browser, back: str = "") -> httpx.Response:
    """Go where the browser is sent: to the provider, and back."""
    begun = await browser.get("/login", params={"back": back} if back else {})
    assert begun.status_code == 302, begun.text
    async with httpx.AsyncClient(timeout=60) as outside:
        returned = await outside.get(begun.headers["location"])
    return await browser.get(returned.headers["location"])


async def test_who_logs_in_may_what_his_name_and_his_groups_are_granted() -> None:
    async with (
        serving(IdentityProvider(ANNA)) as provider,
        Browser(app_of(provider, Now())) as browser,
    ):
        before = await browser.json("/api/session")
        refused = await browser.get("/api/hubs")
        ended = await log_in(browser, "instances?q=status%3AFailed")
        session = await browser.start()

    assert (before["user"], before["login"]) == (None, "login")
    assert (refused.status_code, refused.json()["login"]) == (401, "login")
    assert ended.status_code == 303
    assert ended.headers["location"] == f"{HERE}/instances?q=status%3AFailed"
    assert session["user"] == {"name": "anna@example.com", "via": "oidc"}
    assert session["may"]["orders@local"] == ["read"]
    assert "suspend" in session["may"]["payments@local"]
    assert session["logout"] == "logout"


async def test_a_provider_that_sends_us_elsewhere_is_not_followed() -> None:
    async with (
        serving(IdentityProvider(ANNA)) as other,
        serving(IdentityProvider(ANNA, elsewhere=other.issuer)) as provider,
        Browser(app_of(provider, Now(), client_secret="the-client's-secret")) as browser,
    ):
        ended = await log_in(browser)

    assert ended.status_code == 502
    assert "307" in ended.text
    assert other.asked == []


async def test_cookies_of_a_login_are_kept_from_scripts_and_other_sites() -> None:
    async with (
        serving(IdentityProvider(ANNA)) as provider,
        Browser(app_of(provider, Now())) as browser,
    ):
        ended = await log_in(browser)

    cookie = next(c for c in ended.headers.get_list("set-cookie") if "session" in c).casefold()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


async def test_a_session_ends_in_time_and_by_logging_out() -> None:
    now = Now()
    async with (
        serving(IdentityProvider(ANNA)) as provider,
        Browser(app_of(provider, now, session=60.0)) as browser,
    ):
        await log_in(browser)
        inside = await browser.get("/api/hubs")
        now.ahead = 61
        late = await browser.get("/api/hubs")
        now.ahead = 0
        await browser.start()
        forged = await browser.post("/logout", headers={"x-durahub-csrf": "no"})
        out = await browser.post("/logout")
        behind = await browser.get("/api/hubs")

    assert inside.status_code == 200
    assert (late.status_code, late.json()["sentence"]) == (
        401,
        "not logged in: the session has ended",
    )
    assert (forged.status_code, out.status_code, behind.status_code) == (403, 200, 401)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"nonce": "of another"}, "belongs to another login"),
        ({"aud": "somebody-else"}, "cannot be trusted"),
        ({"iss": "https://evil.example"}, "cannot be trusted"),
        ({"exp": 1}, "has expired"),
        ({"iat": 4_000_000_000, "exp": 4_000_000_300}, "of the future"),
        ({"azp": "another-client"}, "another client"),
        ({"sub": None, "email": None}, "cannot be trusted"),
    ],
)
async def test_a_token_that_is_not_for_us_lets_nobody_in(change: Any, says: str) -> None:
    async with (
        serving(IdentityProvider(ANNA, change)) as provider,
        Browser(app_of(provider, Now())) as browser,
    ):
        ended = await log_in(browser)
        behind = await browser.get("/api/hubs")

    assert ended.status_code == 502
    assert says in ended.text
    assert behind.status_code == 401


async def test_a_token_signed_by_a_foreign_key_or_a_shared_secret_lets_nobody_in() -> None:
    foreign = IdentityProvider(ANNA, published=new_key("one", 1))
    unknown = IdentityProvider(ANNA, published=new_key("two"))
    shared = IdentityProvider(ANNA, algorithm="HS256")
    for given in (foreign, unknown, shared):
        async with serving(given) as provider, Browser(app_of(provider, Now())) as browser:
            assert (await log_in(browser)).status_code == 502
            assert (await browser.get("/api/hubs")).status_code == 401


async def test_new_keys_of_the_provider_are_fetched() -> None:
    async with (
        serving(IdentityProvider(ANNA)) as provider,
        Browser(app_of(provider, Now())) as browser,
    ):
        await log_in(browser)
        provider.key = new_key("two")
        ended = await log_in(browser)

    assert ended.status_code == 303
    assert provider.asked == ["token", "keys", "token", "keys"]


async def test_a_login_comes_back_once_and_to_the_browser_that_began_it() -> None:
    async with serving(IdentityProvider(ANNA)) as provider:
        app = app_of(provider, Now())
        async with Browser(app) as anna, Browser(app) as other:
            begun = await anna.get("/login")
            async with httpx.AsyncClient(timeout=60) as outside:
                returned = await outside.get(begun.headers["location"])
            stolen = await other.get(returned.headers["location"])
            first = await anna.get(returned.headers["location"])
            again = await anna.get(returned.headers["location"])

    assert [one.status_code for one in (stolen, first, again)] == [502, 303, 502]
    assert "another browser" in stolen.text


async def test_a_login_that_takes_too_long_is_begun_anew() -> None:
    now = Now()
    async with serving(IdentityProvider(ANNA)) as provider, Browser(app_of(provider, now)) as anna:
        begun = await anna.get("/login")
        async with httpx.AsyncClient(timeout=60) as outside:
            returned = await outside.get(begun.headers["location"])
        now.ahead = 601
        assert (await anna.get(returned.headers["location"])).status_code == 502


async def test_what_the_provider_refuses_is_told_as_text() -> None:
    async with (
        serving(IdentityProvider(ANNA, refuses="<script>alert(1)</script>")) as provider,
        Browser(app_of(provider, Now())) as browser,
    ):
        ended = await log_in(browser)

    assert "&lt;script&gt;" in ended.text
    assert "<script>" not in ended.text


async def test_a_provider_that_does_not_answer_is_told() -> None:
    provider = IdentityProvider(ANNA, issuer="http://127.0.0.1:9")
    async with Browser(app_of(provider, Now())) as browser:
        answer = await browser.get("/login")

    assert answer.status_code == 502
    assert "DH514" in answer.text


async def test_an_address_that_nobody_has_confirmed_names_nobody() -> None:
    person = {**ANNA, "email_verified": False, "preferred_username": "mallory"}
    async with (
        serving(IdentityProvider(person)) as provider,
        Browser(app_of(provider, Now())) as browser,
    ):
        await log_in(browser)
        session = await browser.json("/api/session")

    assert session["user"]["name"] == "mallory"


async def test_groups_may_stand_in_an_object() -> None:
    person = {"email": "x@y", "realm_access": {"roles": ["ops"]}}
    async with (
        serving(IdentityProvider(person)) as provider,
        Browser(app_of(provider, Now(), groups_claims=("realm_access.roles",))) as browser,
    ):
        await log_in(browser)
        session = await browser.json("/api/session")

    assert list(session["may"]) == ["payments@local"]


async def test_nothing_secret_stands_in_the_address_that_the_browser_is_sent_to() -> None:
    async with (
        serving(IdentityProvider(ANNA)) as provider,
        Browser(app_of(provider, Now(), client_secret="hunter2")) as browser,
    ):
        begun = await browser.get("/login")

    query = parse_qs(urlsplit(begun.headers["location"]).query)
    assert "hunter2" not in begun.headers["location"]
    assert set(query) == {
        "response_type",
        "client_id",
        "redirect_uri",
        "scope",
        "state",
        "nonce",
        "code_challenge",
        "code_challenge_method",
    }


@pytest.mark.parametrize(
    "back",
    ["https://evil.example", "//evil.example", "/\\evil", "\\\\evil", "javascript:x", "a\nb", "/x"],
)
def test_a_login_leads_back_to_a_page_of_ours_alone(back: str) -> None:
    assert safe_back(back) == ""
    assert safe_back("hubs/orders%40local?tab=why") == "hubs/orders%40local?tab=why"
